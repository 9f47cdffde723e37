"""The data of one request while it passes through the server's middleware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from counterfoil.api import API, ApiError, File, Principal, Response
from counterfoil.asgi import Receive, Scope, Send

if TYPE_CHECKING:
    from counterfoil.world.world import World

SCOPE_KEY = "counterfoil.context"
"""The key of the context in the ASGI scope."""


Policy = Literal["enforce", "report"]
"""What happens to a request or response that the spec does not allow. ``enforce`` refuses the request, or replaces the
response by an error. ``report`` accepts it and adds the violation to ``RequestContext.violations`` for observers."""


class ConnectionBroken(Exception):
    """Raised by a fault to break the connection on purpose.

    ``abruptly`` means a TCP reset instead of an early close. A client in this process gets an exception with the message.
    """

    def __init__(self, message: str, *, abruptly: bool) -> None:
        super().__init__(message)
        self.abruptly = abruptly


class ResponseFault(Protocol):
    """Changes how one response is sent, after it was validated."""

    def headers(self, status: int) -> tuple[tuple[str, str], ...]:
        """Headers to add to the response's own."""
        ...

    async def send(self, context: RequestContext, payload: bytes, send: Send, receive: Receive) -> None:
        """Send the body, after the head. Sets ``context.payload`` to the bytes sent, and may set ``context.broken``. Calls
        ``context.finish`` before the last bytes."""
        ...


class RequestContext(msgspec.Struct, eq=False):
    """One request. Each layer sets the fields below its comment and reads the fields of earlier layers.

    It has no reference to ``send``, because ``send`` refers to the scope and the scope to this object. Such a reference cycle,
    with all rows of a page, would wait for the garbage collector (measured: p99 of 40 ms).
    """

    # the server: which API in which world, and the request's head. ``path`` is what follows the API's prefix,
    # percent-encoded as sent; ``headers`` have lower-case names; ``started`` is a value of ``time.perf_counter``;
    # ``refusal``: why the HTTP server refused the request.
    api: API
    world: World
    world_name: str
    method: str
    path: str
    query_string: bytes
    headers: dict[str, str]
    base: str
    origin: str
    finish: Callable[[RequestContext], None]
    started: float
    refusal: ApiError | None = None

    # routing: the operation as the spec writes it (``GET /customerBill/{id}``), and its path parameters as sent
    operation: str | None = None
    raw_path_params: dict[str, str] = {}

    # security
    principal: Principal | None = None

    # request validation: values with the types in the spec. ``violations`` is only filled if a policy is "report".
    path_values: dict[str, Any] = {}
    query_values: dict[str, Any] = {}
    body: Any = None
    body_bytes: bytes = b""
    files: tuple[File, ...] = ()
    violations: tuple[str, ...] = ()

    # errors: why a response has a 5xx status, for the journal
    reason: str | None = None

    # interceptors: the number of the fault that applied, and what it does to the response or the connection
    fault: int | None = None
    response_fault: ResponseFault | None = None
    broken: ConnectionBroken | None = None
    skip_response_validation: bool = False

    # the handler
    response: Response | None = None

    # the response as it was sent; ``status`` is 0 if none was. ``duration`` is in seconds.
    status: int = 0
    response_headers: list[tuple[bytes, bytes]] = []
    payload: bytes = b""
    duration: float = 0.0
    finished: bool = False


Interceptor = Callable[[RequestContext], "Awaitable[Response | None] | None"]
"""Called once a request is routed, authenticated and validated, before its handler.

``None`` means that it does nothing. An awaitable may wait, raise an ``ApiError``, set ``response_fault``, ``broken`` or
``fault``, and return ``None`` or a ``Response`` that is sent, not validated, instead of the handler's.
"""

Observer = Callable[[RequestContext], None]
"""Called once for every request that reached an API, just before the last bytes of its response are sent."""

UnreachedObserver = Callable[[API, Scope, int, float], None]
"""Called once for every request to an API whose world does not exist or cannot be read, after the response: with the API, the
ASGI scope, the status and the duration in seconds."""
