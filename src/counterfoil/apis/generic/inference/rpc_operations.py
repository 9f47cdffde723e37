"""Finds RPC-style operations, with a verb in the path: ``/customers.create``, ``/customers/create``, ``/createCustomer``.

Operations with the same noun are one resource. It is a collection if the response of one operation shows a member, and the
requests of the others have the member's id. The verb then gives the role that method and path give in other documents.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from counterfoil.apis.generic.documented_responses import DocumentedResponse, request_schema
from counterfoil.apis.generic.inference.envelopes import body_place, list_place, member_place
from counterfoil.apis.generic.inference.identity import identity
from counterfoil.apis.generic.inference.relations import READS, VERBS, is_verb
from counterfoil.apis.generic.model import Place, Role
from counterfoil.apis.generic.names import letters, singular, word_set, words
from counterfoil.apis.generic.paths import Path, Segment, read_path
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

KINDS: Mapping[str, Role] = {
    **dict.fromkeys(word_set("list index all search query"), "list"),
    **dict.fromkeys(READS, "read"),
    **dict.fromkeys(word_set("create add new insert register"), "create"),
    **dict.fromkeys(word_set("update edit modify patch change"), "update"),
    **dict.fromkeys(word_set("replace put"), "replace"),
    **dict.fromkeys(word_set("delete remove destroy"), "delete"),
}
METHODS: Mapping[str, tuple[Role, ...]] = {
    "GET": ("list", "read"),
    "DELETE": ("delete",),
    "PUT": ("create", "update", "replace"),
    "PATCH": ("update",),
}
"""The roles that each method may have; POST may have any."""
QUALIFIERS = word_set(
    "all any batch bulk detail details entry info item items many more multiple new one record records single"
)
"""Words after a verb that say how many members it means, or what of them, and name nothing else."""
_DOTTED = re.compile(r"[.:]")
MIN_OPERATIONS = 2
"""A resource without an operation that reads a member is a collection only if it has this many operations."""


@dataclass(frozen=True)
class RpcOperation:
    """One operation with a verb in its path; ``id_at`` or ``id_query`` is the place of the member's id in the request."""

    name: str
    noun: str
    verb: str
    kind: Role
    id_at: Place = ()
    id_query: str = ""
    id_name: str = ""


@dataclass
class RpcResource:
    """The operations with one noun below one path. ``entity`` is a member's schema, ``source`` the operation that shows it."""

    path: Path
    operations: list[RpcOperation] = field(default_factory=list)
    entity: Json = None
    source: str = ""
    id: Place = ()
    why: list[tuple[str, str, str, float]] = field(default_factory=list)


def split_rpc_path(path: Path) -> tuple[Path, str, str, str] | None:
    """The path above an operation, its noun, its verb and their style; None if the path names no verb."""
    if not path.segments or path.parameters:
        return None
    last = path.last
    parts = [each for each in _DOTTED.split(last) if each]
    if len(parts) > 1:
        return path.parent(), "/".join(parts[:-1]), parts[-1], "dotted"
    parts_of_name = words(last)
    if len(parts_of_name) > 1 and (parts_of_name[0] in KINDS or parts_of_name[0] in VERBS):
        noun = re.sub(r"^[^A-Za-z0-9]+", "", last[len(parts_of_name[0]) :])
        return path.parent(), noun[:1].lower() + noun[1:], parts_of_name[0], "spoken"
    if len(parts_of_name) == 1 and (parts_of_name[0] in KINDS or is_verb(last)) and len(path.segments) > 1:
        return path.parent(2), path.parent().last, parts_of_name[0], "below"
    return None


def changes_a_member(segment: str) -> bool:
    """Whether a path segment has a dot and a verb that changes or deletes a member that exists: ``users.update``."""
    name, _, verb = segment.rpartition(".")
    return bool(name) and KINDS.get((words(verb) or [""])[0]) in ("update", "replace", "delete")


