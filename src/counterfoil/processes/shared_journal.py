"""The journal of each world over all workers of a server: each worker shows what any of them recorded.

Each worker records its own requests in memory, which costs a request nothing more; the others are asked when the journal is
read. A worker that is killed takes its part of the journal with it.
"""

from __future__ import annotations

import mmap
from datetime import datetime
from typing import NamedTuple
from zlib import crc32

import msgspec

from counterfoil.api.control_types import JournalPage, JournalQuery, RecordedExchange
from counterfoil.processes.siblings import Siblings
from counterfoil.server.context import RequestContext
from counterfoil.server.journal.store import JournalLimits, JournalStore

SLOTS = 4096
"""Counters of each worker, chosen by a world's name. Two worlds may share one: then a page looks once too often."""


class Part(msgspec.Struct, frozen=True):
    """What one worker has: the number of its last exchange, how many it dropped, when each of those that it has was recorded,
    and those that were asked for."""

    last: int
    dropped: int
    times: list[datetime]
    matching: list[RecordedExchange]


class _Recorded(NamedTuple):
    """Exchanges in the order in which they happened, over all workers."""

    at: datetime
    worker: int
    number: int


class SharedJournal:
    """``journal`` is this worker's. Implements ``counterfoil.api.control_types.Journal``. Made before the workers are forked."""

    def __init__(self, journal: JournalStore, siblings: Siblings, workers: int) -> None:
        self._journal = journal
        self._siblings = siblings
        self._workers = workers
        self._limit = JournalLimits().exchanges
        self._counts = memoryview(mmap.mmap(-1, (workers + 1) * SLOTS * 8)).cast("Q")  # shared by those that are forked
        self._worker = 0
        siblings.on_question("journal", self._answer)
        siblings.on_question("journal.clear", self._answer_clear)

    def start(self, worker: int) -> None:
        self._worker = worker

    def observe(self, context: RequestContext) -> None:
        """The server's ``Observer``."""
        self._journal.observe(context)
        self._count(context.world_name)

    def _count(self, world: str) -> None:
        self._counts[self._worker * SLOTS + crc32(world.encode()) % SLOTS] += 1  # no other process writes here

    def version(self, world: str) -> int:
        """A number that grows with every exchange of the world at any worker, and when they are cleared."""
        return sum(self._counts[crc32(world.encode()) % SLOTS :: SLOTS])

    def find(self, world: str, wanted: JournalQuery) -> JournalPage:
        asked = msgspec.structs.replace(wanted, after=None, limit=self._limit)
        question = msgspec.json.encode((world, asked))
        parts = {self._worker: self._part(world, asked)}
        for worker, said in self._siblings.ask("journal", question):
            if said:
                parts[worker] = msgspec.json.decode(said, type=Part)
        return _merged(parts, wanted, self._limit)

    def clear(self, world: str) -> None:
        self._answer_clear(world.encode())
        self._siblings.ask("journal.clear", world.encode())

    def _part(self, world: str, query: JournalQuery) -> Part:
        return Part(*self._journal.part(world, query))

    def _answer(self, question: bytes) -> bytes:
        world, query = msgspec.json.decode(question, type=tuple[str, JournalQuery])
        return msgspec.json.encode(self._part(world, query))

    def _answer_clear(self, question: bytes) -> bytes:
        self._journal.clear(question.decode())
        self._count(question.decode())
        return b""


def _merged(parts: dict[int, Part], wanted: JournalQuery, limit: int) -> JournalPage:
    """One journal of all parts.

    Exchanges are numbered so that the newest has the total count of all workers; later exchanges do not renumber earlier ones.
    After a worker was killed, the total is without its part, and numbers begin again lower.
    """
    places = sorted(
        _Recorded(at, worker, part.last - len(part.times) + 1 + index)
        for worker, part in parts.items()
        for index, at in enumerate(part.times)
    )
    # older than the oldest of a worker that dropped some: others of that time may be missing
    whole = max((part.times[0] for part in parts.values() if part.dropped and part.times), default=None)
    shown = [each for each in places if whole is None or each.at >= whole][-limit:]
    last = sum(part.last for part in parts.values())
    numbers = {(each.worker, each.number): last - back for back, each in enumerate(reversed(shown))}
    matching = sorted(
        (
            msgspec.structs.replace(each, number=numbers[worker, each.number])
            for worker, part in parts.items()
            for each in part.matching
            if (worker, each.number) in numbers
        ),
        key=lambda each: each.number,
    )
    if wanted.after is not None:
        matching = [each for each in matching if each.number > wanted.after]
    dropped = sum(part.dropped for part in parts.values()) + len(places) - len(shown)
    return JournalPage(tuple(matching[max(0, len(matching) - max(0, wanted.limit)) :]), len(matching), dropped)
