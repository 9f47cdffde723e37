"""Finds fields with the URL of the member itself (``href``, ``links.self``), and writes the stand-in's own URL there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from counterfoil.api import Request, Response
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.handlers.read_handlers import text
from counterfoil.apis.generic.inference.embedded_members import RELATIONSHIPS
from counterfoil.apis.generic.model import Collection, Operation, Place
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.paths import read_path
from counterfoil.apis.generic.places import at, replaced
from counterfoil.json_schema.validators import Validator
from counterfoil.openapi.path_templates import PARAMETER

Json = Any

SELF = frozenset(["self", "selflink", "selfurl", "selfuri", "selfhref"])
"""Names that always mean the member's own URL."""
MAYBE = frozenset(["href", "url", "uri", "link", "resourceurl", "resourceuri", "apiurl", "apiuri"])
"""Names that mean the member's own URL only if the document's example fits the member's path."""
GROUPS = frozenset(["links", "link", "meta", "metadata"])
FORMATS = (None, "uri", "url", "uri-reference", "iri", "iri-reference")
INSIDE = ("href", "url", "uri")
MAX_PLACES = 12
Link = tuple[Place, Literal["url", "host", "api"], str, Validator]
ROLES = frozenset(["list", "read", "create", "replace", "update", "action"])


class OwnLinks:
    """The links of one document's members to themselves."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._paths: dict[str, str] = {}
        for name, operation in document.model.operations.items():
            if operation.role == "read" and name.startswith("GET ") and not (operation.first or operation.linkage):
                self._paths.setdefault(operation.collection, name.partition(" ")[2])
        self._places: dict[str, list[Link]] = {}

    def applies(self, operation: Operation) -> bool:
        """Whether the operation's responses have such a link."""
        return operation.role in ROLES and bool(self.places(operation.collection))

    def linked(self, operation: Operation, request: Request, response: Response) -> Response:
        """The response with the URL of each member that it shows."""
        found = at(response.body, operation.at) if isinstance(response.body, dict | list) else None
        if response.status >= 300 or found is None:
            return response
        collection = self.document.collection(operation)
        parents = [str(each) for each in list(request.path.values())[: len(collection.parents)]]
        if operation.role == "list" and isinstance(found, list):
            new: Json = [
                replaced(each, operation.each, self._member(collection, at(each, operation.each), parents, request))
                for each in found
            ]
        else:
            new = self._member(collection, found, parents, request)
        body = replaced(response.body, operation.at, new)
        return Response(response.status, body, response.headers, response.media_type)

    def _member(self, collection: Collection, value: Json, parents: list[str], request: Request) -> Json:
        path = self._path(collection, value, parents)
        if path is None:
            return value
        before = {"url": f"{request.origin}{request.base}", "host": request.base, "api": ""}
        for place, form, further, checks in self.places(collection.path):
            url = f"{before[form]}{path}{further}"
            if isinstance(at(value, place), str) and checks.is_valid(url):
                value = replaced(value, place, url)
        return value

    def _path(self, collection: Collection, value: Json, parents: list[str]) -> str | None:
        """The path at which a member is read; None if the response does not have its id."""
        if not isinstance(value, dict) or not collection.id:
            return None
        own = [at(value, (name,)) for name in collection.parts] or [at(value, collection.id)]
        if any(each is None or isinstance(each, dict | list) for each in own) or len(parents) != len(
            collection.parents
        ):
            return None
        template = self._paths[collection.path]
        ids = iter(quote(each, safe="") for each in [*parents, *map(text, own)])
        return PARAMETER.sub(lambda found: next(ids, found[0]), template)

    # --- finding the fields ----------------------------------------------------------------------

    def places(self, path: str) -> list[Link]:
        """The link fields of a collection's members: the place, what comes before and after the path, and the validator."""
        known = self._places.get(path)
        if known is None:
            known = self._places[path] = list(self._found(path))[:MAX_PLACES]
        return known

    def _found(self, path: str) -> Iterator[Link]:
        template = self._paths.get(path)
        collection = self.document.model.collections.get(path)
        if template is None or collection is None or not collection.id:
            return
        if template.count("{") != len(collection.parents) + max(1, len(collection.parts)):
            return
        for place, schema, is_self in self._candidates(collection):
            if str(place[0]) not in collection.server_owned or place == collection.id:
                continue
            shown = self._examples(collection, place, schema)
            base = None if is_self else [each for each in self.document.spec.base_path.split("/") if each]
            if shown and not any(_fits(each, template, base) for each in shown):
                continue  # it is a link to something else
            if not shown and not is_self:
                continue
            yield place, self._form(shown, template), "", self.document.schemas.validator(schema, "response")
        yield from self._of_relationships(collection, template)

    def _of_relationships(self, collection: Collection, template: str) -> Iterator[Link]:
        """The links of JSON:API's relationships: to the relationship, and to what it refers to, if they have such paths."""
        reader, member = self.document.reader, read_path(template).key
        known = (read_path(name.partition(" ")[2]) for name in self.document.spec.operations if name.startswith("GET "))
        below = [each.key.removeprefix(member) for each in known if each.key.startswith(f"{member}/")]
        for name, relation in reader.properties(self.document.properties(collection).get(RELATIONSHIPS, {})).items():
            links = reader.properties(reader.properties(relation).get("links", {}))
            for link, step in (("self", f"/{RELATIONSHIPS}/"), ("related", "/")):
                further = next((each for each in below if letters(each) == letters(step + name)), None)
                if further is not None and "string" in reader.types(links.get(link, {})):
                    checks = self.document.schemas.validator(links[link], "response")
                    yield (RELATIONSHIPS, name, "links", link), "url", further, checks

    def _form(self, examples: list[str], template: str) -> Literal["url", "host", "api"]:
        """What comes before the member's path: a whole URL, the path that the API is served at, or nothing."""
        relative = next((each for each in examples if each.startswith("/") and not each.startswith("//")), None)
        if relative is None:
            return "url"
        return "host" if relative.count("/") > template.count("/") else "api"

    def _candidates(self, collection: Collection) -> Iterator[tuple[Place, Json, bool]]:
        """Fields with the name of a link to the member, and whether the name alone is enough."""
        reader = self.document.reader
        for name, schema in self.document.properties(collection).items():
            key = letters(name)
            if key in SELF | MAYBE:
                yield from self._link((name,), schema, key in SELF or key == "href")
            elif key in GROUPS:
                for inner, each in reader.properties(schema).items():
                    if letters(inner) in SELF:
                        yield from self._link((name, inner), each, True)

    def _link(self, place: Place, schema: Json, is_self: bool) -> Iterator[tuple[Place, Json, bool]]:
        """The place of the URL: the link itself, or ``href`` and the like inside it."""
        reader = self.document.reader
        types = reader.types(schema)
        if "string" in types:
            yield place, schema, is_self and reader.merged(schema).get("format") in FORMATS
            return
        for name, each in reader.properties(schema).items():
            if letters(name) in INSIDE and "string" in reader.types(each):
                yield (*place, name), each, is_self

    def _examples(self, collection: Collection, place: Place, schema: Json) -> list[str]:
        """The document's examples for a place: those of the field, of the member, and of responses."""
        reader = self.document.reader
        shown = list(reader.examples(schema))
        shown += [at(each, place) for each in reader.examples(self.document.entity(collection))]
        for operation in self.document.model.operations.values():
            if operation.collection == collection.path and operation.role in ROLES:
                inside = (*operation.at, 0, *operation.each) if operation.role == "list" else operation.at
                examples = self.document.examples(self.document.answer(operation.name))
                shown += [at(value, (*inside, *place)) for _, value in examples]
        return [each for each in shown if isinstance(each, str) and each]


def _fits(example: str, template: str, base: list[str] | None) -> bool:
    """Whether the path of a URL ends like a member's path; if ``base`` is given, only ``base`` or nothing may come before."""
    try:
        parts = [each for each in urlsplit(example).path.split("/") if each]
    except ValueError:
        return False
    wanted = [each for each in template.split("/") if each]
    if len(parts) < len(wanted) or not any("{" not in each for each in wanted):
        return False
    if base is not None and parts[: -len(wanted)] not in ([], base):
        return False
    pairs = zip(parts[-len(wanted) :], wanted, strict=True)
    return all("{" in template_part or template_part.lower() == part.lower() for part, template_part in pairs)
