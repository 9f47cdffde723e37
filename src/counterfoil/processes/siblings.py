"""Lets the workers of one server ask each other: over Unix sockets in a folder of their own, answered by a thread."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from threading import Thread

REPLY_SECONDS = 2.0
"""Seconds for an answer; a worker that takes longer, or has just been killed, is left out."""
MAX_MESSAGE_BYTES = 64 * 2**20
logger = logging.getLogger("counterfoil.server")


class Siblings:
    """``folder`` is this server's alone. What is sent are bytes, never pickled objects."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._workers = workers
        self._worker = 0
        self._answers: dict[bytes, Callable[[bytes], bytes]] = {}

    @property
    def worker(self) -> int:
        """Which one this process is, from 1; 0 before it has begun to answer."""
        return self._worker

    def on_question(self, what: str, reply: Callable[[bytes], bytes]) -> None:
        """Register the function that answers what other workers ask as ``what``. It is called in a thread."""
        self._answers[what.encode()] = reply

    def start(self, worker: int) -> None:
        """Begin to answer, as this worker (counted from 1)."""
        self._worker = worker
        path = self._path(worker)
        path.unlink(missing_ok=True)  # of one that was killed
        listener = Listener(str(path), "AF_UNIX", backlog=64)
        Thread(target=self._serve, args=(listener,), name="counterfoil-siblings", daemon=True).start()

    def ask(self, what: str, body: bytes) -> list[tuple[int, bytes]]:
        """What each other worker answered, with its number. Not to be called in an event loop."""
        asked = [(each, self._begin(each, what, body)) for each in range(1, self._workers + 1) if each != self._worker]
        return [(worker, said) for worker, open_ in asked if open_ is not None and (said := _end(open_)) is not None]

    def _path(self, worker: int) -> Path:
        return self._folder / f"worker-{worker}"

    def _begin(self, worker: int, what: str, body: bytes) -> Connection | None:
        with contextlib.suppress(OSError):
            connection = Client(str(self._path(worker)), "AF_UNIX")
            connection.send_bytes(what.encode() + b"\n" + body)
            return connection
        return None

    def _serve(self, listener: Listener) -> None:
        while True:
            try:
                with listener.accept() as connection:
                    if connection.poll(REPLY_SECONDS):
                        what, _, body = connection.recv_bytes(MAX_MESSAGE_BYTES).partition(b"\n")
                        answer = self._answers.get(what)
                        connection.send_bytes(answer(body) if answer is not None else b"")
            except (OSError, EOFError):  # the other worker was killed
                continue
            except Exception:
                logger.exception("a question of another worker was not answered")


def _end(connection: Connection) -> bytes | None:
    with connection, contextlib.suppress(OSError, EOFError):
        if connection.poll(REPLY_SECONDS):
            return connection.recv_bytes(MAX_MESSAGE_BYTES)
    return None
