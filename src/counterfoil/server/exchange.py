"""One request and its answer on their way through the layers, and the two seams where others may look or step in.

It carries; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from counterfoil.dialect import Answer, Dialect, Principal

if TYPE_CHECKING:
    from counterfoil.world.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]

KEY = "counterfoil.exchange"
"""Where the exchange is kept in the ASGI scope."""


@dataclass(slots=True)
class Exchange:
    """``path`` is what follows the dialect's prefix, as sent (percent-encoded). ``captures`` are path parameters as
    sent; ``values`` the parameters typed by the spec, by place. ``operation`` is ``None`` until routed. ``answer`` is
    what was sent, ``payload`` its bytes, ``duration`` in seconds; both set when the request is over."""

    dialect: Dialect
    world: World
    world_name: str
    method: str
    path: str
    query_string: bytes
    headers: dict[str, str]
    base: str
    origin: str
    operation: str | None = None
    captures: dict[str, str] = field(default_factory=dict)
    path_values: dict[str, Any] = field(default_factory=dict)
    query_values: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    body_bytes: bytes = b""
    principal: Principal | None = None
    answer: Answer | None = None
    payload: bytes = b""
    sent: bool = False
    on_purpose: bool = False
    duration: float = 0.0


Interceptor = Callable[[Exchange, Send], Awaitable[Answer | None]]
"""The seam for faults: called once a request is routed, authenticated and validated, before its operation. It may wait,
raise a ``Refusal``, return an ``Answer`` to be sent instead (not checked against the spec: it is wrong on purpose), send
by itself (then it sets ``exchange.sent``), or return ``None`` to let the operation answer."""

Observer = Callable[[Exchange], None]
"""The seam for the journal: called once for every request that reached a dialect, after it was answered."""
