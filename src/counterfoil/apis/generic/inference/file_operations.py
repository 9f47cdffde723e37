"""Finds the operations that upload a file, in a multipart form or as the request body, and those that download it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.apis.generic.documented_responses import DocumentedResponse, is_json
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.envelopes import member_place
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.roles import Roles
from counterfoil.apis.generic.names import letters, stem_of, word_set, words
from counterfoil.apis.generic.paths import Path, read_path
from counterfoil.apis.generic.schemas import SchemaReader
from counterfoil.media_types import FORMS, MULTIPART, is_xml, without_parameters

Json = Any

CONTENT = word_set(
    "content contents download raw file data body media binary bytes blob original stream source attachment document"
)
"""Path segments for the file of a member: ``/files/{id}/content``."""
WRITES = frozenset(["create", "replace", "update", "action", "write_one"])


def takes_file(reader: SchemaReader, operation: Mapping[str, Json]) -> bool:
    """Whether the request body can be a file, or a multipart form with a file."""
    return any(
        _is_opaque(kind) or (without_parameters(kind) == MULTIPART and bool(_file_fields(reader, media)))
        for kind, media in _content(operation).items()
    )


def gives_file(reader: SchemaReader, answer: DocumentedResponse) -> bool:
    """Whether a response is a file: not JSON, XML or a form; or a JSON string, as some documents describe files."""
    if answer.media_type is None:
        return False
    if is_text(reader, answer):
        return True
    return _is_opaque(answer.media_type) or ("*" in answer.media_type and _is_binary(reader, answer.schema))


def is_text(reader: SchemaReader, answer: DocumentedResponse) -> bool:
    """Whether a response is a single JSON string."""
    plain = answer.is_json and "*" not in (answer.media_type or "*") and reader.types(answer.schema) == {"string"}
    return plain and "enum" not in reader.merged(answer.schema)


def _content(operation: Mapping[str, Json]) -> Mapping[str, Json]:
    body = operation.get("requestBody")
    content = body.get("content") if isinstance(body, dict) else None
    return content if isinstance(content, dict) else {}


def _is_opaque(kind: str) -> bool:
    return not is_json(kind) and not is_xml(kind) and without_parameters(kind) not in FORMS


def _file_fields(reader: SchemaReader, media: Json) -> list[str]:
    schema = media.get("schema") if isinstance(media, dict) else None
    return [name for name, each in reader.properties(schema).items() if _is_binary(reader, each)]


def _is_binary(reader: SchemaReader, schema: Json) -> bool:
    merged = reader.merged(schema)
    if reader.is_array(schema):
        return _is_binary(reader, reader.items(schema))
    return merged.get("format") == "binary" or merged.get("type") == "file" or "contentMediaType" in merged


def downloads(roles: Roles, found: Mapping[str, InferredRole]) -> Iterator[tuple[str, InferredRole]]:
    """The operations that download a member's uploaded file, and those that upload it to a path below the member."""
    uploads: dict[str, list[str]] = {}
    created = dict(_created(roles, found))
    yield from created.items()
    for name, each in {**found, **created}.items():
        if each.role in WRITES and each.draft is not None and takes_file(roles.reader, roles.operations[name]):
            uploads.setdefault(each.draft.path.key, []).append(name)
    for name in found if uploads else ():
        method, _, text = name.partition(" ")
        if method != "GET" or not gives_file(roles.reader, roles.collections.answer(name)):
            continue
        path = read_path(text)
        owner, is_member = _owner(roles, path, uploads)
        if owner is None:
            continue
        by = uploads[owner.path.key][0]
        role = InferredRole("download", owner, reason=f"its response is the file that {by} uploads", confidence=0.8)
        role.key = roles.collections.alternates.get(text, (owner, ()))[1]
        yield name, role
        for own in uploads.get(path.key, ()) if is_member and path.key != owner.path.key else ():
            nouns = (owner.noun, stem_of(owner.parameter))
            at, why, _ = member_place(roles.reader, roles.collections.answer(own).schema, nouns, owner.parameter)
            yield (
                own,
                InferredRole("action", owner, at, reason=f"it uploads the file of a member; {why}", confidence=0.8),
            )


def _created(roles: Roles, found: Mapping[str, InferredRole]) -> Iterator[tuple[str, InferredRole]]:
    """The POST operations that upload a file and respond with a member, or a list of members: they create it."""
    for name, each in found.items():
        if each.role not in ("list", "made_up") or not name.startswith("POST "):
            continue
        path = read_path(name.partition(" ")[2])
        if path.ends_in_parameter or not takes_file(roles.reader, roles.operations[name]):
            continue
        shown = roles.collections.shown_by(name, path)
        if shown is None or shown[0].single or len(path.parameters) != len(shown[0].path.parameters):
            continue
        draft, at, inner, kind = shown
        place = (*at, 0, *inner) if kind == "list" else at
        reason = f"it uploads a file, and its response shows a member of {draft.path.text}"
        yield name, InferredRole("create", draft, place, reason=reason, confidence=0.7)


def _owner(roles: Roles, path: Path, uploads: Mapping[str, list[str]]) -> tuple[CollectionDraft | None, bool]:
    """The collection or single resource with an uploaded file at a path, if any; and whether it is a collection."""
    member = path if path.ends_in_parameter else path.parent()
    draft = roles.drafts.get(member.parent().key) if member.ends_in_parameter else None
    by = uploads.get(draft.path.key, []) if draft is not None and not draft.single else []
    if by and (path.ends_in_parameter or letters(path.last) in CONTENT | _nouns(roles, by)):
        return draft, True
    own = roles.drafts.get(path.key)
    return (own, False) if own is not None and own.single and own.path.key in uploads else (None, False)


def _nouns(roles: Roles, names: list[str]) -> set[str]:
    """Names of the file in upload operations: ``image`` in ``/pets/{id}/uploadImage``, and names of a form's file fields."""
    found: set[str] = set()
    for name in names:
        last = words(read_path(name.partition(" ")[2]).last)
        found |= {last[-1]} if len(last) > 1 else set()
        for media in _content(roles.operations[name]).values():
            found |= {letters(each) for each in _file_fields(roles.reader, media)}
    return found
