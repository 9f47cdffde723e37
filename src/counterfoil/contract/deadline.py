"""Cuts the connection of a request that takes too long, whatever it waits for.

The timeout of an HTTP client limits one read. A server that sends the head of its response at one byte a second keeps the client
reading for a day.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

SocketOf = Callable[[], "socket.socket | None"]


class Deadline:
    """Limits the time of requests, one request at a time. Its thread ends with the process or on ``close()``."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._end: float | None = None
        self._socket_of: SocketOf = lambda: None
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self.was_missed = False
        """Whether the last request's connection was cut."""

    @contextmanager
    def within(self, seconds: float, socket_of: SocketOf) -> Iterator[None]:
        """Shut down the connection that ``socket_of`` returns unless the block ends within ``seconds``."""
        self._watch(time.monotonic() + seconds, socket_of)
        try:
            yield
        finally:
            with self._changed:
                self._end = None

    def _watch(self, end: float, socket_of: SocketOf) -> None:
        with self._changed:
            self._end, self._socket_of, self.was_missed = end, socket_of, False
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="counterfoil-deadline", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._is_closed:
                left = None if self._end is None else self._end - time.monotonic()
                if left is None or left > 0:
                    self._changed.wait(left)
                    continue
                self._end, self.was_missed = None, True
                if (connection := self._socket_of()) is not None:
                    with suppress(OSError):
                        # Not the method of an SSL socket, which would change it while another thread reads from it.
                        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class ConnectionOfTrace:
    """The socket of an httpx client's connection, learned from httpcore's extension ``trace``."""

    def __init__(self) -> None:
        self._stream: Any = None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._stream = info["return_value"]

    def socket(self) -> socket.socket | None:
        found: socket.socket | None = self._stream and self._stream.get_extra_info("socket")
        return found
