"""Starts workers by forking, replaces workers that end, and ends all workers when it ends itself.

uvicorn's own supervisor (``uvicorn.supervisors.Multiprocess``) is not used: it spawns, so every worker would build everything
again and share no memory, and all workers accept from one socket, which sometimes gave one worker 16 of 16 connections.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

MIN_UPTIME_SECONDS = 1.0
"""A worker that ends within this many seconds counts as failed to start."""
MAX_FAILURES = 5
PAUSE = 0.2
"""Seconds before a worker that failed to start is started again."""
STOP_SECONDS = 10.0
"""Seconds after which workers that do not end are killed."""

PID_BYTES = 8
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


class WorkersFailed(Exception):
    """Workers failed to start too often; the message is one line."""


class Supervisor:
    """``work`` is called in each worker with its number, from 1, and a function to call when it is ready; when ``work`` returns,
    the worker ends. ``ready`` is called in this process when all workers are ready for the first time, ``clean_up`` in each
    worker if this process is killed."""

    def __init__(
        self,
        workers: int,
        work: Callable[[int, Callable[[], None]], None],
        ready: Callable[[], None],
        clean_up: Callable[[], None],
    ) -> None:
        self._workers = workers
        self._work = work
        self._ready = ready
        self._clean_up = clean_up
        self._running: dict[int, tuple[int, float]] = {}  # by process id: the worker's number, and when it was started
        self._accepting: set[int] = set()  # process ids of workers that are ready
        self._is_stopping = False
        self._failures = 0

    def run(self) -> None:
        """Run until SIGINT or SIGTERM, then end all workers. Raises ``WorkersFailed``."""
        # only this process has the writing end, so it closes even if this process is killed
        self._parent_read, self._parent_write = os.pipe()
        self._ready_read, self._ready_write = os.pipe()
        signals, wakes = os.pipe()
        for pipe in (signals, wakes, self._ready_read):
            os.set_blocking(pipe, False)
        for name in SIGNALS:
            signal.signal(name, self._on_signal)
        signal.set_wakeup_fd(wakes)
        gc.collect()
        gc.freeze()  # a collection in a worker would otherwise write to all objects, and copy their memory
        try:
            for number in range(1, self._workers + 1):
                self._start(number)
            was_ready = False
            while not self._is_stopping:
                select.select([signals, self._ready_read], [], [], 5.0)
                _drain(signals)
                self._note_ready()
                self._replace_ended()
                if not was_ready and len(self._accepting) == self._workers:
                    was_ready = True
                    self._ready()
        finally:
            self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._is_stopping = True

    def _note_ready(self) -> None:
        ids = _drain(self._ready_read)
        self._accepting |= {int.from_bytes(ids[at : at + PID_BYTES]) for at in range(0, len(ids), PID_BYTES)}

    def _replace_ended(self) -> None:
        for process, (number, started) in list(self._running.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended or self._is_stopping:
                continue
            del self._running[process]
            self._accepting.discard(process)
            code = os.waitstatus_to_exitcode(status)
            if time.monotonic() - started < MIN_UPTIME_SECONDS and code >= 0:
                self._failures += 1
                if self._failures >= MAX_FAILURES:
                    raise WorkersFailed(f"workers end as soon as they start, the last with exit code {code}")
                time.sleep(PAUSE)
            else:
                self._failures = 0
            self._start(number)

    def _start(self, number: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        process = os.fork()
        if process:
            self._running[process] = number, time.monotonic()
            return
        self._in_worker(number)

    def _in_worker(self, number: int) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for name in SIGNALS:
                signal.signal(name, signal.SIG_DFL)
            os.close(self._parent_write)
            threading.Thread(target=self._end_with_supervisor, name="counterfoil-supervisor", daemon=True).start()
            self._work(number, self._report_ready)
            code = 0
        except SystemExit as ended:  # the worker has printed why
            code = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)  # without closing what the supervisor opened

    def _report_ready(self) -> None:
        os.write(self._ready_write, os.getpid().to_bytes(PID_BYTES))

    def _end_with_supervisor(self) -> NoReturn:
        os.read(self._parent_read, 1)
        self._clean_up()
        os._exit(0)

    def _stop(self) -> None:
        self._is_stopping = True
        self._note_ready()
        for process in self._running:
            # a worker that is not ready serves no requests, and may not handle signals yet
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM if process in self._accepting else signal.SIGKILL)
        until = time.monotonic() + STOP_SECONDS
        while self._running:
            for process in list(self._running):
                if os.waitpid(process, os.WNOHANG)[0]:
                    del self._running[process]
                elif time.monotonic() > until:
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.02)
        signal.set_wakeup_fd(-1)


def _drain(pipe: int) -> bytes:
    try:
        return os.read(pipe, 4096)
    except BlockingIOError:
        return b""
