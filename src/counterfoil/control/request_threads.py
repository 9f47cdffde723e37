"""Runs slow requests in a limited number of threads, so that the event loop can answer other requests.

There are two limits, because a request may wait or compute. Waiting for a busy world only occupies a thread.
Computing holds the GIL: each computing thread may delay the event loop by one switch interval (5 ms) whenever it wakes up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore, Lock
from typing import Any, TypeVar

from counterfoil.api import ApiError
from counterfoil.api.saving import is_contended, run_exclusively_blocking, wait_saved
from counterfoil.world.command_log import WriteConflict
from counterfoil.world.world import World

T = TypeVar("T")


class RequestThreads:
    """At most ``most`` requests are in threads. At most ``writing`` requests that change something and ``reading`` look-ups
    compute at a time, so that a look-up does not wait for a command of another world."""

    def __init__(self, most: int = 64, writing: int = 2, reading: int = 4) -> None:
        self._most = most
        self._busy = 0
        self._counting = Lock()  # requests may come from several event loops
        self._writing = BoundedSemaphore(writing)
        self._reading = BoundedSemaphore(reading)
        self._pool = ThreadPoolExecutor(most, "counterfoil-control")

    async def read(self, call: Callable[[], T]) -> T:
        """Run a ``call`` that changes nothing in a thread. Raises ``ApiError`` (503) at the limit."""
        return await self._in_thread(partial(_run_with, self._reading, call))

    async def write(self, call: Callable[[], T], to: World | None = None) -> T:
        """Run ``call`` in a thread, holding the write lock of ``to``. Raises ``ApiError`` (503) at the limit.

        The lock is taken before the semaphore, and the store is waited for after it, so that no thread waits while it counts
        as computing.
        """
        return await self._in_thread(partial(_run_with, self._writing, call, to))

    def start(self, call: Callable[[], T], to: World | None, run: Callable[[Callable[[], T]], T]) -> Future[T]:
        """Like ``write``, but returns at once. ``run`` receives the function to call, and can handle its exceptions."""
        return self._start(partial(run, partial(_run_with, self._writing, call, to)))

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._start(call))

    def _start(self, call: Callable[[], T]) -> Future[T]:
        with self._counting:
            if self._busy >= self._most:
                raise ApiError("unavailable", f"{self._most} requests are in progress, which is the maximum; try again")
            self._busy += 1
        work = self._pool.submit(call)
        work.add_done_callback(self._ended)
        return work

    def _ended(self, work: Future[Any]) -> None:
        with self._counting:
            self._busy -= 1


def _run_with(slots: BoundedSemaphore, call: Callable[[], T], world: World | None = None) -> T:
    if world is None:
        with slots:
            return call()
    if is_contended(world):
        return run_exclusively_blocking(world, lambda _: call())
    try:
        world.begin_write()
        try:
            with slots:
                return call()
        finally:
            wait_saved(world.end_write())
    except WriteConflict:
        return run_exclusively_blocking(world, lambda _: call())
