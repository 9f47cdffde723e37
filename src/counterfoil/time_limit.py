"""Waits only so long for a function of the user's own, so that others are answered meanwhile.

Python cannot end a thread: one that takes too long is left alone, in a daemon thread, and what it does is without effect.
Raising an exception in it would do harm: after ``PyThreadState_SetAsyncExc`` any trace function, as of a debugger, hangs
(CPython 3.11).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from threading import BoundedSemaphore, Event, Thread
from typing import TypeVar

T = TypeVar("T")

MAX_THREADS = 32
"""Calls at the same time in threads of their own; one more is refused."""


class TookTooLong(Exception):
    """The call took longer than its limit, or too many calls were under way."""


_ABANDONED: ContextVar[Event] = ContextVar("abandoned")


def is_abandoned() -> bool:
    """Whether the client of this call has its answer already, so that what the call writes is dropped."""
    event = _ABANDONED.get(None)
    return event is not None and event.is_set()


class OwnThreads:
    """Calls functions in daemon threads, which do not keep the process from ending."""

    def __init__(self) -> None:
        self._free = BoundedSemaphore(MAX_THREADS)

    async def call(self, function: Callable[[], T], seconds: float) -> T:
        """What the function returns. Raises what it raises, and ``TookTooLong`` if it has not ended in time, or if as many
        calls are under way as may be."""
        if not self._free.acquire(blocking=False):
            raise TookTooLong
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        context, abandoned = copy_context(), Event()
        context.run(_ABANDONED.set, abandoned)

        def tell(set_: Callable[..., None], value: object) -> None:
            if not answer.done():
                set_(value)

        def run() -> None:
            try:
                value = context.run(function)
            except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:  # sys.exit() must not end the server
                ended = RuntimeError(f"{type(error).__name__}: {error}")
                told: tuple[Callable[..., None], object] = (answer.set_exception, ended)
            except BaseException as error:
                told = (answer.set_exception, error)
            else:
                told = (answer.set_result, value)
            finally:
                self._free.release()
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, *told)

        Thread(target=run, name="counterfoil-own-handler", daemon=True).start()
        await asyncio.wait({answer}, timeout=seconds)
        if not answer.done():
            abandoned.set()
            answer.cancel()  # what comes later is ignored
            raise TookTooLong
        return answer.result()
