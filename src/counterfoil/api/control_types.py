"""What the control API asks of a journal and of a store of faults, and the data it speaks with them.

Whoever serves implements both protocols; the control API answers 501 for the one that is not there. ``read_fault`` is
the one place that says which members belong to which kind of fault. Nothing here knows HTTP servers or vendors.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from counterfoil.ledger.errors import BadValue, RuleBroken

Kind = Literal["status", "latency", "reset", "truncate", "malformed", "too_many_requests", "slow_drip"]
Distribution = Literal["fixed", "uniform", "normal", "exponential"]
Milliseconds = Annotated[int, Meta(ge=0, le=120_000)]

BELONGS: dict[str, frozenset[str]] = {
    "status": frozenset({"status"}),
    "latency": frozenset({"delay_ms", "spread_ms", "distribution"}),
    "reset": frozenset(),
    "truncate": frozenset({"keep_bytes"}),
    "malformed": frozenset(),
    "too_many_requests": frozenset({"retry_after"}),
    "slow_drip": frozenset({"bytes_per_second"}),
}
"""The members of each kind of fault, in addition to those that all kinds have."""
NEEDED = {"status": "status", "latency": "delay_ms"}


class TooMany(RuleBroken):
    """A bound is reached, as on the faults of one world; the control API answers 429."""


class FaultOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to go wrong, where, and how often.

    ``operation`` is written as in the spec (``GET /customerBill``); None means every operation of ``api``. Counting calls
    of that operation in that world from when the fault was ordered: it starts with the ``nth``, strikes at most ``times``
    times (None: without end), each time with ``probability``, drawn from ``Random(seed)``.

    ``status``: that status, in the vendor's own error body. ``latency``: ``delay_ms``, or drawn: ``uniform`` in delay ±
    spread, ``normal`` with spread as its deviation, ``exponential`` with delay as its mean; never below 0. ``reset``:
    the connection breaks. ``truncate``: the whole Content-Length is promised, ``keep_bytes`` (half, if None) are sent.
    ``malformed``: a body that is not JSON. ``too_many_requests``: 429 with Retry-After ``retry_after`` seconds.
    ``slow_drip``: the right answer, ``bytes_per_second``.
    """

    api: str
    kind: Kind
    operation: str | None = None
    status: Annotated[int, Meta(ge=400, le=599)] | None = None
    delay_ms: Milliseconds | None = None
    spread_ms: Milliseconds = 0
    distribution: Distribution = "fixed"
    keep_bytes: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    retry_after: Annotated[int, Meta(ge=0, le=86_400)] = 1
    bytes_per_second: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 64
    nth: Annotated[int, Meta(ge=1, le=10**9)] = 1
    times: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    probability: Decimal = Decimal(1)
    seed: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0


class Fault(msgspec.Struct, frozen=True):
    """A fault that was ordered: its ``id`` in its world, how many calls it has counted, and how often it struck."""

    id: int
    order: FaultOrder
    counted: int = 0
    struck: int = 0


class Faults(Protocol):
    """The faults of every world, by its name. Worlds that are gone are forgotten by ``clear``."""

    def all(self, world: str) -> Sequence[Fault]:
        """The faults of a world, in the order they were made."""
        ...

    def add(self, world: str, order: FaultOrder) -> Fault:
        """Take on a fault whose API and operation exist. Raises ``BadValue`` for a status the operation's spec does not
        document, and ``TooMany`` at the bound."""
        ...

    def remove(self, world: str, fault: int) -> bool:
        """Take one away; False if there is none of that id."""
        ...

    def clear(self, world: str) -> None:
        """Take all of a world away."""
        ...


class Message(msgspec.Struct, frozen=True):
    """One half of an exchange: headers with credentials blanked, and the body as text, cut at the journal's bound."""

    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    is_cut: bool = False


class Exchanged(msgspec.Struct, frozen=True):
    """One request and its answer. ``number`` grows by one in each world; ``at`` is the time outside, ``now`` the world's.

    ``path`` is what the client sent, with its query. ``operation`` is None where no operation was meant. ``fault`` is the id
    of the fault that struck; ``reason`` says why a status of 500 or more was answered. ``status`` is 0 where the connection
    ended before an answer.
    """

    number: int
    at: datetime
    now: datetime
    api: str
    operation: str | None
    method: str
    path: str
    status: int
    milliseconds: Decimal
    request: Message = msgspec.field(default_factory=Message)
    answer: Message = msgspec.field(default_factory=Message)
    fault: int | None = None
    reason: str | None = None


class Wanted(msgspec.Struct, frozen=True):
    """Which exchanges are asked for; what is None is not asked about. ``status`` is one (``404``) or a class (``4xx``).

    ``since`` is an instant outside, inclusive; ``after`` a number, exclusive.
    """

    api: str | None = None
    operation: str | None = None
    status: str | None = None
    since: datetime | None = None
    after: int | None = None
    limit: int = 100


class Found(msgspec.Struct, frozen=True):
    """The newest ``limit`` of the exchanges asked for, oldest first; how many fit in all; how many the journal dropped."""

    exchanges: tuple[Exchanged, ...]
    total: int
    dropped: int


class Journal(Protocol):
    """What was asked and answered in every world, by its name."""

    def find(self, world: str, wanted: Wanted) -> Found: ...

    def clear(self, world: str) -> None:
        """Forget a world's exchanges; numbers go on where they were."""
        ...


def read_fault(data: Any) -> FaultOrder:
    """The fault a JSON object orders. Raises ``BadValue`` naming the member that is wrong, or does not belong."""
    try:
        order = msgspec.convert(data, FaultOrder, str_keys=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise BadValue(message, field=path.strip(".`") or "kind") from None
    of_others = frozenset().union(*BELONGS.values()) - BELONGS[order.kind]
    for name in sorted(of_others & data.keys()):
        raise BadValue(f"'{name}' does not belong to a fault of kind '{order.kind}'", field=name)
    needed = NEEDED.get(order.kind)
    if needed and getattr(order, needed) is None:
        raise BadValue(f"a fault of kind '{order.kind}' needs '{needed}'", field=needed)
    if not order.probability.is_finite() or not 0 < order.probability <= 1:
        raise BadValue("a probability is above 0 and at most 1", field="probability")
    return order
