"""Worker threads for requests that may take long, so that the event loop goes on answering others; bounded in number.

Two bounds, because a request may wait and may compute. Waiting for a world that is busy takes a thread and nothing else.
Computing takes the interpreter, from the event loop too: each thread that computes may keep the loop waiting for one
switch interval (5 ms) whenever it comes back from the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore, Lock
from typing import Any, TypeVar

from counterfoil.api import ApiError
from counterfoil.api.saving import wait_saved
from counterfoil.world.world import World

T = TypeVar("T")


class Workers:
    """``most`` requests may be in worker threads. Of those that change something ``writing`` compute at a time, of the
    look-ups ``reading``: these are shorter, and do not wait for a command of another world."""

    def __init__(self, most: int = 64, writing: int = 2, reading: int = 4) -> None:
        self._most = most
        self._busy = 0
        self._counting = Lock()  # requests may come from several event loops
        self._writing = BoundedSemaphore(writing)
        self._reading = BoundedSemaphore(reading)
        self._pool = ThreadPoolExecutor(most, "counterfoil-control")

    async def read(self, call: Callable[[], T]) -> T:
        """``call()``, which changes nothing, in a worker thread. Raises ``ApiError`` (503) at the bound."""
        return await self._in_thread(partial(_within, self._reading, call))

    async def write(self, call: Callable[[], T], to: World | None = None) -> T:
        """``call()`` in a worker thread, holding the write lock of ``to``. Raises ``ApiError`` (503) at the bound.

        The lock is taken first: who computes never waits for another who computes. Nor does waiting for a store take a
        slot: it comes last.
        """
        return await self._in_thread(partial(_within, self._writing, call, to))

    def start(self, call: Callable[[], T], to: World | None, run: Callable[[Callable[[], T]], T]) -> Future[T]:
        """Like ``write``, without waiting for it. ``run`` is given what is to be called, and sees what it raises."""
        return self._start(partial(run, partial(_within, self._writing, call, to)))

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._start(call))

    def _start(self, call: Callable[[], T]) -> Future[T]:
        with self._counting:
            if self._busy >= self._most:
                raise ApiError(
                    "unavailable", f"{self._most} requests are being worked on, which is the bound; try again"
                )
            self._busy += 1
        work = self._pool.submit(call)
        work.add_done_callback(self._ended)
        return work

    def _ended(self, work: Future[Any]) -> None:
        with self._counting:
            self._busy -= 1


def _within(slots: BoundedSemaphore, call: Callable[[], T], world: World | None = None) -> T:
    if world is None:
        with slots:
            return call()
    world.begin_write()
    try:
        with slots:
            return call()
    finally:
        wait_saved(world.end_write())
