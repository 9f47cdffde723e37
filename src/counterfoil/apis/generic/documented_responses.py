"""Finds an operation's documented responses and request body: success status, media types and schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterfoil.media_types import FORMS, is_json_type, without_parameters
from counterfoil.openapi.example_schemas import BY_EXAMPLE
from counterfoil.openapi.undescribed_responses import ASSUMED

Json = Any

PREFERRED = {"post": ("201", "200", "202", "204"), "delete": ("204", "200", "202")}


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """One documented response. ``media_type`` and ``schema`` are None if it has no body. ``is_assumed``: the document does not
    describe its body."""

    status: int
    media_type: str | None = None
    schema: Json = None
    content: Mapping[str, Json] | None = None
    is_assumed: bool = False

    @property
    def is_json(self) -> bool:
        return self.media_type is not None and is_json(self.media_type)

    @property
    def sent_type(self) -> str:
        """The media type to send: JSON for a media type range such as ``*/*``."""
        return "application/json" if self.media_type is None or "*" in self.media_type else self.media_type


def is_json(documented: str) -> bool:
    """Whether a documented media type or media type range means JSON."""
    kind = without_parameters(documented)
    return is_json_type(kind) or kind in ("*/*", "application/*")


def success_response(operation: Mapping[str, Json], method: str) -> DocumentedResponse:
    """The success response: if there are several, the one with a body and the usual status for the method."""
    responses = operation.get("responses") or {}
    good = [each for each in responses if str(each).startswith("2")]
    order = (*PREFERRED.get(method.lower(), ("200", "201", "204")), *sorted(map(str, good)))
    for status in order:
        if status in responses:
            found = documented_response(responses[status], _number(status))
            if found.media_type is not None or status in ("204", "205") or len(good) < 2:
                return found
    for status in order:
        if status in responses:
            return documented_response(responses[status], _number(status))
    if "default" in responses:
        return documented_response(responses["default"], 200)
    redirects = [each for each in sorted(map(str, responses)) if each.startswith("3")]
    return documented_response(responses[redirects[0]], _number(redirects[0])) if redirects else DocumentedResponse(200)


def response_for_status(operation: Mapping[str, Json], status: int) -> DocumentedResponse | None:
    """The response documented for ``status``, also as ``4XX`` or ``default``; None if there is none."""
    responses = operation.get("responses") or {}
    for name in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if name in responses:
            return documented_response(responses[name], status)
    return None


def documented_response(response: Json, status: int) -> DocumentedResponse:
    """The response with its JSON media type, if it has one; otherwise with its first media type."""
    content = response.get("content") if isinstance(response, dict) else None
    assumed = response.get(ASSUMED) if isinstance(response, dict) else None
    if assumed is not None and status < 300:
        return DocumentedResponse(status, "application/json", assumed, content or {}, is_assumed=True)
    if not isinstance(content, dict) or not content:
        return DocumentedResponse(status)
    media_type = preferred_type(content)
    media = content[media_type] if isinstance(content[media_type], dict) else {}
    schema = media.get(BY_EXAMPLE) or media.get("schema", {})
    return DocumentedResponse(status, media_type, schema, media)


def preferred_type(content: Mapping[str, Json]) -> str:
    """The preferred media type: ``application/json``, then other JSON types, then any other."""
    return min(
        content, key=lambda each: (not is_json(each), not each.lower().startswith("application/json"), "*" in each)
    )


def request_schema(operation: Mapping[str, Json]) -> Json:
    """The schema of the request body as JSON, otherwise as a form, otherwise as XML; None if there is none of these."""
    body = operation.get("requestBody")
    content = body.get("content") if isinstance(body, dict) else None
    if not isinstance(content, dict) or not content:
        return None
    named = {without_parameters(each): each for each in content}
    usable = [each for kind, each in named.items() if is_json(kind)] or [named[kind] for kind in FORMS if kind in named]
    usable = usable or [each for kind, each in named.items() if kind.endswith(("/xml", "+xml"))]
    media = content[usable[0]] if usable else None
    return (media.get(BY_EXAMPLE) or media.get("schema")) if isinstance(media, dict) else None


def examples(media: Mapping[str, Json] | None, raw_find: Any) -> list[tuple[str, Json]]:
    """The examples of a media type as pairs of name and value; the keyword ``example`` has the name ``example``."""
    found: list[tuple[str, Json]] = []
    if not media:
        return found
    if "example" in media:
        found.append(("example", media["example"]))
    named = media.get("examples")
    if isinstance(named, dict):
        for name, each in named.items():
            if isinstance(each, dict) and isinstance(each.get("$ref"), str):
                each = raw_find(each["$ref"])
            if isinstance(each, dict) and "value" in each:
                found.append((str(name), each["value"]))
    return found


def _number(status: str) -> int:
    digits = status[:1] + "".join(each if each.isdigit() else "0" for each in status[1:3])
    return int(digits) if len(digits) == 3 and digits.isdigit() else 200
