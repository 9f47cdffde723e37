"""What a store must be able to do, and the records it is given. They hold no objects of a world, only what rebuilds one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class StoreError(Exception):
    """A store that cannot be used; the message is one line that says what to do."""


class Origin(msgspec.Struct, frozen=True):
    """What a world started from: the scenario (its text lies in the store once, by digest) and what was chosen with it."""

    scenario: str
    digest: str
    seed: int
    customers: int | None
    switches: dict[str, bool | int | str]


class Row(msgspec.Struct, frozen=True):
    """One world. Its version is ``base`` plus the number of its commands. ``time_to_live`` in seconds, None for ever;
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


class Appended(msgspec.Struct, frozen=True):
    """The ``number``-th command of a world, counted from 1."""

    world: int
    number: int
    command: bytes


class Made(msgspec.Struct, frozen=True):
    """A new world, with the commands that were executed in it already."""

    row: Row
    text: bytes
    commands: Sequence[bytes] = ()


class Reset(msgspec.Struct, frozen=True):
    """A world lost its commands; ``base`` is its new version."""

    world: int
    base: int


class Gone(msgspec.Struct, frozen=True):
    """A world was deleted."""

    world: int


class Touched(msgspec.Struct, frozen=True):
    """A world was used: it now expires later."""

    world: int
    expires: float


class Faults(msgspec.Struct, frozen=True):
    """The faults ordered for a world are now those in ``json``; none, if it is empty."""

    world: int
    json: bytes


Operation = Appended | Made | Reset | Gone | Touched | Faults


class Log(Protocol):
    """A store. ``commit`` and ``recover`` are called from one thread, everything else from any."""

    where: str

    def commit(self, operations: Sequence[Operation]) -> None:
        """Make all of them durable, or none. When it returns they survive a crash of the process and of the machine.

        May raise anything. Then it is not known whether they are durable, until ``recover`` returns.
        """
        ...

    def recover(self) -> None:
        """Be ready for ``commit`` again after it failed. Raises ``StoreUnavailable`` if nothing can be written yet."""
        ...

    def find(self, name: str) -> StoredWorld | None:
        """The world of that name with its commands. Raises ``StoreUnavailable``."""
        ...

    def position(self, name: str) -> tuple[int, int, int] | None:
        """A world's id, base and number of commands."""
        ...

    def rows(self, offset: int = 0, limit: int = -1) -> list[tuple[int, str]]:
        """Ids and names of worlds in the order they were made."""
        ...

    def expired(self, now: float) -> list[tuple[int, str]]:
        """Ids and names of worlds that may be forgotten."""
        ...

    def faults(self) -> list[tuple[str, bytes]]:
        """The faults of each world that has some, by its name."""
        ...

    def count(self) -> int:
        """How many worlds there are."""
        ...

    def last_id(self) -> int:
        """The largest id that was given to a world."""
        ...

    def about(self, name: str, value: str | None = None) -> str | None:
        """A setting of the store; with ``value`` it is set first, and durable."""
        ...

    def close(self) -> None: ...


def encode_origin(origin: Origin) -> str:
    """As text that is the same for equal origins."""
    return msgspec.json.encode(origin, order="sorted").decode()


def decode_origin(text: str) -> Origin:
    return msgspec.json.decode(text, type=Origin)
