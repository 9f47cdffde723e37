"""Composite ids: members identified by two or more path parameters (``/bays/{owner}/{bay}``), which are fields of a member.

The id of such a member is the values of these fields, joined with slashes as the ids of parents are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from counterfoil.apis.generic.inference.envelopes import list_place, member_place
from counterfoil.apis.generic.inference.identity import identity
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.paths import Path, read_path

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.found_collections import FoundCollections
    from counterfoil.apis.generic.model import Collection

Json = Any


def joined(values: Iterable[str]) -> str:
    """The id that joins the values of several fields."""
    return "/".join(each.replace("/", "%2F") for each in values)


def parts_of(id: str) -> list[str]:
    """The values of the fields; reverses ``joined``."""
    return [each.replace("%2F", "/") for each in id.split("/")]


def own_parents(collection: Collection, ids: list[str]) -> int:
    """How many of the ids before a member's last parameter are part of its own id."""
    return max(0, min(len(collection.parts) - 1, len(ids)))


def find_composites(collections: FoundCollections) -> None:
    """Make ``/bays`` and ``/bays/{owner}/{bay}`` one collection, if a bay has fields with the names of both parameters."""
    for text in collections.paths:
        path = read_path(text)
        length = _trailing_parameters(path)
        above = path.parent(length)
        if length < 2 or not above.segments or not _is_wanted(collections, path, above, length):
            continue
        fields = _fields(collections, text, path, length)
        if not fields:
            continue
        draft = collections.draft_at(above)
        if draft.items and draft.parts != fields:
            continue
        draft.parts = fields
        draft.items.append(path)
        draft.note("identity", "/".join(fields), f"{length} path parameters have the names of these fields", 0.8)
        for count in range(1, length):  # the paths in between belong to this collection, too
            between = path.parent(count)
            collections.drafts[between.key] = draft
            for written in collections.by_key.get(between.key, ()):
                names = between.parameters[-(length - count) :]
                scope = [(name, field, "") for name, field in zip(names, fields, strict=False)]
                collections.views[written.text] = draft, scope


def _trailing_parameters(path: Path) -> int:
    number = 0
    for segment in reversed(path.segments):
        if not segment.is_parameter or ":" in segment.text:
            break
        number += 1
    return number


def _is_wanted(collections: FoundCollections, path: Path, above: Path, length: int) -> bool:
    """Whether an operation at ``above``, or at a path between it and ``path``, lists or creates members, and no path in between
    is a member's."""
    is_listed = False
    for count in range(1, length + 1):
        for written in collections.by_key.get(path.parent(count).key, ()):
            methods = collections.paths[written.text]
            answer = collections.answer(f"GET {written.text}") if "get" in methods else None
            shows_list = answer is not None and list_place(collections.reader, answer.schema, above.noun) is not None
            if count < length and not shows_list and methods.keys() & {"get", "put", "patch", "delete"}:
                return False
            is_listed = is_listed or shows_list or "post" in methods
    return is_listed


def _fields(collections: FoundCollections, text: str, path: Path, length: int) -> tuple[str, ...]:
    """The fields with the names of the parameters, in their order; empty if a parameter has no such field."""
    answer = collections.answer(f"GET {text}") if "get" in collections.paths[text] else None
    if answer is None or not answer.is_json or answer.schema is None:
        return ()
    reader = collections.reader
    place, _, _ = member_place(reader, answer.schema, (path.noun,), path.segments[-1].parameter)
    entity = reader.member(answer.schema, place)
    members = {letters(name): name for name in reader.properties(entity)} if entity is not None else {}
    names: list[str] = []
    for segment in path.segments[-length:-1]:
        name = members.get(letters(segment.parameter), "")
        if not name or not reader.types(reader.properties(entity)[name]) & {"string", "integer"}:
            return ()
        names.append(name)
    last = identity(reader, entity, path.segments[-1].parameter, path.noun)
    return (*names, str(last[0][0])) if last is not None and len(last[0]) == 1 and last[0][0] not in names else ()


def fields_of(collection: Collection, id: str) -> Mapping[str, str]:
    """The values of the fields in a member's composite id."""
    return dict(zip(collection.parts, parts_of(id), strict=False))
