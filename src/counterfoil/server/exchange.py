"""One request and its answer on their way through the layers, and the two seams where others may look or step in.

It carries; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from counterfoil.api import API, Principal, Response

if TYPE_CHECKING:
    from counterfoil.world.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]

KEY = "counterfoil.exchange"
"""Where the exchange is kept in the ASGI scope."""


class ConnectionBroken(Exception):
    """The connection is to be broken on purpose. ``abruptly``: reset, as by a crash; else closed too early. The message
    is what a client in this process is told."""

    def __init__(self, message: str, *, abruptly: bool) -> None:
        super().__init__(message)
        self.abruptly = abruptly


class Delivery(Protocol):
    """How an answer leaves where it does not simply leave: it is looked at once the answer is known and checked."""

    def headers(self, status: int) -> tuple[tuple[str, str], ...]:
        """Headers besides the answer's own."""
        ...

    def payload(self, payload: bytes) -> bytes:
        """The bytes to be sent instead; their length is promised."""
        ...

    async def send(self, exchange: Exchange, payload: bytes, send: Send) -> None:
        """Send the body, after the head was sent. May raise ``ConnectionBroken``. Calls ``exchange.finish`` before its
        last bytes, and leaves in ``exchange.payload`` what was sent."""
        ...


class Exchange(msgspec.Struct, eq=False):
    """``path`` is what follows the dialect's prefix, as sent (percent-encoded). ``captures`` are path parameters as
    sent; ``values`` the parameters typed by the spec, by place. ``operation`` is ``None`` until routed.

    ``wire`` and ``listen`` are the HTTP server's own send and receive. ``answer`` is what was sent, ``sent_headers`` and
    ``payload`` its bytes. ``started`` is of ``perf_counter``; ``duration``, in seconds, is set by ``finish``, which is
    called once, just before the last bytes leave: whoever has the answer in hand finds it in the journal. ``check`` raises if
    the answer breaks the spec, just before its first bytes leave. ``delivery`` and ``fault`` are set by faults.
    """

    dialect: API
    world: World
    world_name: str
    method: str
    path: str
    query_string: bytes
    headers: dict[str, str]
    base: str
    origin: str
    wire: Send
    listen: Receive
    finish: Callable[[Exchange], None]
    started: float
    operation: str | None = None
    captures: dict[str, str] = {}
    path_values: dict[str, Any] = {}
    query_values: dict[str, Any] = {}
    body: Any = None
    body_bytes: bytes = b""
    principal: Principal | None = None
    answer: Response | None = None
    payload: bytes = b""
    sent_headers: list[tuple[bytes, bytes]] = []
    check: Callable[[Exchange], None] | None = None
    sent: bool = False
    finished: bool = False
    delivery: Delivery | None = None
    fault: int | None = None
    on_purpose: bool = False
    duration: float = 0.0


Interceptor = Callable[[Exchange], Awaitable[Response | None] | None]
"""The seam for faults: called once a request is routed, authenticated and validated, before its operation. ``None`` lets
the operation answer, for the price of the call. What it returns else is awaited: it may wait, raise a ``ApiError`` or
``ConnectionBroken``, set ``exchange.delivery``, send by ``exchange.wire`` (then it sets ``exchange.sent``), and return an
``Response`` to be sent instead (not checked against the spec: it is wrong on purpose), or ``None`` to let the operation
answer."""

Observer = Callable[[Exchange], None]
"""The seam for the journal: called once for every request that reached a dialect, just before its last bytes leave."""
