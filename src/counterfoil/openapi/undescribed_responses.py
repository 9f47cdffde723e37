"""Says what the responses of a resource show if the document describes only its requests: the fields that are sent, and an id.

Many generators of documents write no response bodies. The schema stands beside the document's response, which it does not make
narrower: anything stays valid there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from counterfoil import json_pointer
from counterfoil.media_types import FORMS, is_json_type, without_parameters
from counterfoil.openapi.example_schemas import BY_EXAMPLE, tells
from counterfoil.openapi.path_templates import PARAMETER

Json = Any

ASSUMED = "x-counterfoil-assumed"
"""The member of a response that has the schema assumed for its body."""
WRITES = ("post", "put", "patch")
SHOWING = ("get", *WRITES)
MAX_DEPTH = 8
_OWN = frozenset({"me", "self", "current"})
_VERBS = frozenset({"create", "add", "new", "store", "edit", "update", "show", "get", "view", "details", "list", "all"})
"""Segments that say what an operation does, not what it does it to: ``/cars/create``, ``/cars/edit/{id}``."""
_SECRET = re.compile(r"passw|secret|pwd", re.IGNORECASE)


@dataclass
class _Resource:
    """The operations of a collection: of all its members, and of one."""

    noun: str
    collection: list[tuple[str, Json]] = field(default_factory=list)
    member: list[tuple[str, Json]] = field(default_factory=list)
    parameter: str = ""

    @property
    def is_collection(self) -> bool:
        """Whether there are several members: they have paths of their own, or the noun is a plural and nothing changes it."""
        changes = {method for method, _ in self.collection} & {"put", "patch", "delete"}
        return bool(self.member) or (self.noun.endswith("s") and not changes)


def describe_by_requests(document: Mapping[str, Json]) -> None:
    """Put the assumed schema into each response of a resource none of whose GETs describes a body. ``document`` is a view,
    which is changed."""
    for resource in _resources(document):
        reads = [each for method, each in (*resource.collection, *resource.member) if method == "get"]
        if not reads or any(_is_described(document, each) for each in reads):
            continue
        fields = _fields(document, resource)
        if not fields or _letters(resource.noun) in map(_letters, fields):  # there, requests wrap or list members
            continue
        if resource.is_collection:
            fields = {**_identity(resource, fields), **fields}
        member = {"type": "object", "properties": fields}
        for method, operation in resource.collection:
            if method == "get" and resource.is_collection:
                _assume(document, operation, {"type": "array", "items": member})
            elif method in SHOWING and (method == "post" or not resource.is_collection):
                _assume(document, operation, member)
        for method, operation in resource.member:
            if method in SHOWING:
                _assume(document, operation, member)


def _resources(document: Mapping[str, Json]) -> Iterator[_Resource]:
    """The resources whose paths say that they are collections, or look like one."""
    found: dict[str, _Resource] = {}
    for path, item in (document.get("paths") or {}).items():
        segments = [each for each in path.split("/") if each]
        is_member = bool(segments) and (bool(PARAMETER.findall(segments[-1])) or segments[-1].lower() in _OWN)
        above = segments[:-1] if is_member else segments
        if len(above) > 1 and above[-1].lower() in _VERBS:
            above = above[:-1]
        if not above or PARAMETER.findall(above[-1]):
            continue
        key = "/".join(PARAMETER.sub("{}", each) for each in above)
        resource = found.setdefault(key, _Resource(above[-1].lower()))
        operations = [(method, each) for method, each in item.items() if isinstance(each, dict)]
        (resource.member if is_member else resource.collection).extend(operations)
        if is_member and segments[-1].lower() not in _OWN:
            resource.parameter = resource.parameter or PARAMETER.findall(segments[-1])[-1]
    yield from found.values()


def _is_described(document: Mapping[str, Json], operation: Json) -> bool:
    """Whether a success response of an operation says something about its body."""
    for _, response in _successes(document, operation):
        for media in (response.get("content") or {}).values():
            if isinstance(media, dict) and (BY_EXAMPLE in media or tells(media.get("schema"))):
                return True
    return False


def _successes(document: Mapping[str, Json], operation: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    responses = operation.get("responses") or {}
    names = [each for each in responses if str(each).startswith("2")] or [
        each for each in responses if each == "default"
    ]
    for name in names:
        response = responses[name]
        if isinstance(response, dict) and isinstance(response.get("$ref"), str):
            response = json_pointer.follow(document, response["$ref"])
        if isinstance(response, dict):
            yield name, response


def _fields(document: Mapping[str, Json], resource: _Resource) -> dict[str, Json]:
    """The fields that requests send, by name; of a wrapped body, those inside."""
    found: dict[str, Json] = {}
    for method, operation in (*resource.collection, *resource.member):
        if method in WRITES:
            for name, schema in _members(document, _sent(document, operation)).items():
                is_secret = _SECRET.search(name) or (isinstance(schema, dict) and schema.get("writeOnly"))
                if not is_secret:
                    found.setdefault(name, schema)
    return found


def _sent(document: Mapping[str, Json], operation: Json) -> Json:
    """The schema of an operation's request body."""
    body = operation.get("requestBody")
    if isinstance(body, dict) and isinstance(body.get("$ref"), str):
        body = json_pointer.follow(document, body["$ref"])
    content = (body.get("content") or {}) if isinstance(body, dict) else {}
    for kind, media in content.items():
        plain = without_parameters(kind)
        if isinstance(media, dict) and (is_json_type(plain) or plain in FORMS or plain == "*/*"):
            return media.get(BY_EXAMPLE) or media.get("schema")
    return None


def _members(document: Mapping[str, Json], schema: Json, depth: int = 0) -> dict[str, Json]:
    """The properties of an object's schema, also of those that it refers to."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return {}
    if isinstance(schema.get("$ref"), str):
        return _members(document, json_pointer.follow(document, schema["$ref"]), depth + 1)
    found: dict[str, Json] = {}
    for part in schema.get("allOf") or ():
        found.update(_members(document, part, depth + 1))
    own = schema.get("properties")
    return {**found, **(own if isinstance(own, dict) else {})}


def _identity(resource: _Resource, fields: Mapping[str, Json]) -> dict[str, Json]:
    """The id of a member, if no field is one: ``id``, with the schema of the parameter that the member's path has."""
    named = {_letters(each) for each in fields}
    noun = _letters(resource.noun)
    if named & {"id", "uuid", f"{noun}id", f"{noun.removesuffix('s')}id", _letters(resource.parameter)}:
        return {}
    for _, operation in resource.member:
        for each in operation.get("parameters") or ():
            if isinstance(each, dict) and (each.get("in"), each.get("name")) == ("path", resource.parameter):
                return {"id": each.get("schema") or {}}
    return {"id": {}}


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _assume(document: Mapping[str, Json], operation: Json, schema: Json) -> None:
    """Put a schema into each success response of an operation that has no body, or a body that may be anything."""
    for name, response in list(_successes(document, operation)):
        content = response.get("content") or {}
        kinds = [without_parameters(each) for each in content]
        open_types = {(media.get("schema") or {}).get("type") for media in content.values() if isinstance(media, dict)}
        if name in ("204", "205") or any(not is_json_type(each) and each != "*/*" for each in kinds):
            continue
        if not _is_described(document, operation) and open_types <= {None, schema["type"]}:
            operation["responses"][name] = {**response, ASSUMED: schema}
