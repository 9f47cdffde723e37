"""The interfaces of the journal and the fault store that the control API uses, with their data types.

The server implements both protocols; if one is missing, the control API answers 501. ``read_fault`` checks
which members belong to which kind of fault.
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

KIND_MEMBERS: dict[str, frozenset[str]] = {
    "status": frozenset({"status"}),
    "latency": frozenset({"delay_ms", "spread_ms", "distribution"}),
    "reset": frozenset(),
    "truncate": frozenset({"keep_bytes"}),
    "malformed": frozenset(),
    "too_many_requests": frozenset({"retry_after"}),
    "slow_drip": frozenset({"bytes_per_second"}),
}
"""The members of each kind of fault, in addition to those that all kinds have."""
COMMON_MEMBERS = ("nth", "times", "probability", "seed")
REQUIRED_MEMBERS = {"status": "status", "latency": "delay_ms"}


class TooMany(RuleBroken):
    """A limit is reached, such as the number of faults of one world; the control API answers 429."""


class FaultSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault to inject: its kind, the operations it affects, and how often.

    ``operation`` is written as in the spec (``GET /customerBill``); None means every operation of ``api``. Calls of that
    operation in that world are counted from when the fault was added: it applies from the ``nth`` on, at most ``times``
    times (None: no limit), each time with ``probability``, drawn from ``Random(seed)``.

    ``status``: that status, in the vendor's own error body. ``latency``: ``delay_ms``, or drawn: ``uniform`` in delay ±
    spread, ``normal`` with spread as its deviation, ``exponential`` with delay as its mean; never below 0. ``reset``:
    the connection breaks. ``truncate``: the whole Content-Length is promised, ``keep_bytes`` (half, if None) are sent.
    ``malformed``: a body that is not JSON. ``too_many_requests``: 429 with Retry-After ``retry_after`` seconds.
    ``slow_drip``: the correct response, sent at ``bytes_per_second``.
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
    """A fault of a world: its ``id``, its spec, how many calls were counted, and to how many of them it applied (``hits``)."""

    id: int
    spec: FaultSpec
    counted: int = 0
    hits: int = 0


class Faults(Protocol):
    """The faults of every world, by its name. ``clear`` is called for deleted worlds."""

    def all(self, world: str) -> Sequence[Fault]:
        """The faults of a world, in the order they were added."""
        ...

    def add(self, world: str, spec: FaultSpec) -> Fault:
        """Add a fault whose API and operation exist. Raises ``BadValue`` for a status the operation's spec does not
        document, and ``TooMany`` at the limit."""
        ...

    def remove(self, world: str, fault: int) -> bool:
        """Remove one; False if there is no fault with that id."""
        ...

    def clear(self, world: str) -> None:
        """Remove all faults of a world."""
        ...


class RecordedMessage(msgspec.Struct, frozen=True):
    """A recorded request or response: headers with credentials blanked, and the body as text, cut at the journal's limit."""

    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    is_cut: bool = False


class RecordedExchange(msgspec.Struct, frozen=True):
    """A recorded request with its response. ``number`` counts those of a world; ``at`` is the real time, ``now`` the world's.

    ``path`` is what the client sent, with its query. ``operation`` is None if no operation matched. ``fault`` is the id
    of the fault that applied; ``reason`` says why the status was 500 or more. ``status`` is 0 if the connection ended before
    a response.
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
    request: RecordedMessage = msgspec.field(default_factory=RecordedMessage)
    answer: RecordedMessage = msgspec.field(default_factory=RecordedMessage)
    fault: int | None = None
    reason: str | None = None


PAGE_HEADER = "x-counterfoil-page"
"""The header, in lower case, that marks the page's own requests to APIs."""


class JournalQuery(msgspec.Struct, frozen=True):
    """Which exchanges to return; None matches any. ``status`` is one (``404``) or a class (``4xx``).

    ``since`` is a real time, inclusive; ``after`` a number, exclusive. ``clients_only`` leaves out the page's own requests.
    """

    api: str | None = None
    operation: str | None = None
    status: str | None = None
    since: datetime | None = None
    after: int | None = None
    limit: int = 100
    clients_only: bool = False


class JournalPage(msgspec.Struct, frozen=True):
    """The newest ``limit`` of the matching exchanges, oldest first; how many match in total; how many the journal dropped."""

    exchanges: tuple[RecordedExchange, ...]
    total: int
    dropped: int


class Journal(Protocol):
    """The recorded exchanges of every world, by its name."""

    def find(self, world: str, wanted: JournalQuery) -> JournalPage: ...

    def clear(self, world: str) -> None:
        """Delete a world's exchanges; their numbers are not used again."""
        ...


def read_fault(data: Any) -> FaultSpec:
    """The fault spec in a JSON object. Raises ``BadValue`` that names the member that is wrong or of another kind."""
    if isinstance(data, dict):
        _check_members(data)
    try:
        spec = msgspec.convert(data, FaultSpec, str_keys=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise BadValue(message, field=path.strip(".`") or "kind") from None
    required = REQUIRED_MEMBERS.get(spec.kind)
    if required and getattr(spec, required) is None:
        raise BadValue(f"a fault of kind '{spec.kind}' needs '{required}'", field=required)
    if not spec.probability.is_finite() or not 0 < spec.probability <= 1:
        raise BadValue("a probability is above 0 and at most 1", field="probability")
    return spec


def _check_members(data: dict[Any, Any]) -> None:
    """Raises ``BadValue`` for a member that the kind of fault does not have, and lists those it has."""
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KIND_MEMBERS:
        return  # refused when the spec is read
    known = [*sorted(KIND_MEMBERS[kind]), *COMMON_MEMBERS]
    for name in sorted(map(str, data.keys() - {"api", "operation", "kind", *known})):
        raise BadValue(
            f"'{name}' does not belong to a fault of kind '{kind}', which has: {', '.join(known)}", field=name
        )
