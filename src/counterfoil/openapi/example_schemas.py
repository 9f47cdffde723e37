"""Says what a body looks like of which a document gives an example and no schema, or one that says nothing of its members.

The schema stands beside the document's own, which alone decides what is valid: an example is no promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil import json_pointer
from counterfoil.media_types import is_json_type, without_parameters

Json = Any

BY_EXAMPLE = "x-counterfoil-by-example"
"""The member of a media type that has the schema of its example."""
MAX_DEPTH = 12
MAX_ITEMS = 20
"""Items of a list that are looked at."""
_TELLING = (
    "$ref",
    "properties",
    "items",
    "allOf",
    "anyOf",
    "oneOf",
    "enum",
    "const",
    "patternProperties",
    "prefixItems",
)
_FORMATS = (
    ("date-time", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("uuid", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
)


_WHOLE = re.compile(
    r"(?:^|_)(?:id|ids|count|total|page|pages|size|limit|offset|number|no|year|quantity|qty)$|I[dD]s?$|Count$|Number$"
)
"""Names of members that hold whole numbers."""


def describe_by_examples(document: Mapping[str, Json]) -> None:
    """Put beside each example without a schema the one that it has. ``document`` is a view, which is changed."""
    for content in _contents(document):
        for kind, media in content.items():
            if isinstance(media, dict) and is_json_type(without_parameters(kind)) and not tells(media.get("schema")):
                example = _example(document, media)
                if isinstance(example, dict | list) and example:
                    media[BY_EXAMPLE] = schema_of(example)


def schema_of(value: Json, name: str = "", depth: int = 0) -> dict[str, Json]:
    """The schema of a value, which is that of a member called ``name``: its types, members and formats; nothing is required."""
    if isinstance(value, dict):
        within = value.items() if depth < MAX_DEPTH else ()
        members = {str(inner): schema_of(each, str(inner), depth + 1) for inner, each in within}
        return {"type": "object", "properties": members, "example": value}
    if isinstance(value, list):
        items = [schema_of(each, name, depth + 1) for each in value[:MAX_ITEMS]] if depth < MAX_DEPTH else []
        return {"type": "array", "items": _together(items) if items else {}}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(
        value, int | float
    ):  # what is 16 in an example may be 2.5 elsewhere, if it does not count or identify
        is_whole = isinstance(value, int) and _WHOLE.search(name) is not None
        return {"type": "integer" if is_whole else "number", "example": value}
    if isinstance(value, str):
        form = next((name for name, pattern in _FORMATS if pattern.fullmatch(value)), "")
        return {"type": "string", "example": value, **({"format": form} if form else {})}
    return {}


def _together(schemas: list[dict[str, Json]]) -> dict[str, Json]:
    """One schema for the items of a list: with the members of all, or the one type that they share."""
    first = schemas[0]
    if all(each.get("type") == "object" for each in schemas):
        members: dict[str, Json] = {}
        for each in schemas:
            for name, member in each["properties"].items():
                known = members.get(name)
                members[name] = member if not known else _together([known, member])
        return {**first, "properties": members}
    kinds = {each.get("type") for each in schemas if each}
    if kinds == {"integer", "number"}:
        return {"type": "number", "example": first.get("example")}
    return next((each for each in schemas if each), {}) if len(kinds) == 1 else {}


def tells(schema: Json) -> bool:
    """Whether a schema says more than that anything, or any object or list, is there."""
    if not isinstance(schema, dict):
        return False
    kinds = schema.get("type")
    is_open = kinds is None or kinds in ("object", "array") or kinds == ["object"]
    extra = schema.get("additionalProperties")
    return not is_open or any(schema.get(each) for each in _TELLING) or (isinstance(extra, dict) and bool(extra))


def _example(document: Mapping[str, Json], media: Mapping[str, Json]) -> Json:
    if "example" in media:
        return media["example"]
    schema = media.get("schema")
    if isinstance(schema, dict) and "example" in schema:
        return schema["example"]
    named = media.get("examples")
    for each in named.values() if isinstance(named, dict) else ():
        if isinstance(each, dict) and isinstance(each.get("$ref"), str):
            each = json_pointer.follow(document, each["$ref"])
        if isinstance(each, dict) and "value" in each:
            return each["value"]
    return None


def _contents(document: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """The media types of every body and response."""
    components = document.get("components") or {}
    parts = [*(components.get("responses") or {}).values(), *(components.get("requestBodies") or {}).values()]
    for item in (document.get("paths") or {}).values():
        for operation in item.values() if isinstance(item, dict) else ():
            if isinstance(operation, dict):
                parts.append(operation.get("requestBody"))
                parts.extend((operation.get("responses") or {}).values())
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("content"), dict):
            yield part["content"]
