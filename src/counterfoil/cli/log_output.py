"""Writes the server's log to standard error for ``counterfoil serve``: readable or JSON lines, in batches."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from counterfoil.server.logs import ACCESS_FORMAT, AccessHandler, access_values


class Lines(logging.Formatter):
    """Formats a log record, or the ``fields`` of a request directly. The time is formatted once per second."""

    TIME = ""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._time = (0, "")

    def time(self, created: float) -> str:
        """Local time of a Unix time."""
        second, text = self._time
        if second != int(created):
            second, text = int(created), time.strftime(self.TIME, time.localtime(created))
            self._time = second, text
        return text

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  (logging's name)
        return self.time(record.created)

    def access(self, created: float, fields: dict[str, Any]) -> str:
        """The line of a request."""
        raise NotImplementedError


class JsonLines(Lines):
    """One JSON object per line, for log collectors."""

    TIME = "%Y-%m-%dT%H:%M:%S%z"

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", None) or {"message": record.getMessage()}
        if record.exc_info:
            fields = {**fields, "trace": self.formatException(record.exc_info)}
        return self._line(record.created, record.levelname.lower(), record.name, fields)

    def access(self, created: float, fields: dict[str, Any]) -> str:
        return self._line(created, "info", "counterfoil.access", fields)

    def _line(self, created: float, level: str, logger: str, fields: dict[str, Any]) -> str:
        import orjson

        line = {"time": self.time(created), "level": level, "logger": logger, **fields}
        return orjson.dumps(line, default=str).decode()


class Readable(Lines):
    """``12:00:01 INFO GET /elevate/v1/… 200 0.31ms world=default``; line ends inside a message are escaped."""

    TIME = "%H:%M:%S"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's name)
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")

    def access(self, created: float, fields: dict[str, Any]) -> str:
        return f"{self.time(created)} INFO {ACCESS_FORMAT % access_values(fields)}"


class BatchHandler(AccessHandler):
    """Writes lines in batches, from a separate thread, so that requests never wait for the output.

    A line is written at most ``INTERVAL`` seconds after it was logged, and ``close`` writes the rest. While the output is
    blocked, up to ``LIMIT`` characters wait; later lines are dropped, and the next written line says how many. Lines that
    cannot be written (a closed pipe, a full disk) are dropped too.
    """

    INTERVAL = 0.2
    LIMIT = 4 << 20
    CHUNK = 16 << 10
    CLOSE_TIMEOUT = 2.0
    """Seconds that ``close`` waits for a blocked output."""

    ACCESS_LIMIT = 64 << 20
    """Limit on the characters of request lines in a file (about 350,000 requests); errors are written beyond it."""

    def __init__(
        self, output: io.RawIOBase, lines: Lines, encoding: str = "utf-8", *, access_limit: int | None = None
    ) -> None:
        super().__init__()
        self._access_left = access_limit
        self.setFormatter(lines)
        self._output, self._form, self._encoding = output, lines, encoding
        # not the handler's own lock, which logging.shutdown holds while it closes the handler
        self._buffer = threading.Lock()
        self._lines: list[str] = []
        self._size = 0
        self._dropped = 0
        self._written = 0
        self._waiting, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="counterfoil-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Add the record's line to the next batch."""
        try:
            self._put(self.format(record))
        except Exception:
            self.handleError(record)

    def access(self, fields: dict[str, Any]) -> None:
        """Add a request's line to the next batch, unless a file has reached its limit."""
        line = self._form.access(time.time(), fields)
        if self._access_left is not None:
            if self._access_left <= 0:
                return
            self._access_left -= len(line)
            if self._access_left <= 0:
                line += "\n" + self._message("the limit of request lines in a file is reached; no more are written")
        self._put(line)

    def _message(self, text: str) -> str:
        return self.format(logging.LogRecord("counterfoil.server", logging.WARNING, __file__, 0, text, None, None))

    def _put(self, line: str) -> None:
        with self._buffer:
            if self._size + len(line) > self.LIMIT:
                self._dropped += 1
                return
            self._lines.append(line)
            self._size += len(line)
        if not self._waiting.is_set():
            self._waiting.set()

    def close(self) -> None:
        """Write the buffered lines, as long as the output accepts them, and end the thread."""
        self._closing.set()
        self._waiting.set()
        written = -1
        while self._thread.is_alive() and written != self._written:
            written = self._written
            self._thread.join(self.CLOSE_TIMEOUT)
        super().close()

    def _run(self) -> None:
        closing = False
        while not closing:
            self._waiting.wait()
            closing = self._closing.wait(self.INTERVAL)  # meanwhile lines are added to the batch
            self._waiting.clear()
            self._write(self._batch())

    def _batch(self) -> bytes:
        with self._buffer:
            lines, self._lines, self._size = self._lines, [], 0
            dropped, self._dropped = self._dropped, 0
        if dropped:
            text = f"{dropped} log lines were dropped: the output did not take them"
            lines.append(self._message(text))
        return "".join(f"{line}\n" for line in lines).encode(self._encoding, "backslashreplace")

    def _write(self, batch: bytes) -> None:
        done = 0
        while done < len(batch):
            try:
                count = self._output.write(batch[done : done + self.CHUNK])
            except OSError:
                with self._buffer:
                    self._dropped += batch.count(b"\n", done)
                return
            if count is None:  # a non-blocking output that is full
                time.sleep(0.02)
                continue
            self._written += count
            done += count


@contextlib.contextmanager
def configure_logging(*, as_json: bool = False, level: int = logging.INFO) -> Iterator[None]:
    """A context in which counterfoil's logs go to standard error, in batches. Leaving it writes the buffered lines."""
    root = logging.getLogger("counterfoil")
    handlers, before = root.handlers[:], root.level
    handler: logging.Handler = logging.NullHandler()
    if sys.stderr is not None:  # None if the process was started with standard error closed
        output = io.FileIO(sys.stderr.fileno(), "w", closefd=False)
        is_file = stat.S_ISREG(os.fstat(output.fileno()).st_mode)
        limit = BatchHandler.ACCESS_LIMIT if is_file else None
        form = JsonLines() if as_json else Readable()
        handler = BatchHandler(output, form, sys.stderr.encoding, access_limit=limit)
    root.handlers[:] = [handler]
    root.setLevel(level)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(before)
        handler.close()