def rpc_resources(
    operations: Mapping[str, Json], answers: Mapping[str, DocumentedResponse], reader: SchemaReader
) -> list[RpcResource]:
    """The resources that are collections."""
    grouped: dict[str, RpcResource] = {}
    styles: dict[str, set[str]] = {}
    for name in operations:
        method, _, text = name.partition(" ")
        found = split_rpc_path(read_path(text)) if method in ("POST", "GET", "PUT", "PATCH", "DELETE") else None
        if found is None:
            continue
        before, noun, verb, style = found
        kind = _kind(words(verb), noun, style, answers[name], reader)
        if kind is None or kind not in METHODS.get(method, (kind,)):
            continue
        key = before.key + "/" + "/".join(singular(each) for each in noun.split("/"))
        path = _joined(before, noun)
        resource = grouped.setdefault(key, RpcResource(path))
        if len(path.text) > len(resource.path.text):
            resource.path = path  # the plural, where one is written
        resource.operations.append(RpcOperation(name, noun, verb, kind))
        styles.setdefault(key, set()).add(style)
    for resource in grouped.values():
        _describe_resource(resource, operations, answers, reader)
    return [each for key, each in grouped.items() if _is_collection(each, styles[key])]


def _kind(verb: Sequence[str], noun: str, style: str, answer: DocumentedResponse, reader: SchemaReader) -> Role | None:
    """The role of an operation by the words of its verb; None if it has none.

    ``collections.remove_user`` removes something of a collection, not the collection: it is an action of it. So is any other
    word after a dot, unless the response is a list: then ``_describe_resource`` sees whether it is a list of members.
    """
    first = verb[0] if verb else ""
    last = noun.rpartition("/")[2]
    kind = KINDS.get(first)
    if kind is None:
        if is_verb(first):
            return "action"
        if style != "dotted" or not verb:
            return None
        return "list" if _lists_objects(answer, last, reader) else "action"
    if kind in ("create", "delete", "list", "read") and style == "dotted" and has_another_object(verb[1:], last):
        return "action" if kind in ("create", "delete") else None
    if kind in ("list", "read"):
        has_list = _lists_objects(answer, last, reader)
        if kind == "list":
            return "list" if has_list else None
        return "list" if has_list and singular(last) != letters(last) else "read"
    return kind


def _lists_objects(answer: DocumentedResponse, noun: str, reader: SchemaReader) -> bool:
    """Whether a response is a list of objects, not one object with an id and a list beside it."""
    listed = list_place(reader, answer.schema, noun) if answer.is_json else None
    if listed is None or not reader.is_object(reader.member(answer.schema, (*listed[0], 0))):
        return False
    place, _, _ = member_place(reader, answer.schema, (noun,))
    if not place or not reader.is_object(reader.member(answer.schema, place[:1])):
        return True
    return identity(reader, reader.member(answer.schema, place), "", noun) is None


def has_another_object(words_after: Sequence[str], noun: str) -> bool:
    """Whether the words after a verb name something else than the members: ``remove_user`` does, ``remove_permanently``,
    ``get_by_id``, and for files ``remove_file`` do not."""
    named = [*itertools.takewhile(lambda word: word not in ("by", "for", "from", "in", "with"), words_after)]
    others = [word for word in named if word not in QUALIFIERS and not word.endswith("ly")]
    return bool(others) and singular(others[-1]) != singular(noun)


def _joined(before: Path, noun: str) -> Path:
    segments = (*before.segments, *(Segment(each, "") for each in noun.split("/")))
    return Path("/" + "/".join(each.text for each in segments), segments)


def _is_collection(resource: RpcResource, styles: set[str]) -> bool:
    """Whether the usable operations of a resource are enough for a collection."""
    kinds = {each.kind for each in resource.operations}
    if resource.entity is None or not resource.id or not kinds & {"read", "list", "create"}:
        return False
    if styles == {"below"}:  # ``/customers/search`` next to ``/customers/{id}`` gets its role from its path
        return "create" in kinds and bool(kinds & {"read", "list"})
    return len(resource.operations) >= MIN_OPERATIONS or "read" in kinds


