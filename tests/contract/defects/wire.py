"""Plants a defect on the wire: in front of any ASGI application, in the requests it gets or the responses it gives.

It uses only the standard library and HTTP, so renames in the application do not affect it. A defect is an async
function ``(request, ask) -> Response``; the decorators make one of something smaller::

    @rows("GET /customers")
    def the_last_customer_is_missing(customers):
        return customers[:-1]

    application = plant(application, the_last_customer_is_missing)
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

ASGI = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """One HTTP request. ``path`` is percent-encoded, header names are lower-case."""

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, decoded; of a repeated one the last."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body, read as JSON with exact decimals; None if it is not JSON."""
        return _read(self.body)

    def with_query(self, query: Mapping[str, Any]) -> Request:
        return self if query == self.query else replace(self, query_string=urlencode(query, quote_via=quote))

    def without(self, *names: str) -> Request:
        """Without these query parameters."""
        return self.with_query({name: value for name, value in self.query.items() if name not in names})

    def with_headers(self, **headers: str | None) -> Request:
        """With other headers; ``_`` stands for ``-``, None takes one away."""
        changed = dict(self.headers) | {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={name: value for name, value in changed.items() if value is not None})

    def with_json(self, body: Any) -> Request:
        return replace(self, body=_written(body), headers={**self.headers, "content-type": "application/json"})

    def segment(self, place: int = -1) -> str:
        """A segment of the path, from its end."""
        return self.path.rstrip("/").split("/")[place]

    def is_for(self, *operations: str) -> bool:
        """Whether it is for one of the operations (``"GET /customers/{id}"``), wherever the API is mounted."""
        return not operations or any(
            self.method == method and pattern.search(self.path) for method, pattern in map(_pattern, operations)
        )


@dataclass(frozen=True)
class Response:
    """One HTTP response. Header names are lower-case."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body, read as JSON with exact decimals; None if it is not JSON."""
        return _read(self.body)

    def with_json(self, body: Any, status: int | None = None) -> Response:
        headers = self.headers if "content-type" in self.headers else {"content-type": "application/json"}
        return Response(status or self.status, headers, _written(body))

    def with_status(self, status: int) -> Response:
        return replace(self, status=status)

    def with_headers(self, **headers: str | None) -> Response:
        """With other headers; ``_`` stands for ``-``, None takes one away."""
        changed = dict(self.headers) | {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={name: value for name, value in changed.items() if value is not None})


class Ask:
    """Asks the application behind the defect: ``await ask(request)``. ``memory`` is the defect's own, empty at first."""

    def __init__(self, app: ASGI, scope: Mapping[str, Any], memory: dict[Any, Any]) -> None:
        self._app, self._scope, self.memory = app, scope, memory

    async def __call__(self, request: Request) -> Response:
        headers = {**request.headers}
        if request.body or "content-length" in headers:
            headers["content-length"] = str(len(request.body))
        scope = {
            **self._scope,
            "method": request.method,
            "path": _decoded(request.path),
            "raw_path": request.path.encode("latin-1"),
            "query_string": request.query_string.encode("latin-1"),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
        waiting = [{"type": "http.request", "body": request.body, "more_body": False}]
        sent: list[Any] = []

        async def receive() -> Any:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        start = sent[0]
        return Response(
            start["status"],
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in sent[1:]),
        )


Defect = Callable[[Request, Ask], Awaitable[Response]]


def plant(app: ASGI, defect: Defect) -> ASGI:
    """The application with the defect; anything but HTTP passes unchanged."""
    memory: dict[Any, Any] = {}

    async def planted(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        path = scope.get("raw_path") or quote(scope["path"]).encode()
        request = Request(
            scope["method"],
            path.decode("latin-1").partition("?")[0],
            scope["query_string"].decode("latin-1"),
            headers,
            body,
        )
        response = await defect(request, Ask(app, scope, memory))
        lines = {**response.headers}
        if request.method != "HEAD":
            lines["content-length"] = str(len(response.body))
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines.items()],
            }
        )
        await send({"type": "http.response.body", "body": response.body})

    return planted


