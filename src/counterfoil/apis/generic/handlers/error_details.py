"""Writes an error's message, status, code and place into the properties that a schema has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil import json_pointer
from counterfoil.api import ApiError, Reason
from counterfoil.api.errors import status_phrase, status_phrases
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.inference.envelopes import SUCCESS_FLAGS
from counterfoil.apis.generic.names import letters, word_set, words

Json = Any

MEANINGS: Mapping[Reason, tuple[str, ...]] = {
    "malformed": ("invalid", "validation", "badrequest", "malformed", "unprocessable"),
    "required": ("missing", "required", "invalid", "validation", "badrequest"),
    "unauthenticated": ("unauthorized", "unauthenticated", "authentication", "invalidtoken", "credential"),
    "expired": ("expired", "unauthorized", "unauthenticated", "authentication"),
    "forbidden": ("forbidden", "permission", "accessdenied", "notallowed", "unauthorized"),
    "unknown_path": ("notfound", "unknown", "missing"),
    "unknown_resource": ("notfound", "doesnotexist", "unknown", "missing"),
    "conflict": ("conflict", "alreadyexists", "duplicate", "exists", "invalid"),
    "too_many_requests": ("ratelimit", "toomanyrequests", "throttl"),
    "internal": ("internal", "servererror", "unexpected"),
}
"""Words in enum values for types of errors, the most likely first."""
MESSAGES = word_set(
    """
    message detail details description errormessage errordescription usermessage msg reason errordetail faultstring
    developermessage errormsg errmsg errortext explanation text
    """
)
TITLES = frozenset(["title", "error", "errorname", "errortype", "name"])
CODES = frozenset(["status", "statuscode", "code", "httpstatus", "httpcode", "httpstatuscode", "errorcode"])
NO_FREE_TEXT = frozenset(["enum", "const", "format", "pattern", "example", "examples", "default"])
"""Keywords that restrict a text or show examples of it."""
MAX_DEPTH = 4


class ErrorDetails:
    """The errors of one document, in its schemas."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def of(self, schema: Json, error: ApiError, status: int, depth: int = 0) -> Json:
        """The error's message, status and so on, in the properties of a schema that have names for them."""
        reader = self.document.reader
        if reader.is_array(schema):
            return [self.of(reader.items(schema), error, status, depth + 1)]
        members = reader.properties(schema)
        if not members:
            return error.message if "string" in reader.types(schema) else UNSET
        out: dict[str, Json] = {}
        message_member = self._message_member(members)
        for name, member in members.items():
            key = "message" if name == message_member else letters(name)
            value = self._member(key, name, member, error, status, depth, reader.required(schema))
            if value is not UNSET:
                out[name] = value
        if "type" in members and "type" not in out and {"title", "status"} <= members.keys():
            out["type"] = "about:blank"  # RFC 9457, 4.2.1
        return out

    def _message_member(self, members: Mapping[str, Json]) -> str | None:
        """The property ``error`` if it is for the message, because no other is: ``{"error": "name is required"}``."""
        if any(letters(name) in MESSAGES for name in members):
            return None
        name = next((name for name in members if letters(name) == "error"), None)
        if name is None or "enum" in self.document.reader.merged(members[name]):
            return None
        return name if "string" in self.document.reader.types(members[name]) else None

    def _place(self, error: ApiError, items: Json) -> list[Json]:
        """The place of the error in the request, in parts: ``["query", "limit"]``, ``["body", "lines", 0, "sku"]``."""
        where = error.where or "body"
        if where.startswith("/"):
            reader, parts = self.document.reader, json_pointer.split(where)
            has_numbers = "integer" in reader.types(items) or reader.merged(items).get("choices")
            return ["body", *(int(each) if has_numbers and each.isdecimal() else each for each in parts)]
        operation = self.document.spec.operations.get(error.operation or "", {})
        named = (each for each in operation.get("parameters") or () if each.get("name") == where)
        return [*(str(each.get("in")) for each in named), where]

    def _member(
        self, key: str, name: str, member: Json, error: ApiError, status: int, depth: int, required: frozenset[str]
    ) -> Json:
        reader = self.document.reader
        types = reader.types(member)
        if reader.is_object(member) or reader.is_array(member):
            if depth >= MAX_DEPTH or not (
                name in required or key in ("error", "errors", "fault", "problem", "detail", "meta")
            ):
                return UNSET
            items = reader.items(member) if reader.is_array(member) else member
            if items is member and error.where and not reader.properties(member):
                return self._by_field(member, error)
            if key in ("loc", "location", "path") and reader.is_array(member):
                return self._place(error, items)
            if not reader.properties(items) and "string" not in reader.types(items):
                return UNSET
            return self.of(member, error, status, depth + 1)
        if key in SUCCESS_FLAGS and types - {"null"} == {"boolean"}:
            return False
        if key in CODES | TITLES | {"type", "errorcode", "reason"} and (code := self._code(member, error, status)):
            return code
        if key in MESSAGES:
            return error.message
        if key in CODES:
            if types & {"integer", "number"}:
                return status
            return str(status) if "status" in key or name in required else UNSET
        if key in TITLES and ("string" in types or not types):
            return status_phrase(status)
        if key in ("type", "kind") and name in required and not reader.merged(member).keys() & NO_FREE_TEXT:
            return "_".join(words(status_phrase(status)))
        if key in ("param", "field", "parameter", "pointer", "property") and error.where:
            return error.where
        return UNSET

    def _by_field(self, member: Json, error: ApiError) -> Json:
        """The messages by the name of the field that is invalid: ``{"lines.0.sku": ["…"]}``."""
        where = error.where or ""
        field = ".".join(json_pointer.split(where)) if where.startswith("/") else where
        each = self.document.reader.merged(member).get("additionalProperties")
        if isinstance(each, dict) and each and self.document.reader.is_array(each):
            return {field: [error.message]}
        is_text = not isinstance(each, dict) or not each or "string" in self.document.reader.types(each)
        return {field: error.message} if is_text and each is not False else UNSET

    def _code(self, member: Json, error: ApiError, status: int) -> str | None:
        """The enum value for the error, such as ``not_found`` for 404; None if there is none."""
        listed = self.document.reader.merged(member).get("enum")
        texts = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
        wanted = (*map(letters, status_phrases(status)), *MEANINGS.get(error.reason, ()))
        for word in wanted:
            for exact in (True, False):
                found = [each for each in texts if letters(each) == word or (not exact and word in letters(each))]
                if found:
                    return found[0]
        return None
