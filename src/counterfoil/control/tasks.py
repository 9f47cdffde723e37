"""Requests that take long and go on after they were answered with 202: started, asked for, and forgotten, within a bound."""

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
"""Tasks that can be asked for. Of more, those that ended first are forgotten; each holds the body of one response."""


class OtherWorkers(Protocol):
    """The other processes of this server."""

    def on_question(self, what: str, reply: Callable[[bytes], bytes]) -> None:
        """Register the function that answers what they ask as ``what``."""
        ...

    def ask(self, what: str, body: bytes) -> list[tuple[int, bytes]]:
        """What each of them answers, by its number."""
        ...


class ShownTask(msgspec.Struct):
    """A task as another process shows it. ``status`` and ``answer`` are its response's, if it has ended."""

    name: str
    operation: str
    seconds: float
    status: int | None = None
    answer: Any = None

    @property
    def response(self) -> Response | None:
        return None if self.status is None else Response(self.status, self.answer)


class Task:
    """One request that is worked on, or was. ``seconds`` is how long, so far."""

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
        """The response of the request; None while it is worked on. Raises what went wrong."""
        return self._work.result() if self._work.done() else None


class Tasks:
    """The tasks of one server, from any thread. ``new_name`` gives a name that cannot be guessed."""

    def __init__(self, new_name: Callable[[], str], other_workers: OtherWorkers | None = None) -> None:
        self._new_name = new_name
        self._other_workers = other_workers
        if other_workers is not None:
            other_workers.on_question("task", self._answer)
        self._tasks: OrderedDict[str, Task] = OrderedDict()
        self._lock = Lock()

    def add(self, operation: str, work: Future[Response]) -> Task:
        """Keep what was started."""
        task = Task(self._new_name(), operation, work)
        with self._lock:
            self._tasks[task.name] = task
            if len(self._tasks) > MAX_KEPT_TASKS:
                ended = (name for name, each in self._tasks.items() if each.response is not None)
                del self._tasks[next(ended, next(iter(self._tasks)))]
        return task

    def find(self, name: str) -> Task | ShownTask:
        """Raises ``ApiError`` (unknown_resource)."""
        with self._lock:
            task = self._tasks.get(name)
        if task is not None:
            return task
        for _, said in self._other_workers.ask("task", name.encode()) if self._other_workers is not None else ():
            if said:
                return msgspec.json.decode(said, type=ShownTask)
        raise ApiError("unknown_resource", "there is no task of that name", where="task")

    def _answer(self, asked: bytes) -> bytes:
        with self._lock:
            task = self._tasks.get(asked.decode())
        if task is None:
            return b""
        response = task.response
        status, answer = (None, None) if response is None else (response.status, response.body)
        return msgspec.json.encode(ShownTask(task.name, task.operation, task.seconds, status, answer))
