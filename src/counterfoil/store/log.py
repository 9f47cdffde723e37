"""What a store must be able to do, and the records it is given. They hold no objects of a world, only what rebuilds one.

Several processes may write to one store. None of them owns a world: each change says what it was made from, and is refused
(``Conflict``) if another process was faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import msgspec

DURABILITY_CHECK_SECONDS = 1.0
"""Seconds after which a server that is written to is asked again whether it keeps what it is given: that can be changed while it
runs."""


class StoreError(Exception):
    """A store that cannot be used; the message is one line that says what to do."""


class Conflict(Exception):
    """Another process changed a world first. Nothing of the batch was kept; what is made from the new state may be."""


class Origin(msgspec.Struct, frozen=True):
    """What a world started from: the scenario (its text is stored once, by digest) and what was chosen with it."""

    scenario: str
    digest: str
    seed: int
    customers: int | None
    switches: dict[str, bool | int | str]


class Row(msgspec.Struct, frozen=True):
    """One world. Its version is ``base`` plus the number of its commands. ``time_to_live`` in seconds, None: forever;
    ``expires`` in seconds since 1970: the world is forgotten after it. ``id`` is never given to another world."""

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
    """Where a world is: its row's ``id`` and ``base``, the number of its commands, and what is kept beside them: when it
    expires, its faults and its failed logins (``SetFaults.json`` and ``SetLogins.json``)."""

    id: int
    base: int
    number: int
    expires: float | None = None
    faults: bytes = b""
    logins: bytes = b""


class AppendCommand(msgspec.Struct, frozen=True):
    """The ``number``-th command of a world since its version was ``base``, counted from 1.

    A conflict if the world is not there, has another base, or has not exactly ``number - 1`` commands; with ``is_plain`` also
    if it has faults or failed logins.
    """

    world: int
    base: int
    number: int
    command: bytes
    is_plain: bool = False


class CreateWorld(msgspec.Struct, frozen=True):
    """A new world, with the commands that were executed in it already. A conflict if its name or its id is taken."""

    row: Row
    text: bytes
    commands: Sequence[bytes] = ()


class ResetWorld(msgspec.Struct, frozen=True):
    """A world lost its commands; ``base`` is its new version. A conflict unless that is the next one: the version was
    ``base - 1``."""

    world: int
    base: int


class DeleteWorld(msgspec.Struct, frozen=True):
    """A world was deleted; with ``expired_before``, because it idled. A conflict if it is not there, or expires at or after
    that time (another process used it)."""

    world: int
    expired_before: float | None = None


class TouchWorld(msgspec.Struct, frozen=True):
    """A world was used: it now expires later. Never a conflict."""

    world: int
    expires: float


class SetFaults(msgspec.Struct, frozen=True):
    """The faults of a world are now those in ``json``; none, if it is empty. A conflict if the world is not there, or
    if they were not ``before`` (None: whatever they were)."""

    world: int
    json: bytes
    before: bytes | None = None


class SetLogins(msgspec.Struct, frozen=True):
    """The same for the failed logins to a world; ``at`` is its base and the number of its commands, which decided how the login
    ended: a conflict if they are others."""

    world: int
    json: bytes
    before: bytes | None = None
    at: tuple[int, int] | None = None


Change = AppendCommand | CreateWorld | ResetWorld | DeleteWorld | TouchWorld | SetFaults | SetLogins


class Log(Protocol):
    """A store. ``commit``, ``writing``, ``recover`` and ``look_after`` are called from one thread, everything else from any.

    ``shared``: other processes may write to it meanwhile. If not, there are no conflicts, and ``revision`` is not asked for.
    ``remote``: asking costs a round trip, so that it must not be done in an event loop; ``revision`` is not asked for then,
    but for each request's ``position``.
    """

    where: str
    shared: bool
    remote: bool

    def connect(self) -> None:
        """Be ready in this process; needed after a fork only. A store that cannot be written is not an error: its first commit
        fails, and it is tried again then. Raises ``StoreError``."""
        ...

    def disconnect(self) -> None:
        """Close every connection: none may cross a fork."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Keep other processes from writing, where the engine has a lock for it; others conflict instead."""
        ...

    def commit(self, changes: Sequence[Change]) -> None:
        """Make all of them durable, or none. When it returns they survive a crash of the process and of the machine.

        In order: a change may build on those before it. Raises ``Conflict`` if one does not fit to what other processes
        wrote; nothing is kept then. May raise anything else; then it is not known whether they are durable, until ``recover``
        returns. Readers, here and in other processes, see nothing of it before it is durable.
        """
        ...

    def recover(self) -> None:
        """Be ready for ``commit`` again after it failed. Raises ``StoreUnavailable`` if nothing can be written yet."""
        ...

    def look_after(self) -> None:
        """Called by the thread that commits, about once a second while there is nothing to commit. Raises ``StoreUnavailable`` if
        what is committed next would be lost."""
        ...

    def find(self, name: str) -> StoredWorld | None:
        """The world of that name with its commands. Raises ``StoreUnavailable``."""
        ...

    def revision(self, world: int) -> int | None:
        """A number that differs once anything of that world was committed, by whatever process; None: ask for its position.
        For each request, so it must not take more than a µs. Not for ``remote`` ones."""
        ...

    def position(self, name: str) -> Position | None:
        """Where a world is, as of now or later. Raises ``StoreUnavailable``."""
        ...

    def commands_after(self, world: int, number: int) -> list[bytes]:
        """A world's commands from the one after ``number`` on, oldest first."""
        ...

    def rows(self, offset: int = 0, limit: int = -1) -> list[tuple[int, str]]:
        """Ids and names of worlds in the order they were made."""
        ...

    def expired(self, now: float, limit: int = -1) -> list[tuple[int, str]]:
        """Ids and names of worlds that may be forgotten, those that expired first first."""
        ...

    def faults(self) -> list[tuple[str, bytes]]:
        """The faults of each world that has some, by its name."""
        ...

    def count(self) -> int:
        """How many worlds there are."""
        ...

    def reserve_id(self) -> int:
        """A new id for a world, for the caller alone. With an engine that locks, to be called within ``writing``."""
        ...

    def setting(self, name: str) -> str | None:
        """A setting of the store; None if it is not set."""
        ...

    def set_default(self, name: str, value: str) -> str:
        """The setting, which becomes ``value``, durably, if it is not set."""
        ...

    def close(self) -> None: ...


class StoreLog(Log, Protocol):
    """A store, with what ``counterfoil store`` asks of it."""

    def versions(self) -> dict[str, str | None]:
        """What it was written with: its format, and the versions of counterfoil and Faker."""
        ...

    def commands(self) -> int:
        """How many commands all worlds have."""
        ...

    def size(self) -> int:
        """Bytes."""
        ...

    def mistakes(self) -> list[str]:
        """What is wrong with it, one line each."""
        ...

    def compact(self) -> None:
        """Give back the space of what was deleted. Raises ``StoreUnavailable``."""
        ...


class RemoteLog(StoreLog, Protocol):
    """A store that is asked over a network."""

    def positions(self, names: Sequence[str]) -> Mapping[str, Position]:
        """Where the worlds of those names are, as of now or later; those that are not there are left out."""
        ...


def encode_origin(origin: Origin) -> str:
    """As text that is the same for equal origins."""
    return msgspec.json.encode(origin, order="sorted").decode()


def decode_origin(text: str) -> Origin:
    return msgspec.json.decode(text, type=Origin)
