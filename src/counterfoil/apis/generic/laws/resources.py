"""The collections of a model as the laws see them: their operations by role, their lists, and how their paths are filled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import success_response
from counterfoil.apis.generic.laws.lists import list_of
from counterfoil.apis.generic.model import Collection, Operation, Place, Role
from counterfoil.apis.generic.places import at
from counterfoil.apis.generic.schemas import SchemaReader
from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import NotTried
from counterfoil.openapi.path_templates import PARAMETER

Json = Any
PARENTS_TRIED = 5
"""Of a parent's list so many members are looked at for one that has children."""
_VERSION = re.compile(r"v?\d[\w.]*|api", re.IGNORECASE)


@dataclass(frozen=True)
class Resource:
    """One collection of a model. ``name`` is unique in the document and stands in the ids of its laws."""

    name: str
    collection: Collection
    operations: Mapping[Role, Operation]
    items: ItemList | None
    document: Document

    def operation(self, role: Role) -> Operation | None:
        return self.operations.get(role)

    def definition(self, operation: Operation) -> Mapping[str, Json]:
        """The operation as the document has it."""
        found: Mapping[str, Json] = self.document.spec.operations[operation.name]
        return found

    @property
    def reader(self) -> SchemaReader:
        return self.document.reader

    def schema(self, operation: Operation) -> Json:
        """The schema of the member in the operation's answer; None if there is none."""
        answer = success_response(self.definition(operation), operation.name.partition(" ")[0])
        place = (*operation.at, 0, *operation.each) if operation.role == "list" else operation.at
        return None if answer.schema is None else self.reader.member(answer.schema, place)


def resources(document: Document) -> dict[str, Resource]:
    """Every collection of the document's model by its path."""
    model = document.model
    by_path: dict[str, dict[Role, Operation]] = {}
    for operation in model.operations.values():
        collection = model.collections.get(operation.collection)
        if collection is not None and not collection.parts and _can_be_called(operation, collection, document):
            by_path.setdefault(operation.collection, {}).setdefault(operation.role, operation)
    names = dict(_names(model.collections))
    return {
        path: Resource(
            names[path],
            collection,
            by_path.get(path, {}),
            _items_of(collection, by_path.get(path, {}).get("list"), document),
            document,
        )
        for path, collection in model.collections.items()
    }


def _items_of(collection: Collection, listing: Operation | None, document: Document) -> ItemList | None:
    """The list of a collection; None if there is none, or if it has plain values, which are no members."""
    if listing is None or listing.by_id:
        return None
    answer = success_response(document.spec.operations[listing.name], "GET")
    place = (*listing.at, 0, *listing.each)
    item = document.reader.member(answer.schema, place) if answer.schema is not None else None
    types = document.reader.types(item) - {"null"} if item is not None else set()
    return None if types and not types & {"object", "array"} else list_of(collection, listing, document)


def _can_be_called(operation: Operation, collection: Collection, document: Document) -> bool:
    """Whether the parents' ids and the member's own fill its path; a list is read with GET, as JSON, without cookies."""
    if operation.key or operation.name.startswith("HEAD "):  # the same member by another name, or without its body
        return False
    own = operation.role in ("read", "replace", "update", "delete", "action")
    if operation.name.count("{") != len(collection.parents) + own:
        return False
    definition = document.spec.operations[operation.name]
    cookies = any(each.get("required") and each.get("in") == "cookie" for each in definition.get("parameters") or ())
    is_json = document.answer(operation.name).is_json
    return operation.role != "list" or (operation.name.startswith("GET ") and is_json and not cookies)


