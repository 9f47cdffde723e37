"""The journal of each world over all workers of a server: each worker shows the exchanges of all.

Each worker records its own requests in memory, at no extra cost; it asks the other workers when its journal is read. The part
of a killed worker is lost.
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
"""Counters per worker, chosen by a world's name. Two worlds may share one; a page then sometimes reloads needlessly."""


class Part(msgspec.Struct, frozen=True):
    """The journal of one worker: the number of its last exchange, how many exchanges it dropped, when each of the others was
    recorded, and those that match the query."""

    last: int
    dropped: int
    times: list[datetime]
    matching: list[RecordedExchange]


class _Recorded(NamedTuple):
    """An exchange of one worker; sorts by time."""

    at: datetime
    worker: int
    number: int


class SharedJournal:
    """``journal`` is this worker's. Implements ``counterfoil.api.control_types.Journal``. Create it before forking workers."""

    def __init__(self, journal: JournalStore, siblings: Siblings, workers: int) -> None:
        self._journal = journal
        self._siblings = siblings
        self._workers = workers
        self._limit = JournalLimits().exchanges
        self._counts = memoryview(mmap.mmap(-1, (workers + 1) * SLOTS * 8)).cast("Q")  # shared with the forked workers
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
        """A number that grows with every exchange of the world in any worker, and when the journal is cleared."""
        return sum(self._counts[crc32(world.encode()) % SLOTS :: SLOTS])

    def find(self, world: str, query: JournalQuery) -> JournalPage:
        unlimited = msgspec.structs.replace(query, after=None, limit=self._limit)
        question = msgspec.json.encode((world, unlimited))
        parts = {self._worker: self._part(world, unlimited)}
        for worker, answer in self._siblings.ask("journal", question):
            if answer:
                parts[worker] = msgspec.json.decode(answer, type=Part)
        return _merged(parts, query, self._limit)

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


def _merged(parts: dict[int, Part], query: JournalQuery, limit: int) -> JournalPage:
    """One journal of all parts.

    The newest exchange has the total count of all workers as its number; later exchanges do not renumber earlier ones. When a
    worker is killed, its part is subtracted from the total, and numbers become lower.
    """
    recorded = sorted(
        _Recorded(at, worker, part.last - len(part.times) + 1 + index)
        for worker, part in parts.items()
        for index, at in enumerate(part.times)
    )
    # leave out exchanges older than the oldest of a worker that dropped some: others of that time may be missing
    complete_from = max((part.times[0] for part in parts.values() if part.dropped and part.times), default=None)
    shown = [entry for entry in recorded if complete_from is None or entry.at >= complete_from][-limit:]
    last = sum(part.last for part in parts.values())
    numbers = {(entry.worker, entry.number): last - back for back, entry in enumerate(reversed(shown))}
    matching = sorted(
        (
            msgspec.structs.replace(exchange, number=numbers[worker, exchange.number])
            for worker, part in parts.items()
            for exchange in part.matching
            if (worker, exchange.number) in numbers
        ),
        key=lambda exchange: exchange.number,
    )
    if query.after is not None:
        matching = [exchange for exchange in matching if exchange.number > query.after]
    dropped = sum(part.dropped for part in parts.values()) + len(recorded) - len(shown)
    return JournalPage(tuple(matching[max(0, len(matching) - max(0, query.limit)) :]), len(matching), dropped)
