"""The protocol of a store, and the records it stores. The records hold what rebuilds a world, not its objects.

Several processes may write to one store. None of them owns a world: each change names the version that it was made on, and is
refused (``Conflict``) if another process was faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import msgspec

DURABILITY_CHECK_SECONDS = 1.0
"""Seconds after which a database server is checked again for durability, a setting that can change while it runs."""


class StoreError(Exception):
    """A store that cannot be used; the message is one line that says what to do."""


class Conflict(Exception):
    """Another process changed a world first. The store kept nothing of the batch; it can be made again on the new state."""


class Origin(msgspec.Struct, frozen=True):
    """What a world started from: the scenario (its text is stored once, by digest) and the chosen options."""

    scenario: str
    digest: str
    seed: int
    customers: int | None
    switches: dict[str, bool | int | str]


class Row(msgspec.Struct, frozen=True):
    """One world. Its version is ``base`` plus the number of its commands. ``time_to_live`` is in seconds (None:
    forever); the world is deleted after ``expires``, in seconds since 1970. ``id`` is never used for another world."""

    id: int
    name: str
    origin: Origin
    base: int
    time_to_live: float | None = None
    expires: float | None = None


class StoredWorld(msgspec.Struct, frozen=True):
    """A row with the scenario's text and all commands, oldest first."""

    row: Row
    text: bytes
    commands: list[bytes]


class Position(NamedTuple):
    """How far a world has come: its row's ``id`` and ``base`` and the number of its commands; also when it expires, its faults
    and its failed logins (``SetFaults.json`` and ``SetLogins.json``)."""

    id: int
    base: int
    number: int
    expires: float | None = None
    faults: bytes = b""
    logins: bytes = b""


class AppendCommand(msgspec.Struct, frozen=True):
    """The ``number``-th command of a world since its version was ``base``, counted from 1.

    A conflict if the world does not exist, has another base, or has not exactly ``number - 1`` commands; with ``is_plain`` also
    if it has faults or failed logins.
    """

    world: int
    base: int
    number: int
    command: bytes
    is_plain: bool = False


class CreateWorld(msgspec.Struct, frozen=True):
    """A new world, with the commands already executed in it. A conflict if its name or its id is taken."""

    row: Row
    text: bytes
    commands: Sequence[bytes] = ()


class ResetWorld(msgspec.Struct, frozen=True):
    """A world was reset and has no commands any more; ``base`` is its new version. A conflict unless its version was
    ``base - 1``."""

    world: int
    base: int


class DeleteWorld(msgspec.Struct, frozen=True):
    """A world was deleted; with ``expired_before``, because it idled. A conflict if it does not exist, or expires at or after
    that time (another process used it)."""

    world: int
    expired_before: float | None = None


class TouchWorld(msgspec.Struct, frozen=True):
    """A world was used: it now expires later. Never a conflict."""

    world: int
    expires: float


class SetFaults(msgspec.Struct, frozen=True):
    """The faults of a world are now those in ``json``; none, if it is empty. A conflict if the world does not exist, or
    if its faults were not ``before`` (None: any)."""

    world: int
    json: bytes
    before: bytes | None = None


class SetLogins(msgspec.Struct, frozen=True):
    """Like ``SetFaults``, for the failed logins to a world. ``at`` is the base and number of commands with which the login was
    checked: a conflict if the world has others."""

    world: int
    json: bytes
    before: bytes | None = None
    at: tuple[int, int] | None = None


Change = AppendCommand | CreateWorld | ResetWorld | DeleteWorld | TouchWorld | SetFaults | SetLogins


class Log(Protocol):
    """A store. ``commit``, ``writing``, ``recover`` and ``look_after`` are called from one thread, everything else from any.

    ``shared``: other processes may write to it. If not, there are no conflicts, and ``revision`` is not called.
    ``remote``: each call costs a round trip, so it must not be made in an event loop; instead of ``revision``, ``position``
    is called for each request.
    """

    where: str
    shared: bool
    remote: bool

    def connect(self) -> None:
        """Open connections; needed after a fork only. A store that cannot be written is not an error here: its first commit
        fails. Raises ``StoreError``."""
        ...

    def disconnect(self) -> None:
        """Close every connection; needed before a fork."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Keep other processes from writing, if the engine has a lock; without one, writers conflict instead."""
        ...

    def commit(self, changes: Sequence[Change]) -> None:
        """Make all of them durable, or none. When it returns they survive a crash of the process and of the machine.

        A change may build on earlier ones. Raises ``Conflict``, with nothing kept, if other processes wrote changes that one
        of these does not fit. After any other exception it is unknown whether they are durable until ``recover`` returns.
        Readers, here and in other processes, see no change before it is durable.
        """
        ...

    def recover(self) -> None:
        """Prepare for ``commit`` after it failed. Raises ``StoreUnavailable`` if nothing can be written yet."""
        ...

    def look_after(self) -> None:
        """Called by the thread that commits, about once a second while there is nothing to commit. Raises ``StoreUnavailable`` if
        the next commit would be lost."""
        ...

    def find(self, name: str) -> StoredWorld | None:
        """The world of that name with its commands. Raises ``StoreUnavailable``."""
        ...

    def revision(self, world: int) -> int | None:
        """A number that changes when any process commits a change of that world; None: call ``position`` instead.
        Called for each request, so it must take about a µs. Not called for ``remote`` stores."""
        ...

    def position(self, name: str) -> Position | None:
        """The position of a world, as of now or later. Raises ``StoreUnavailable``."""
        ...

    def commands_after(self, world: int, number: int) -> list[bytes]:
        """A world's commands from the one after ``number`` on, oldest first."""
        ...

    def rows(self, offset: int = 0, limit: int = -1) -> list[tuple[int, str]]:
        """Ids and names of worlds in the order they were made."""
        ...

    def expired(self, now: float, limit: int = -1) -> list[tuple[int, str]]:
        """Ids and names of expired worlds, by time of expiry."""
        ...

    def faults(self) -> list[tuple[str, bytes]]:
        """Name and faults of each world that has faults."""
        ...

    def count(self) -> int:
        """How many worlds there are."""
        ...

    def reserve_id(self) -> int:
        """A new id for a world. With an engine that locks, call it within ``writing``."""
        ...

    def setting(self, name: str) -> str | None:
        """A setting of the store; None if it is not set."""
        ...

    def set_default(self, name: str, value: str) -> str:
        """The setting; if it is not set, set it to ``value``, durably."""
        ...

    def close(self) -> None: ...


class StoreLog(Log, Protocol):
    """A store, with the methods that ``counterfoil store`` needs."""

    def versions(self) -> dict[str, str | None]:
        """The store's format, and the versions of counterfoil and Faker that wrote it."""
        ...

    def commands(self) -> int:
        """How many commands all worlds have."""
        ...

    def size(self) -> int:
        """The size in bytes."""
        ...

    def mistakes(self) -> list[str]:
        """The mistakes in the store, one line each."""
        ...

    def compact(self) -> None:
        """Free the space of deleted worlds. Raises ``StoreUnavailable``."""
        ...


class RemoteLog(StoreLog, Protocol):
    """A store on a database server."""

    def positions(self, names: Sequence[str]) -> Mapping[str, Position]:
        """The positions of the worlds with those names, as of now or later; unknown names are left out."""
        ...


def encode_origin(origin: Origin) -> str:
    """JSON that is the same for equal origins."""
    return msgspec.json.encode(origin, order="sorted").decode()


def decode_origin(text: str) -> Origin:
    return msgspec.json.decode(text, type=Origin)
