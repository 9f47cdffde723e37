"""Lets the workers of one server ask each other questions, over Unix sockets in a private folder; a thread answers."""

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
    """``folder`` must be private to this server. It is None with one worker: ``ask`` returns nothing then, and ``start`` must
    not be called. Messages are bytes, never pickled objects."""

    def __init__(self, folder: Path | None, workers: int) -> None:
        self._folder = folder
        self._workers = workers
        self._worker = 0
        self._answers: dict[bytes, Callable[[bytes], bytes]] = {}

    @property
    def worker(self) -> int:
        """The number of this worker, from 1; 0 before ``start``."""
        return self._worker

    def on_question(self, what: str, reply: Callable[[bytes], bytes]) -> None:
        """Register the function that answers other workers' questions about ``what``. It is called in a thread."""
        self._answers[what.encode()] = reply

    def start(self, worker: int) -> None:
        """Start answering as worker number ``worker``, from 1."""
        self._worker = worker
        path = self._path(worker)
        path.unlink(missing_ok=True)  # left by a worker that was killed
        listener = Listener(str(path), "AF_UNIX", backlog=64)
        Thread(target=self._serve, args=(listener,), name="counterfoil-siblings", daemon=True).start()

    def ask(self, what: str, body: bytes) -> list[tuple[int, bytes]]:
        """The answer of each other worker, with its number. Must not be called in an event loop."""
        if self._folder is None:
            return []
        others = [worker for worker in range(1, self._workers + 1) if worker != self._worker]
        asked = [(worker, self._begin(worker, what, body)) for worker in others]
        answers = [(worker, None if connection is None else _end(connection)) for worker, connection in asked]
        return [(worker, answer) for worker, answer in answers if answer is not None]

    def _path(self, worker: int) -> Path:
        assert self._folder is not None
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
