"""Ends a call to a function of the user's own that takes too long, so that it holds up nobody else.

Python cannot end a thread. ``limited`` raises an exception in it, again and again until it leaves; code that waits in C (a
socket without a timeout) sees that only when the wait is over. ``in_own_thread`` therefore does not wait for it longer.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from threading import BoundedSemaphore, Event, Lock, Thread, get_ident
from typing import TypeVar

T = TypeVar("T")

MAX_THREADS = 32
"""Calls at the same time in threads of their own; one more is refused."""
GRACE = 1.0
"""Seconds after which the exception is raised again, and which a call has to end after the first."""


class TookTooLong(BaseException):
    """The call took longer than its limit. Not an ``Exception``, which functions often catch."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise ``TookTooLong`` in this thread if the block takes longer."""
    thread, left, one_at_a_time = get_ident(), Event(), Lock()

    def watch() -> None:
        pause = seconds
        while not left.wait(pause):
            pause = GRACE
            with one_at_a_time:
                if not left.is_set():
                    _raise_in(thread, TookTooLong)

    Thread(target=watch, name="counterfoil-time-limit", daemon=True).start()
    try:
        yield
    finally:
        with one_at_a_time:
            left.set()
        _raise_in(thread, None)  # what was raised and has not arrived yet


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    raised = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)


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
        context = copy_context()

        def tell(set_: Callable[..., None], value: object) -> None:
            if not answer.done():
                set_(value)

        def run() -> None:
            try:
                value = context.run(function)
            except (Exception, TookTooLong) as error:
                told: tuple[Callable[..., None], object] = (answer.set_exception, error)
            except BaseException as error:  # sys.exit() must not end the server
                told = (answer.set_exception, RuntimeError(f"{type(error).__name__}: {error}"))
            else:
                told = (answer.set_result, value)
            finally:
                self._free.release()
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, *told)

        Thread(target=run, name="counterfoil-own-handler", daemon=True).start()
        await asyncio.wait({answer}, timeout=seconds)
        if not answer.done():
            answer.cancel()  # what comes later is for nobody
            raise TookTooLong
        return answer.result()
