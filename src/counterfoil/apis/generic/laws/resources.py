"""The collections of a model, as laws need them: their operations by role, their lists, and values for their paths."""

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
"""How many members of a parent collection are tried to find one that has children."""
_VERSION = re.compile(r"v?\d[\w.]*|api", re.IGNORECASE)


@dataclass(frozen=True)
class Resource:
    """One collection of a model. ``name`` is unique in the document and part of the ids of its laws."""

    name: str
    collection: Collection
    operations: Mapping[Role, Operation]
    items: ItemList | None
    document: Document

    def operation(self, role: Role) -> Operation | None:
        return self.operations.get(role)

    def definition(self, operation: Operation) -> Mapping[str, Json]:
        """The operation's object in the document."""
        found: Mapping[str, Json] = self.document.spec.operations[operation.name]
        return found

    @property
    def reader(self) -> SchemaReader:
        return self.document.reader

    def schema(self, operation: Operation) -> Json:
        """The schema of the member in the operation's response; None if there is none."""
        answer = success_response(self.definition(operation), operation.name.partition(" ")[0])
        place = (*operation.at, 0, *operation.each) if operation.role == "list" else operation.at
        return None if answer.schema is None else self.reader.member(answer.schema, place)


def resources(document: Document) -> dict[str, Resource]:
    """All collections of the document's model, by path."""
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
    """The list of a collection; None if there is none, if it is an object by id, or if its items are scalars."""
    if listing is None or listing.by_id:
        return None
    answer = success_response(document.spec.operations[listing.name], "GET")
    place = (*listing.at, 0, *listing.each)
    item = document.reader.member(answer.schema, place) if answer.schema is not None else None
    types = document.reader.types(item) - {"null"} if item is not None else set()
    return None if types and not types & {"object", "array"} else list_of(collection, listing, document)


def _can_be_called(operation: Operation, collection: Collection, document: Document) -> bool:
    """Whether laws can call an operation: its path needs only the parents' and the member's id; a list is a GET of JSON, with all
    members."""
    is_partial = operation.order or operation.where or operation.linkage  # a server may show only some members there
    if is_partial or operation.key or operation.one_by_one or operation.name.startswith("HEAD "):
        return False  # ``key``: another path of the same member; ``one_by_one``: its response has results
    own = operation.role in ("read", "replace", "update", "delete", "action")
    if operation.name.count("{") != len(collection.parents) + own:
        return False
    definition = document.spec.operations[operation.name]
    cookies = any(each.get("required") and each.get("in") == "cookie" for each in definition.get("parameters") or ())
    is_json = document.answer(operation.name).is_json
    return operation.role != "list" or (operation.name.startswith("GET ") and is_json and not cookies)


def _names(paths: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each path with its name: ``/v1/customers/{id}/cards`` is ``customers.cards``; a second path of that name gets a number."""
    used: dict[str, int] = {}
    for path in paths:
        words = [
            part for part in path.strip("/").split("/") if part and "{" not in part and not _VERSION.fullmatch(part)
        ]
        name = ".".join(re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-").lower() for word in words) or "root"
        used[name] = used.get(name, 0) + 1
        yield path, name if used[name] == 1 else f"{name}.{used[name]}"


def filled(operation: Operation, parents: Sequence[Json], id: Json = None) -> dict[str, Json]:
    """Values of the operation's path parameters, in their order: the ids of the parents, then the member's own."""
    names = PARAMETER.findall(operation.name)
    return dict(zip(names, [*parents, *([] if id is None else [id])], strict=False))


def member_path(resource: Resource) -> str | None:
    """The path of a resource's member, as the document writes it; None if no operation has it."""
    found = (resource.operation(role) for role in ("read", "update", "delete"))
    return next((each.name.partition(" ")[2] for each in found if each is not None), None)


def parents_of(ctx: LawContext, resource: Resource, all_resources: Mapping[str, Resource]) -> tuple[Json, ...]:
    """The ids of a collection's parents, found at the target; if possible, of a parent that has children.

    Raises ``NotTried`` if no operation lists a parent and no id was given with ``--known``.
    """
    ids: tuple[Json, ...] = ()
    asked = resource.operation("list") or next(iter(resource.operations.values()), None)
    for parent in resource.collection.parents:
        found = _members(ctx, parent.parameter, parent.collection, ids, all_resources)
        if asked is not None:
            found = [each for each in found if fits(resource, asked, len(ids))(each)]
            if not found:
                raise NotTried(f"no known {parent.parameter} is valid for {asked.name}")
        is_last = parent is resource.collection.parents[-1]
        ids = (*ids, _with_children(ctx, resource, ids, found) if is_last else found[0])
    return ids


def _members(
    ctx: LawContext, parameter: str, path: str | None, ids: tuple[Json, ...], all_resources: Mapping[str, Resource]
) -> list[Json]:
    owner = all_resources.get(path or "")
    if owner is None or not lists_ids(owner):
        return list(ctx.known_ids(parameter))
    listed = at_parents(owner, ids)
    assert listed is not None
    found = listed.ids(listed.whole_list(ctx))
    if not found:
        raise NotTried(f"{owner.name} is empty, so no {parameter} is known")
    return found[:PARENTS_TRIED]


def lists_ids(owner: Resource | None) -> bool:
    """Whether a collection has a list with ids; otherwise its ids are given with ``--known``."""
    return owner is not None and owner.items is not None and bool(owner.collection.id)


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
    """The id of a member; None if it has none."""
    return at(member, resource.collection.id) if resource.collection.id else None


def member_in(resource: Resource, body: Json, place: Place) -> Json:
    """The member at a place in a response, with an id that may be next to it: ``{"id": 7, "result": {…}}``."""
    member, identity = at(body, place), resource.collection.id
    if isinstance(member, dict) and len(place) == len(identity) == 1 and at(member, identity) is None:
        beside = at(body, identity)
        if isinstance(beside, str | int):
            return {**member, identity[0]: beside}
    return member


def fits(resource: Resource, operation: Operation, position: int = -1) -> Callable[[Json], bool]:
    """A function that tells whether a value is valid for a path parameter of the operation: the last, or another position."""
    name = PARAMETER.findall(operation.name)[position]
    for each in resource.definition(operation).get("parameters") or ():
        if each.get("in") == "path" and each.get("name") == name and each.get("schema"):
            valid: Callable[[Json], bool] = resource.document.schemas.validator(each["schema"], "request").is_valid
            return lambda value: any(map(valid, _as_in_a_path(value)))
    return lambda value: True


def _as_in_a_path(value: Json) -> Iterator[Json]:
    """The values of an id that have the same text in a path: ``"12"`` and 12."""
    yield value
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:
        yield int(value)
    elif isinstance(value, int):
        yield str(value)
