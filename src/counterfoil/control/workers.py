"""Worker threads for requests that may take long, so that the event loop goes on answering others; bounded in number.

Two bounds, because a request may wait and may compute. Waiting for a world that is busy takes a thread and nothing else.
Computing takes the interpreter, from the event loop too: each thread that computes may keep the loop waiting for one
switch interval (5 ms) whenever it comes back from the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, Lock
from typing import TypeVar

from counterfoil.api import ApiError
from counterfoil.world.world import World

T = TypeVar("T")


class Workers:
    """``most`` requests may be in worker threads, of which ``computing`` compute at a time."""

    def __init__(self, most: int = 64, computing: int = 2) -> None:
        self._most = most
        self._busy = 0
        self._counting = Lock()  # requests may come from several event loops
        self._computing = BoundedSemaphore(computing)
        self._pool = ThreadPoolExecutor(most, "counterfoil-control")

    async def run(self, call: Callable[[], T], writes_to: World | None = None) -> T:
        """``call()`` in a worker thread, holding the write lock of ``writes_to``. Raises ``ApiError`` (503) at the bound.

        The lock is taken first: who computes never waits for another who computes.
        """
        with self._counting:
            if self._busy >= self._most:
                raise ApiError(
                    "unavailable", f"{self._most} requests are being worked on, which is the bound; try again"
                )
            self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, call, writes_to)
        finally:
            with self._counting:
                self._busy -= 1

    def _run(self, call: Callable[[], T], writes_to: World | None) -> T:
        if writes_to is None:
            with self._computing:
                return call()
        with writes_to.writing(), self._computing:
            return call()