def _describe_resource(
    resource: RpcResource,
    operations: Mapping[str, Json],
    answers: Mapping[str, DocumentedResponse],
    reader: SchemaReader,
) -> None:
    """Find the schema of a member, its id, and the operations that have the id in the request."""
    _find_entity(resource, answers, reader)
    if resource.entity is None:
        return
    usable = []
    for call in resource.operations:
        if call.kind == "create" or (call.kind == "list" and _lists_members(call, resource, answers, reader)):
            usable.append(call)
        elif call.kind == "list":
            continue
        elif (named := _id_of(call, operations[call.name], resource, reader)) is not None:
            usable.append(named)
    resource.operations = usable
    parameter = next((each.id_name for each in usable if each.id_name), "")
    found = identity(reader, resource.entity, parameter, resource.path.noun)
    if found is not None:
        resource.id = found[0]
        resource.why.append(("identity", ".".join(map(str, found[0])), found[1], min(found[2], 0.9)))


def _find_entity(resource: RpcResource, answers: Mapping[str, DocumentedResponse], reader: SchemaReader) -> None:
    """Find the schema of a member in the response of an operation: of a read, else a list, else a write."""
    order: dict[Role, int] = {"read": 0, "list": 1, "create": 2, "update": 3, "replace": 3}
    noun = resource.path.noun
    for call in sorted(resource.operations, key=lambda each: order.get(each.kind, 9)):
        answer = answers[call.name]
        if call.kind not in order or not answer.is_json:
            continue
        listed = list_place(reader, answer.schema, noun) if call.kind == "list" else None
        base = (*listed[0], 0) if listed is not None else ()
        place, why, sure = member_place(reader, reader.member(answer.schema, base), (noun,))
        entity = reader.member(answer.schema, (*base, *place))
        if entity is not None and reader.properties(entity):
            resource.entity, resource.source = entity, call.name
            resource.why.append(("entity", call.name, f"the response of {call.name}; {why}", sure))
            return


def _lists_members(
    call: RpcOperation, resource: RpcResource, answers: Mapping[str, DocumentedResponse], reader: SchemaReader
) -> bool:
    """Whether a list is one of members: its verb says so, or half of the fields of its items are those of a member."""
    if words(call.verb)[0] in KINDS:
        return True
    answer, noun = answers[call.name], resource.path.noun
    listed = list_place(reader, answer.schema, noun)
    item = reader.member(answer.schema, (*listed[0], 0)) if listed is not None else None
    place, _, _ = member_place(reader, item, (noun,))
    fields = reader.properties(reader.member(item, place)).keys()
    return 2 * len(fields & reader.properties(resource.entity).keys()) >= max(1, len(fields))


def _id_of(
    call: RpcOperation, operation: Mapping[str, Json], resource: RpcResource, reader: SchemaReader
) -> RpcOperation | None:
    """The operation with the place of the member's id in its request; None if the request has no id."""
    noun = singular(resource.path.noun)
    queries = {
        each["name"]: each.get("schema", {})
        for each in operation.get("parameters") or ()
        if each.get("in") == "query" and isinstance(each.get("name"), str)
    }
    schema = request_schema(operation)
    place, _ = body_place(reader, schema, (resource.path.noun,)) if schema is not None else ((), "")
    inside = reader.properties(reader.member(schema, place)) if schema is not None else {}
    beside = reader.properties(schema) if schema is not None and place else {}
    for wanted in _id_names(noun, (*inside, *beside, *queries)):
        for members in (inside, beside):
            if wanted in members and _is_plain(reader, members[wanted]):
                return RpcOperation(call.name, call.noun, call.verb, call.kind, id_at=(wanted,), id_name=wanted)
        if wanted in queries and _is_plain(reader, queries[wanted]):
            return RpcOperation(call.name, call.noun, call.verb, call.kind, id_query=wanted, id_name=wanted)
    return None


def _id_names(noun: str, names: Iterable[str]) -> list[str]:
    """Names that may hold the member's id, the likeliest first."""
    by_letters = {letters(name): name for name in names}
    usual = (
        "id",
        f"{noun}id",
        f"{noun}uuid",
        "uuid",
        "sid",
        "gid",
        f"{noun}sid",
        f"{noun}key",
        "key",
        noun,
        f"{noun}name",
    )
    return [by_letters[each] for each in usual if each in by_letters]


def _is_plain(reader: SchemaReader, schema: Json) -> bool:
    types = reader.types(schema)
    return not types or bool(types & {"string", "integer"})
