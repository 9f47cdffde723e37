"""The responses that tests configured for operations of a world, and the interceptor that sends them.

A configured response is sent if the request was routed, authenticated and validated and no status fault applied. Latency
delays it; body faults change it. Of several matching responses, the one added first is sent, until it was sent ``times``
times. A request that matches none gets the world's own response.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import unquote

from counterfoil.api import API, Response
from counterfoil.api.control_types import TooMany
from counterfoil.api.request_match import (
    NOT_GIVEN,
    body_differences,
    decoded_query,
    path_differences,
    query_differences,
)
from counterfoil.api.unconfirmed import unconfirmed
from counterfoil.json_schema.validators import Schemas
from counterfoil.json_values import copy_json
from counterfoil.ledger.errors import BadValue
from counterfoil.media_types import is_json_type
from counterfoil.openapi import Spec
from counterfoil.server.context import RequestContext
from counterfoil.server.handlers import to_bytes
from counterfoil.server.response_validation import ResponseSpecs, normalized

if TYPE_CHECKING:
    from counterfoil.world.world import World

MAX_RESPONSES_PER_WORLD = 100
MAX_BODY = 1024 * 1024
"""Limit on the bytes of one configured body; up to this size a body is validated."""
MAX_HEADERS = 100
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


class When(TypedDict, total=False):
    """The requests that a response is for: values that they must have in their query, path parameters and JSON body. They
    may have more."""

    query: Mapping[str, Any]
    path: Mapping[str, Any]
    body: Any


class ConfiguredResponse:
    """One configured response. ``sent`` counts how often it was sent."""

    def __init__(self, api: str, operation: str, response: Response, when: When, times: int | None) -> None:
        self.api = api
        self.operation = operation
        self.response = response
        self.when = when
        self.times = times
        self.sent = 0

    def __repr__(self) -> str:
        return f"<{self.api}: {self.operation} → {self.response.status}, sent {self.sent} times>"

    def is_for(self, context: RequestContext) -> bool:
        """Whether it can still be sent and the request matches."""
        if self.api != context.api.name or self.operation != context.operation:
            return False
        if self.times is not None and self.sent >= self.times:
            return False
        when = self.when
        path = {name: unquote(value) for name, value in context.raw_path_params.items()}
        if path_differences(when.get("path", {}), path):
            return False
        if query_differences(when.get("query", {}), decoded_query(context.query_string.decode("latin-1"))):
            return False
        return "body" not in when or not body_differences(when["body"], _body_of(context))


class ConfiguredResponses:
    """The configured responses of every world, by its name. Thread-safe."""

    def __init__(self) -> None:
        self._worlds: dict[str, list[ConfiguredResponse]] = {}
        self._served: Mapping[str, tuple[API, Spec]] = {}
        self._specs: dict[tuple[str, str], ResponseSpecs] = {}
        self._lock = Lock()

    def set_served(self, served: Mapping[str, tuple[API, Spec]]) -> None:
        """Set the APIs; called once the server is built."""
        self._served = served

    def add(
        self,
        world: World,
        api: str,
        operation: str,
        *,
        status: int,
        body: Any,
        headers: Mapping[str, str],
        when: When,
        times: int | None,
        unchecked: bool,
    ) -> ConfiguredResponse:
        """Add a response for an existing operation. Raises ``BadValue`` for a response that the spec does not allow, unless
        ``unchecked``, or that cannot be sent; ``TooMany`` at the limit."""
        _check_values(status, headers, when, times)
        response = self._response(api, operation, status, body, headers)
        if not unchecked:
            self._check_spec(world, api, operation, response)
        # a copy, so that the test may change its own
        when = When(**{name: copy_json(value) for name, value in when.items()})  # type: ignore[typeddict-item]
        configured = ConfiguredResponse(api, operation, response, when, times)
        with self._lock:
            existing = self._worlds.get(world.name, [])
            if len(existing) >= MAX_RESPONSES_PER_WORLD:
                raise TooMany(f"a world has up to {MAX_RESPONSES_PER_WORLD} configured responses: clear some")
            self._worlds[world.name] = [*existing, configured]
        return configured

    def all(self, world: str) -> Sequence[ConfiguredResponse]:
        """The configured responses of a world, in the order they were added."""
        return tuple(self._worlds.get(world, ()))

    def clear(self, world: str) -> None:
        with self._lock:
            self._worlds.pop(world, None)

    def intercept(self, context: RequestContext) -> Awaitable[Response | None] | None:
        """The server's ``Interceptor``. Without configured responses it costs one look-up."""
        return None if context.world_name not in self._worlds else self._step(context)

    async def _step(self, context: RequestContext) -> Response | None:
        request = unconfirmed()
        if request is not None:  # counting cannot be undone
            await request.confirm()
        with self._lock:
            configured = self._worlds.get(context.world_name, ())
            matching = next((candidate for candidate in configured if candidate.is_for(context)), None)
            if matching is None:
                return None
            matching.sent += 1
        return matching.response

    def _response(self, api: str, operation: str, status: int, body: Any, headers: Mapping[str, str]) -> Response:
        if body is NOT_GIVEN:
            return Response(status, None, tuple(headers.items()))
        try:
            json.dumps(body, allow_nan=False, default=str)  # orjson writes NaN as null
            payload = b"null" if body is None else to_bytes(body)
        except (TypeError, ValueError) as error:
            raise BadValue(f"the body is not JSON: {error}", field="json") from None
        if len(payload) > MAX_BODY:
            raise BadValue(f"the body has {len(payload)} bytes; up to {MAX_BODY} are possible", field="json")
        return Response(status, payload, tuple(headers.items()), self._media_type(api, operation, status))

    def _media_type(self, api: str, operation: str, status: int) -> str:
        """The API's media type, unless the spec documents another JSON type for this status."""
        definition, spec = self._served[api]
        responses = spec.operations[operation]["responses"]
        response = responses.get(str(status)) or responses.get(f"{status // 100}XX") or responses.get("default") or {}
        documented = [
            media_type
            for media_type in response.get("content") or {}
            if is_json_type(normalized(media_type).partition(";")[0])
        ]
        return definition.media_type if definition.media_type in documented or not documented else documented[0]

    def _check_spec(self, world: World, api: str, operation: str, response: Response) -> None:
        definition, spec = self._served[api]
        responses = spec.operations[operation]["responses"]
        checks = self._specs.get((api, operation))
        if checks is None:
            # separate schemas: adding to the server's would make the server compile them again
            schemas = Schemas(spec.raw, spec.schema_dialect, is_lenient=spec.is_lenient)
            checks = self._specs[api, operation] = ResponseSpecs(responses, schemas)
        make = definition.response_headers
        own = () if make is None else make(operation.partition(" ")[0], {}, "", world)
        sent = Response(response.status, response.body, (*own, *response.headers), response.media_type)
        violation = checks.violation(sent, response.media_type or definition.media_type)
        if violation is not None:
            documented = ", ".join(sorted(map(str, responses)))
            raise BadValue(
                f"{operation}: the spec does not allow this response: {violation} (documented: {documented}); "
                "to send it anyway, use unchecked=True"
            )