def _names(paths: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """``/v1/customers/{id}/cards`` is called ``customers.cards``; a second one of that name gets a number."""
    used: dict[str, int] = {}
    for path in paths:
        words = [
            part for part in path.strip("/").split("/") if part and "{" not in part and not _VERSION.fullmatch(part)
        ]
        name = ".".join(re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-").lower() for word in words) or "root"
        used[name] = used.get(name, 0) + 1
        yield path, name if used[name] == 1 else f"{name}.{used[name]}"


def filled(operation: Operation, parents: Sequence[Json], id: Json = None) -> dict[str, Json]:
    """The operation's path parameters, in their order: the ids of the parents, then the member's own."""
    names = PARAMETER.findall(operation.name)
    return dict(zip(names, [*parents, *([] if id is None else [id])], strict=False))


def parents_of(ctx: LawContext, resource: Resource, all_resources: Mapping[str, Resource]) -> tuple[Json, ...]:
    """Ids for the path parameters before a collection, found at the target: of parents that have children, if any do.

    Raises ``NotTried`` where no operation lists a parent and no id was given with ``--known``.
    """
    ids: tuple[Json, ...] = ()
    asked = resource.operation("list") or next(iter(resource.operations.values()), None)
    for parent in resource.collection.parents:
        found = _members(ctx, parent.parameter, parent.collection, ids, all_resources)
        if asked is not None:
            found = [each for each in found if fits(resource, asked, len(ids))(each)]
            if not found:
                raise NotTried(f"no {parent.parameter} that is known is one that {asked.name} takes")
        is_last = parent is resource.collection.parents[-1]
        ids = (*ids, _with_children(ctx, resource, ids, found) if is_last else found[0])
    return ids


def _members(
    ctx: LawContext, parameter: str, path: str | None, ids: tuple[Json, ...], all_resources: Mapping[str, Resource]
) -> list[Json]:
    owner = all_resources.get(path or "")
    if owner is None or owner.items is None or not owner.collection.id:
        return list(ctx.known_ids(parameter))
    listed = at_parents(owner, ids)
    assert listed is not None
    found = listed.ids(listed.whole_list(ctx))
    if not found:
        raise NotTried(f"{owner.name} is empty, so no {parameter} is known")
    return found[:PARENTS_TRIED]


def _with_children(ctx: LawContext, resource: Resource, ids: tuple[Json, ...], candidates: Sequence[Json]) -> Json:
    for candidate in candidates if resource.items is not None else ():
        listed = at_parents(resource, (*ids, candidate))
        if listed is not None and listed.whole_list(ctx):
            return candidate
    return candidates[0]


def at_parents(resource: Resource, parents: Sequence[Json]) -> ItemList | None:
    """The list of a collection below these parents."""

    operation = resource.operation("list")
    if operation is None or resource.items is None:
        return None
    return replace(resource.items, path=filled(operation, parents))


def id_of(resource: Resource, member: Json) -> Json:
    """What identifies a member; None if it is not there."""
    return at(member, resource.collection.id) if resource.collection.id else None


def member_in(resource: Resource, body: Json, place: Place) -> Json:
    """The member that an answer has at a place, with the id that may stand beside it: ``{"id": 7, "result": {…}}``."""
    member, identity = at(body, place), resource.collection.id
    if isinstance(member, dict) and len(place) == len(identity) == 1 and at(member, identity) is None:
        beside = at(body, identity)
        if isinstance(beside, str | int):
            return {**member, identity[0]: beside}
    return member


def fits(resource: Resource, operation: Operation, position: int = -1) -> Callable[[Json], bool]:
    """Whether a value is an id that the operation's path takes, as its last parameter or that at another position."""
    name = PARAMETER.findall(operation.name)[position]
    for each in resource.definition(operation).get("parameters") or ():
        if each.get("in") == "path" and each.get("name") == name and each.get("schema"):
            valid: Callable[[Json], bool] = resource.document.schemas.validator(each["schema"], "request").is_valid
            return lambda value: any(map(valid, _as_in_a_path(value)))
    return lambda value: True


def _as_in_a_path(value: Json) -> Iterator[Json]:
    """An id as it may be read in a path, whose type may be another: ``"12"`` and 12 are one text there."""
    yield value
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:
        yield int(value)
    elif isinstance(value, int):
        yield str(value)
