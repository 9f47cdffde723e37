"""Calls a user's function with a time limit, in a thread, so that other requests are answered meanwhile.

Python cannot end a thread: a call that takes too long goes on in its daemon thread, and its result is ignored.
No exception is raised in that thread: after ``PyThreadState_SetAsyncExc`` any trace function, such as a debugger's, hangs
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
"""How many calls may run at the same time; further ones are refused."""


class TookTooLong(Exception):
    """The call took longer than its limit, or too many calls were running."""


_ABANDONED: ContextVar[Event] = ContextVar("abandoned")


def is_abandoned() -> bool:
    """Whether this call took too long: its client has been answered, and what the call writes is dropped."""
    event = _ABANDONED.get(None)
    return event is not None and event.is_set()


class OwnThreads:
    """Calls functions in daemon threads, which do not keep the process from ending."""

    def __init__(self) -> None:
        self._free = BoundedSemaphore(MAX_THREADS)

    async def call(self, function: Callable[[], T], seconds: float) -> T:
        """The function's result. Raises what it raises, and ``TookTooLong`` if it does not end in time or ``MAX_THREADS``
        calls are running."""
        if not self._free.acquire(blocking=False):
            raise TookTooLong
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        context, abandoned = copy_context(), Event()
        context.run(_ABANDONED.set, abandoned)

        def finish(set_outcome: Callable[..., None], value: object) -> None:
            if not answer.done():
                set_outcome(value)

        def run() -> None:
            try:
                value = context.run(function)
            except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:  # sys.exit() must not end the server
                ended = RuntimeError(f"{type(error).__name__}: {error}")
                outcome: tuple[Callable[..., None], object] = (answer.set_exception, ended)
            except BaseException as error:
                outcome = (answer.set_exception, error)
            else:
                outcome = (answer.set_result, value)
            finally:
                self._free.release()
            if not loop.is_closed():
                loop.call_soon_threadsafe(finish, *outcome)

        Thread(target=run, name="counterfoil-own-handler", daemon=True).start()
        await asyncio.wait({answer}, timeout=seconds)
        if not answer.done():
            abandoned.set()
            answer.cancel()  # a later result is ignored
            raise TookTooLong
        return answer.result()