# --- decorators: what a defect is made of --------------------------------------------------------


def exchange(*operations: str) -> Callable[[Any], Defect]:
    """``async def f(request, ask) -> Response``, for these operations (all, if none); others pass unchanged."""

    def made(function: Any) -> Defect:
        @functools.wraps(function)
        async def defect(request: Request, ask: Ask) -> Response:
            return await (function(request, ask) if request.is_for(*operations) else ask(request))

        return defect

    return made


def changes_request(*operations: str) -> Callable[[Any], Defect]:
    """``f(request) -> Request``: the request that the application receives instead."""

    def made(function: Any) -> Defect:
        @exchange(*operations)
        @functools.wraps(function)
        async def defect(request: Request, ask: Ask) -> Response:
            return await ask(function(request))

        return defect

    return made


def query(*operations: str) -> Callable[[Any], Defect]:
    """``f(query) -> query``: the query that the application receives."""

    def made(function: Any) -> Defect:
        changed = functools.wraps(function)(lambda request: request.with_query(function(request.query)))
        return changes_request(*operations)(changed)

    return made


def sent(*operations: str) -> Callable[[Any], Defect]:
    """``f(body) -> body``: the JSON body that the application receives."""

    def changed(function: Any, request: Request) -> Request:
        return request.with_json(function(request.json)) if isinstance(request.json, dict) else request

    return lambda function: changes_request(*operations)(
        functools.wraps(function)(functools.partial(changed, function))
    )


def changes_response(*operations: str) -> Callable[[Any], Defect]:
    """``f(response) -> Response``: the response that the caller receives instead, whatever the status."""

    def made(function: Any) -> Defect:
        @exchange(*operations)
        @functools.wraps(function)
        async def defect(request: Request, ask: Ask) -> Response:
            changed: Response = function(await ask(request))
            return changed

        return defect

    return made


def _of_json(kind: type, is_meant: Callable[[Response], bool]) -> Callable[..., Callable[[Any], Defect]]:
    def decorator(*operations: str) -> Callable[[Any], Defect]:
        def made(function: Any) -> Defect:
            def changed(response: Response) -> Response:
                if not is_meant(response) or not isinstance(found := response.json, kind):
                    return response
                return response.with_json(function(found))

            return changes_response(*operations)(functools.wraps(function)(changed))

        return made

    return decorator


body = _of_json(dict, lambda response: response.status < 300)
"""``f(object) -> object``: the JSON object of a successful response."""
rows = _of_json(list, lambda response: response.status < 300)
"""``f(list) -> list``: the JSON array of a successful response."""
error = _of_json(dict, lambda response: response.status >= 400)
"""``f(object) -> value``: the JSON object of an error response."""


def row(*operations: str) -> Callable[[Any], Defect]:
    """``f(item) -> item``: each item of the JSON array, or the JSON object, of a successful response."""

    def made(function: Any) -> Defect:
        def changed(response: Response) -> Response:
            found = response.json if response.status < 300 else None
            if isinstance(found, list):
                return response.with_json([function(item) if isinstance(item, dict) else item for item in found])
            return response.with_json(function(found)) if isinstance(found, dict) else response

        return changes_response(*operations)(functools.wraps(function)(changed))

    return made


# --- JSON and paths ------------------------------------------------------------------------------


def _read(payload: bytes) -> Any:
    try:
        return json.loads(payload, parse_float=Decimal)
    except ValueError:
        return None


def _written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float).encode()


def _decoded(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)


@functools.cache
def _pattern(operation: str) -> tuple[str, re.Pattern[str]]:
    method, _, template = operation.partition(" ")
    parts = re.split(r"\{[^}]*\}", template.rstrip("/"))
    return method, re.compile("[^/]+".join(map(re.escape, parts)) + "/?$")
