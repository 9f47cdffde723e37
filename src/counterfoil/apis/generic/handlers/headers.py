"""The headers of responses: those that a document requires, and those about a page or a new member."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import msgspec

from counterfoil.api import ApiError, Request, Response
from counterfoil.apis.generic.data.scalars import ANCHOR, UNSET
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.handlers.listing import Page
from counterfoil.apis.generic.handlers.page_facts import Facts, path_of
from counterfoil.apis.generic.inference.composite import parts_of
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.names import letters
from counterfoil.openapi.path_templates import PARAMETER
from counterfoil.plain_text import as_text

Json = Any
Headers = tuple[tuple[str, str], ...]

FACTS: dict[str, str] = {
    "totalcount": "total", "total": "total", "totalresults": "total", "totalitems": "total", "resultcount": "items",
    "count": "items", "totalpages": "pages", "pagecount": "pages", "currentpage": "page", "page": "page", "pagenumber": "page",
    "perpage": "size", "pagesize": "size", "countperpage": "size", "limit": "size", "offset": "offset", "nextpage": "nextpage",
    "paginationtotalnbrecords": "total", "hasmore": "more",
}  # fmt: skip
"""The fact about a page (``page_facts``) in a header with this name, without ``X-``."""


class AnswerHeaders:
    """The headers of one document's operations."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._tagged: dict[str, bool] = {}
        self._known: dict[tuple[str, int], list[tuple[str, str, Json, bool]]] = {}

    def of(
        self,
        name: str,
        status: int,
        request: Request,
        page: Page | None = None,
        new_id: str | None = None,
        shown: Json = None,
    ) -> Headers:
        """The headers of an operation's response: for a list with ``page``, for a created member with ``new_id``, for a shown
        member with its value as ``shown``."""
        declared = self._declared(name, status)
        if not declared:
            return (("ETag", etag_of(shown)),) if shown is not None and self.has_etag(name, status) else ()
        facts = Facts(page, request) if page is not None else None
        found = []
        for header, key, schema, required in declared:
            value = self._value(key, facts, request, new_id) if key != "etag" or shown is None else etag_of(shown)
            if value is UNSET and required:  # an id from the request, such as X-Request-Id, is repeated in the response
                value = request.headers.get(header.lower(), UNSET)
            text = UNSET if value is UNSET or value is None else self._text(schema, value)
            if text is UNSET and required:
                text = self._made(schema, header)
            if text is not UNSET:
                found.append((header, str(text)))
        if shown is not None and self.has_etag(name, status) and all(key != "etag" for _, key, _, _ in declared):
            found.append(("ETag", etag_of(shown)))
        return tuple(found)

    def required(self, name: str, status: int) -> Headers:
        """The headers that the document requires of a response, with made values."""
        declared = self._declared(name, status)
        return tuple((header, self._made(schema, header)) for header, _, schema, required in declared if required)

    def _value(self, key: str, facts: Facts | None, request: Request, new_id: str | None) -> Json:
        if key == "location":
            return UNSET if new_id is None else f"{request.origin}{request.base}{self._member_path(request, new_id)}"
        if facts is None:
            return UNSET
        if key == "link":
            following = facts.link(facts.following())
            return UNSET if following is None else f'<{following}>; rel="next"'
        return facts.get(FACTS.get(key, ""))

    def check_unchanged(self, operation: Operation, request: Request, value: Json) -> None:
        """Raise ``ApiError`` (412) unless a member's ETag is in ``If-Match``, if the document has that header or status."""
        wanted = request.headers.get("if-match")
        if wanted is None or wanted.strip() == "*":
            return
        if not self._has_condition(operation, "if-match"):
            return
        if etag_of(value) not in [each.strip().removeprefix("W/") for each in wanted.split(",")]:
            raise ApiError(
                "conflict", "the member was changed since: its ETag is another", where="If-Match", status=412
            )

    def check_absent(self, operation: Operation, request: Request) -> None:
        """Raise ``ApiError`` (412) if ``If-None-Match: *`` is sent for a member that exists."""
        if request.headers.get("if-none-match", "").strip() == "*" and self._has_condition(operation, "if-none-match"):
            raise ApiError("conflict", "there is such a member already", where="If-None-Match", status=412)

    def _has_condition(self, operation: Operation, header: str) -> bool:
        """Whether the document has this header for the operation, or status 412."""
        definition = self.document.spec.operations[operation.name]
        declared = any(str(each.get("name", "")).lower() == header for each in definition.get("parameters") or ())
        return declared or "412" in (definition.get("responses") or {})

    def has_etag(self, name: str, status: int = 200) -> bool:
        """Whether responses of a GET with this status have an ``ETag``: the document has that header, or 304."""
        if status != 200 or not name.startswith("GET "):
            return False
        known = self._tagged.get(name)
        if known is None:
            responses = self.document.spec.operations[name].get("responses") or {}
            has_header = any(key == "etag" for _, key, _, _ in self._declared(name, status))
            known = self._tagged[name] = "304" in responses or has_header
        return known

    def with_etag(self, operation: Operation, request: Request, response: Response) -> Response:
        """The response with its ETag; 304 without a body if ``If-None-Match`` has that tag (RFC 9110, 13.1.2)."""
        if response.status != 200 or response.body is None:
            return response
        known = {name.lower(): value for name, value in response.headers}
        tag = known.get("etag") if operation.role in ("read", "read_one") else None
        if tag is None:
            declared = self._declared(operation.name, response.status)
            schema: Json = next((each for _, key, each, _ in declared if key == "etag"), {})
            tag = self._text(schema, etag_of(response.body))
        if tag is UNSET:
            return response  # the document wants an ETag of another format
        others = tuple((name, value) for name, value in response.headers if name.lower() != "etag")
        asked = request.headers.get("if-none-match", "").strip()
        tags = [each.strip().removeprefix("W/") for each in asked.split(",")]
        if asked != "*" and tag.removeprefix("W/") not in tags:
            return msgspec.structs.replace(response, headers=(*others, ("ETag", tag)))
        kept = [each for each in self.of(operation.name, 304, request) if each[0].lower() != "etag"]
        return Response(304, None, (*kept, ("ETag", tag)))

    def _member_path(self, request: Request, id: str) -> str:
        """The path of the member that a request created: the path of its GET, otherwise one below the request's own path."""
        operations = self.document.model.operations
        made = operations[request.operation]
        path = made.name.partition(" ")[2]
        values = [str(each) for each in request.path.values()]
        shown = (
            each
            for each in operations.values()
            if each.collection == made.collection and not (each.key or each.first or each.linkage)
        )
        reads = (each for each in shown if each.role == "read")
        read = next((each.name.partition(" ")[2] for each in reads if each.name.startswith("GET ")), "")
        if read == path:
            return path_of(request)
        names = PARAMETER.findall(read)
        parts = self.document.model.collections[made.collection].parts
        ids = [*values, id] if not parts else [*values[: len(names) - len(parts)], *parts_of(id)]
        if not read or made.id_at or made.id_query or len(names) != len(ids):
            return f"{path_of(request)}/{quote(id, safe='')}"
        for name, value in zip(names, ids, strict=True):
            read = read.replace(f"{{{name}}}", quote(value, safe=""))
        return read

    def _declared(self, name: str, status: int) -> list[tuple[str, str, Json, bool]]:
        known = self._known.get((name, status))
        if known is None:
            responses = self.document.spec.operations[name].get("responses") or {}
            response: Json = next(
                (responses[each] for each in (str(status), f"{status // 100}XX", "default") if each in responses), {}
            )
            headers = response.get("headers") if isinstance(response, dict) else None
            known = self._known[name, status] = [
                (name, letters(name).removeprefix("x"), header.get("schema") or {}, bool(header.get("required")))
                for name, header in (headers or {}).items()
                if isinstance(header, dict) and name.lower() != "content-type"
            ]
        return known

    def _text(self, schema: Json, value: Json) -> Json:
        reader = self.document.reader
        coerced = self.document.values.scalars.coerce(reader.merged(schema), reader.types(schema), value)
        if coerced is UNSET or not self.document.schemas.validator(schema, "response").is_valid(coerced):
            return UNSET
        return as_text(coerced)

    def _made(self, schema: Json, header: str) -> str:
        reader = self.document.reader
        types = reader.types(schema) or frozenset({"string"})
        return as_text(
            self.document.values.scalars.make(reader.merged(schema), types, header, f"header/{header}", ANCHOR, 0)
        )


def etag_of(value: Json) -> str:
    """The ETag of a member or of a response body; it changes with the value (RFC 9110, 8.8.3)."""
    written = value if isinstance(value, bytes) else json.dumps(value, sort_keys=True, default=str).encode()
    return f'"{sha256(written).hexdigest()[:16]}"'
