"""The headers of answers: those that a document requires, and those that say something of a page or a new member."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from counterfoil.api import ApiError, Request
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.listing import Page
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.page_facts import Facts, path_of
from counterfoil.apis.generic.scalars import ANCHOR, NOTHING

Json = Any
Headers = tuple[tuple[str, str], ...]
_PARAMETER = re.compile(r"\{([^{}]*)\}")

FACTS: dict[str, str] = {
    "totalcount": "total", "total": "total", "totalresults": "total", "totalitems": "total", "resultcount": "items",
    "count": "items", "totalpages": "pages", "pagecount": "pages", "currentpage": "page", "page": "page", "pagenumber": "page",
    "perpage": "size", "pagesize": "size", "countperpage": "size", "limit": "size", "offset": "offset", "nextpage": "nextpage",
    "paginationtotalnbrecords": "total", "hasmore": "more",
}  # fmt: skip
"""What a header of this name (without ``X-``) says of a page."""


class AnswerHeaders:
    """The headers of one document's operations."""

    def __init__(self, document: Document) -> None:
        self.document = document
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
        """The headers of an operation's answer: of a list's ``page``, of a member that was made with ``new_id``, or of one whose
        value is ``shown``."""
        declared = self._declared(name, status)
        if not declared:
            return ()
        facts = Facts(page, request) if page is not None else None
        found = []
        for header, key, schema, required in declared:
            value = self._value(key, facts, request, new_id) if key != "etag" or shown is None else etag_of(shown)
            if (
                value is NOTHING and required
            ):  # what the request was called, such as X-Request-Id, the answer is called too
                value = request.headers.get(header.lower(), NOTHING)
            text = NOTHING if value is NOTHING or value is None else self._text(schema, value)
            if text is NOTHING and required:
                text = self._made(schema, header)
            if text is not NOTHING:
                found.append((header, str(text)))
        return tuple(found)

    def required(self, name: str, status: int) -> Headers:
        """The headers that the document requires of an answer, whatever it is about."""
        declared = self._declared(name, status)
        return tuple((header, self._made(schema, header)) for header, _, schema, required in declared if required)

    def _value(self, key: str, facts: Facts | None, request: Request, new_id: str | None) -> Json:
        if key == "location":
            return NOTHING if new_id is None else f"{request.origin}{request.base}{self._member_path(request, new_id)}"
        if facts is None:
            return NOTHING
        if key == "link":
            following = facts.link(facts.following())
            return NOTHING if following is None else f'<{following}>; rel="next"'
        return facts.get(FACTS.get(key, ""))

    def check_unchanged(self, operation: Operation, request: Request, value: Json) -> None:
        """Raise ``ApiError`` (412) unless a member is as ``If-Match`` says, where the document has that header or status."""
        wanted = request.headers.get("if-match")
        if wanted is None or wanted.strip() == "*":
            return
        definition = self.document.spec.operations[operation.name]
        declared = any(str(each.get("name", "")).lower() == "if-match" for each in definition.get("parameters") or ())
        if not declared and "412" not in (definition.get("responses") or {}):
            return
        if etag_of(value) not in [each.strip().removeprefix("W/") for each in wanted.split(",")]:
            raise ApiError(
                "conflict", "the member was changed since: its ETag is another", where="If-Match", status=412
            )

    def _member_path(self, request: Request, id: str) -> str:
        """The path of the member that a request made: where the document reads it, else below the request's own."""
        operations = self.document.model.operations
        made = operations[request.operation]
        path = made.name.partition(" ")[2]
        values = [str(each) for each in request.path.values()]
        shown = (each for each in operations.values() if each.collection == made.collection and not each.key)
        reads = (each for each in shown if each.role == "read")
        read = next((each.name.partition(" ")[2] for each in reads if each.name.startswith("GET ")), "")
        if read == path:
            return path_of(request)
        names = _PARAMETER.findall(read)
        if not read or made.id_at or made.id_query or len(names) != len(values) + 1:
            return f"{path_of(request)}/{quote(id, safe='')}"
        for name, value in zip(names, [*values, id], strict=True):
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
                (header, letters(header).removeprefix("x"), said.get("schema") or {}, bool(said.get("required")))
                for header, said in (headers or {}).items()
                if isinstance(said, dict) and header.lower() != "content-type"
            ]
        return known

    def _text(self, schema: Json, value: Json) -> Json:
        reader = self.document.reader
        taken = self.document.values.scalars.taken(reader.merged(schema), reader.types(schema), value)
        if taken is NOTHING or not self.document.schemas.validator(schema, "response").is_valid(taken):
            return NOTHING
        return _written(taken)

    def _made(self, schema: Json, header: str) -> str:
        reader = self.document.reader
        types = reader.types(schema) or frozenset({"string"})
        return _written(
            self.document.values.scalars.make(reader.merged(schema), types, header, f"header/{header}", ANCHOR, 0)
        )


def etag_of(value: Json) -> str:
    """The entity tag of a member: it changes with its value (RFC 9110, 8.8.3)."""
    return f'"{sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]}"'


def _written(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
