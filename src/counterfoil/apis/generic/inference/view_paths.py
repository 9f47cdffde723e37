"""Paths that show members of the collection above them, by their last segment: searches, orders and selections."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.envelopes import list_place, member_place
from counterfoil.apis.generic.inference.identity import LIKELY, identity
from counterfoil.apis.generic.inference.referred import reference_of
from counterfoil.apis.generic.names import word_set, words
from counterfoil.apis.generic.paths import Path, Segment, read_path
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

SEARCHES = word_set("search query find list lookup filter listall findall")
BULK = word_set("bulk batch many multiple multi mass all")
BATCH_READS = word_set("get read fetch retrieve lookup query list")
BY_IDS = word_set("mget multiget byids getbyids findbyids listbyids")
NEWEST = word_set("latest newest recent mostrecent last recentlyadded new")
OLDEST = word_set("oldest earliest first")
RANDOM = word_set("random sample shuffle shuffled")
TOP = word_set("top toprated popular mostpopular topselling trending best hot bestsellers bestselling mostviewed")
OWN = word_set("mine my own")
"""Segments for the caller's members; all members belong to the caller of a stand-in."""
_GROUP = re.compile(r"(?:v?\d[\w.]*|api)?", re.IGNORECASE)
"""A segment that does not name a collection: a version, or none."""
VIEWS = NEWEST | OLDEST | RANDOM | TOP | OWN | BULK


def is_search(segment: str) -> bool:
    """Whether a path segment names a search: ``search``, ``customers:query``, ``search-items``, ``batch-get``."""
    parts = words(segment.rpartition(":")[2])
    return bool(parts) and (parts[0] in SEARCHES or _is_batch_read(parts))


def _is_batch_read(parts: tuple[str, ...]) -> bool:
    """Whether these words of a segment mean to read the members with the ids that are sent: ``batch-get``, ``mget``."""
    return "".join(parts) in BY_IDS or (len(parts) > 1 and bool(BULK & {*parts}) and bool(BATCH_READS & {*parts}))


def without_search(path: Path) -> Path:
    """The path of the searched collection: ``/customers`` for ``/customers/search`` and for ``/customers:search``."""
    if ":" not in path.last:
        return path.parent()
    segments = (*path.parent().segments, Segment(path.last.rpartition(":")[0], ""))
    return Path("/" + "/".join(each.text for each in segments), segments)


def has_fields_of(reader: SchemaReader, schema: Json, draft: CollectionDraft) -> bool:
    """Whether a schema describes a collection's members: it has their id, and half of its fields or more are theirs."""
    members, known = reader.properties(schema) if schema is not None else {}, reader.properties(draft.entity)
    return draft.id[0] in members and 2 * len(members.keys() & known.keys()) >= len(members)


def lists_members_of(reader: SchemaReader, answer: DocumentedResponse, draft: CollectionDraft) -> bool:
    """Whether a response lists what has the fields of a collection's members, and is not one member that has such a list."""
    found = list_place(reader, answer.schema, draft.noun) if answer.is_json else None
    if found is None or draft.entity is None or not draft.id or has_fields_of(reader, answer.schema, draft):
        return False
    item = reader.member(answer.schema, (*found[0], 0))
    each, _, _ = member_place(reader, item, (draft.noun,), draft.parameter)
    return has_fields_of(reader, reader.member(item, each), draft)


def searched_collection(
    name: str, reader: SchemaReader, answer: Callable[[str], DocumentedResponse]
) -> CollectionDraft | None:
    """The collection that only a search lists, with its members as the search shows them; None if they have no id."""
    path = read_path(name.partition(" ")[2])
    above = without_search(path)
    if path.ends_in_parameter or not is_search(path.last) or above.ends_in_parameter or _GROUP.fullmatch(above.last):
        return None
    schema = answer(name).schema if answer(name).is_json else None
    found = list_place(reader, schema, above.noun)
    item = reader.member(schema, (*found[0], 0)) if found is not None else None
    if found is None or item is None or not reader.is_object(item):
        return None
    place, why, sure = member_place(reader, item, (above.noun,))
    entity = reader.member(item, place)
    id = identity(reader, entity, "", above.noun) if entity is not None else None
    if entity is None or id is None or id[2] < LIKELY:
        return None
    draft = CollectionDraft(above, entity=entity, source=reference_of(entity) or name, id=id[0])
    draft.note("entity", draft.source, f"an item of what {name} lists; {why}", min(sure, found[2], 0.6))
    draft.note("identity", ".".join(map(str, id[0])), id[1], min(id[2], 0.7))
    return draft
