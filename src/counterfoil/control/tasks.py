"""Tasks: requests that take long and continue after the response 202; a limited number of them can be looked up."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Any, Protocol

import msgspec

from counterfoil.api import ApiError, Response

MAX_KEPT_TASKS = 256
"""Limit on stored tasks, each with one response body; the oldest one that has ended is dropped first."""


class OtherWorkers(Protocol):
    """The other processes of this server."""

    def on_question(self, what: str, reply: Callable[[bytes], bytes]) -> None:
        """Register the function that answers their questions about ``what``."""
        ...

    def ask(self, what: str, body: bytes) -> list[tuple[int, bytes]]:
        """The answer of each of them, with its number."""
        ...


class ShownTask(msgspec.Struct):
    """A task of another process. ``status`` and ``answer`` are from its response, if it has ended."""

    name: str
    operation: str
    seconds: float
    status: int | None = None
    answer: Any = None

    @property
    def response(self) -> Response | None:
        return None if self.status is None else Response(self.status, self.answer)


class Task:
    """A request that is running or has ended. ``seconds`` is how long it has taken so far."""

    def __init__(self, name: str, operation: str, work: Future[Response]) -> None:
        self.name = name
        self.operation = operation
        self._work = work
        self._started = time.monotonic()
        self._ended: float | None = None
        work.add_done_callback(self._end)

    def _end(self, work: Future[Response]) -> None:
        self._ended = time.monotonic()

    @property
    def seconds(self) -> float:
        return (self._ended or time.monotonic()) - self._started

    @property
    def response(self) -> Response | None:
        """The response of the request; None while it is running. Raises the request's exception."""
        return self._work.result() if self._work.done() else None


class Tasks:
    """The tasks of one server. Thread-safe. ``new_name`` returns a name that cannot be guessed."""

    def __init__(self, new_name: Callable[[], str], other_workers: OtherWorkers | None = None) -> None:
        self._new_name = new_name
        self._other_workers = other_workers
        if other_workers is not None:
            other_workers.on_question("task", self._answer)
        self._tasks: OrderedDict[str, Task] = OrderedDict()
        self._lock = Lock()

    def add(self, operation: str, work: Future[Response]) -> Task:
        """Add a task for ``work``, which has been started."""
        task = Task(self._new_name(), operation, work)
        with self._lock:
            self._tasks[task.name] = task
            if len(self._tasks) > MAX_KEPT_TASKS:
                ended = (name for name, kept in self._tasks.items() if kept.response is not None)
                del self._tasks[next(ended, next(iter(self._tasks)))]
        return task

    def find(self, name: str) -> Task | ShownTask:
        """The task with that name, in any worker. Raises ``ApiError`` (unknown_resource)."""
        with self._lock:
            task = self._tasks.get(name)
        if task is not None:
            return task
        for _, answer in self._other_workers.ask("task", name.encode()) if self._other_workers is not None else ():
            if answer:
                return msgspec.json.decode(answer, type=ShownTask)
        raise ApiError("unknown_resource", "there is no task of that name", where="task")

    def _answer(self, name: bytes) -> bytes:
        with self._lock:
            task = self._tasks.get(name.decode())
        if task is None:
            return b""
        response = task.response
        status, answer = (None, None) if response is None else (response.status, response.body)
        return msgspec.json.encode(ShownTask(task.name, task.operation, task.seconds, status, answer))
