"""Asks a database server for the positions of worlds, in one query for all waiting requests. A request that arrives during a
query joins the next one, so each answer is newer than its request.

While the server does not answer, it is tried again several times a second, and every request is refused at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Condition, Thread

from counterfoil.store.log import Position
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.worlds import DEFAULT

logger = logging.getLogger("counterfoil.store")
PositionFuture = asyncio.Future[Position | None]
RETRY_AFTER = 0.25
"""Seconds."""


class HeadQueries:
    """``positions`` asks the server for the positions of many worlds; it is called in a separate thread.

    ``problem`` is why the last query failed; None if it did not.
    """

    def __init__(self, positions: Callable[[Sequence[str]], Mapping[str, Position]]) -> None:
        self._positions = positions
        self._changed = Condition()
        self._waiting: list[tuple[str, PositionFuture]] = []
        self._is_closing = False
        self._thread: Thread | None = None
        self.problem: str | None = None

    def close(self) -> None:
        """Stop the thread; the next request starts another, also in a process that was forked."""
        thread, self._thread = self._thread, None
        if thread is not None:
            with self._changed:
                self._is_closing = True
                self._changed.notify()
            thread.join()

    def _start(self) -> None:
        self._is_closing = False
        self._thread = Thread(target=self._run, name="counterfoil-heads", daemon=True)
        self._thread.start()

    def ask(self, name: str) -> PositionFuture:
        """The position of that world, as of now or later; None if there is none. The future raises ``StoreUnavailable``."""
        answer: PositionFuture = asyncio.get_running_loop().create_future()
        with self._changed:
            if self.problem is not None:
                answer.set_exception(StoreUnavailable(self.problem))
                return answer
            if self._thread is None:
                self._start()
            self._waiting.append((name, answer))
            if len(self._waiting) == 1:
                self._changed.notify()
        return answer

    def _run(self) -> None:
        while not (self._is_closing and not self._waiting):
            with self._changed:
                if self.problem is not None:
                    self._changed.wait(RETRY_AFTER)
                elif not self._waiting and not self._is_closing:
                    self._changed.wait()
                waiting, self._waiting = self._waiting, []
            if not waiting and self.problem is None:
                continue
            positions = self._asked(list({name for name, _ in waiting} or {DEFAULT}))
            with self._changed:
                self.problem = str(positions) if isinstance(positions, StoreUnavailable) else None
                if self.problem is not None:
                    waiting += self._waiting
                    self._waiting = []
            _resolve(waiting, positions)

    def _asked(self, names: list[str]) -> Mapping[str, Position] | StoreUnavailable:
        try:
            return self._positions(names)
        except StoreUnavailable as error:
            if self.problem is None:
                logger.error("%s", error)
            return error
        except Exception:
            logger.exception("the store failed")
            return StoreUnavailable("the store failed; its log says why")


def _resolve(waiting: list[tuple[str, PositionFuture]], positions: Mapping[str, Position] | StoreUnavailable) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[tuple[str, PositionFuture]]] = {}
    for name, answer in waiting:
        loops.setdefault(answer.get_loop(), []).append((name, answer))
    for loop, requests in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: no request waits any more
            loop.call_soon_threadsafe(_set, requests, positions)


def _set(waiting: list[tuple[str, PositionFuture]], positions: Mapping[str, Position] | StoreUnavailable) -> None:
    for name, answer in waiting:
        if answer.done():  # the request was cancelled
            continue
        if isinstance(positions, StoreUnavailable):
            answer.set_exception(positions)
        else:
            answer.set_result(positions.get(name))
