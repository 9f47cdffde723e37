"""Renders errors in the documented format of the operation's error response, otherwise as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil import json_pointer
from counterfoil.api import ApiError, Reason, Response
from counterfoil.api.errors import status_phrase, status_phrases
from counterfoil.api.problem_details import MEDIA_TYPE as PROBLEM_JSON
from counterfoil.api.problem_details import problem_details
from counterfoil.apis.generic.data.fitting import fit
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.data.values import Unmakeable
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.handlers.envelope_facts import FLAGS
from counterfoil.apis.generic.handlers.headers import AnswerHeaders
from counterfoil.apis.generic.handlers.xml_bodies import to_xml
from counterfoil.apis.generic.names import letters, word_set, words
from counterfoil.media_types import is_xml

Json = Any

STATUSES: Mapping[Reason, tuple[int, ...]] = {
    "malformed": (400, 422),
    "required": (400, 422),
    "unknown_resource": (404, 410),
    "conflict": (409, 422, 400),
    "forbidden": (403, 401),
}
"""Statuses for each reason, the usual one first; the first that the operation documents is used."""
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


class Errors:
    """Renders the errors of one document's operations."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.headers = AnswerHeaders(document)

    def render(self, error: ApiError) -> Response:
        """The response for an error."""
        if self._names_nothing(error):
            found = ApiError("unknown_resource", error.message, where=error.where)
            found.operation, found.method = error.operation, error.method
            error = found
        status, answer = self._documented(error)
        if answer is None:
            return problem(error, status)
        headers = self.headers.required(error.operation or "", status)
        if answer.media_type is None:
            return Response(status, headers=headers)
        if is_xml(answer.media_type) and self.document.reader.properties(answer.schema):
            return Response(status, self._xml(error, status, answer), headers, media_type=answer.media_type)
        if not answer.is_json:
            kind = answer.media_type
            text = f"{error.message}\n".encode()
            return Response(status, text, headers, media_type="text/plain" if "*" in kind else kind)
        body = self._body(error, status, answer)
        if body is UNSET:
            return problem(error, status)
        return Response(status, body, headers, media_type=answer.sent_type)

    def _names_nothing(self, error: ApiError) -> bool:
        """Whether an invalid value in the path counts as an unknown id: the document has 404, but no status for invalid
        requests."""
        if error.detail.get("in") != "path":
            return False
        known = self.document.spec.operations.get(error.operation or "", {}).get("responses") or {}
        return "404" in known and not known.keys() & {"400", "422", "4XX", "4xx"}

    def _documented(self, error: ApiError) -> tuple[int, DocumentedResponse | None]:
        operation = error.operation
        if operation is None or operation not in self.document.spec.operations:
            return error.status, None
        known = self.document.spec.operations[operation].get("responses") or {}
        usual = STATUSES.get(error.reason, ())
        about_request = error.reason != "conflict" or bool(error.where)  # otherwise a limit of this server is reached
        if error.status in usual and about_request:
            for status in (error.status, *usual):
                if str(status) in known:
                    return status, self.document.response_for_status(operation, status)
        return error.status, self.document.response_for_status(operation, error.status)

    def _xml(self, error: ApiError, status: int, answer: DocumentedResponse) -> bytes:
        reader, details = self.document.reader, self._details(answer.schema, error, status, 0)
        try:
            body = self.document.values.make(answer.schema, f"{error.operation}/{status}", given=details)
        except Unmakeable:
            body = details
        return to_xml(reader, answer.schema, body)

    def _body(self, error: ApiError, status: int, answer: DocumentedResponse) -> Json:
        document = self.document
        name = error.operation or ""
        checks = document.checks(name, answer)
        template = next((value for _, value in document.examples(answer) if isinstance(value, dict)), None)
        details = self._details(answer.schema, error, status, 0)
        for given in ({**template, **details} if template and isinstance(details, dict) else details, details, UNSET):
            try:
                return fit(document.values, answer.schema, checks, f"{name}/{status}", given=given)
            except Unmakeable:
                continue
        return UNSET

    def _details(self, schema: Json, error: ApiError, status: int, depth: int) -> Json:
        """The error's message, status and so on, in the properties of a schema that have names for them."""
        reader = self.document.reader
        if reader.is_array(schema):
            return [self._details(reader.items(schema), error, status, depth + 1)]
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
            return self._details(member, error, status, depth + 1)
        if key in FLAGS and types - {"null"} == {"boolean"}:
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


def problem(error: ApiError, status: int) -> Response:
    """Problem details, for an error that the document does not describe."""
    return Response(status, problem_details(status, error.message), media_type=PROBLEM_JSON)