def _check_values(status: int, headers: Mapping[str, str], when: When, times: int | None) -> None:
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadValue("a status is a number from 200 to 599", field="status")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise BadValue("times is 1 or more, or None for no limit", field="times")
    unknown = sorted(map(str, set(when) - {"query", "path", "body"}))
    if unknown:
        raise BadValue(f"when has query, path and body, not {', '.join(unknown)}", field="when")
    for name in ("query", "path"):
        if not isinstance(when.get(name, {}), Mapping):
            raise BadValue(f"when's {name} is a mapping of names to values", field="when")
    if len(headers) > MAX_HEADERS:
        raise BadValue(f"up to {MAX_HEADERS} headers are possible", field="headers")
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str) or not _HEADER_NAME.fullmatch(name):
            raise BadValue(f"{name!r} with {value!r} is not a header: both are text", field="headers")
        if name.lower() in ("content-length", "transfer-encoding", "content-type"):
            raise BadValue(f"the header {name} follows from the body", field="headers")


def _body_of(context: RequestContext) -> Any:
    """The JSON body of a request, or a form's fields; ``NOT_GIVEN`` without a body."""
    if not context.body_bytes:
        return NOT_GIVEN
    try:
        return json.loads(context.body_bytes)
    except ValueError:
        return context.body
