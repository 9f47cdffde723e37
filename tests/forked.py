"""Starts a Python program in a process forked from one that has imported counterfoil, which saves a second of CPU each time.

For tests that start many servers and do not test starting. ``multiprocessing`` starts the fork server with the first program;
it has one thread. Unlike a program that is started afresh, a forked one has imported modules before it gets its environment,
ignores ``PYTHON…`` variables, and runs no ``atexit`` functions.
"""

from __future__ import annotations

import atexit
import faulthandler
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import TimeoutExpired

PRELOADED = ("counterfoil.app", "counterfoil.cli.run_server", "connexion", "uvicorn")
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(list(PRELOADED))


class ForkedProgram:
    """What ``python *words`` runs, with the part of ``subprocess.Popen`` that tests use. Its standard output is discarded."""

    def __init__(self, *words: str, environment: Mapping[str, str]) -> None:
        descriptor, path = tempfile.mkstemp()
        os.close(descriptor)
        self._errors, self._written = Path(path), ""
        self._process = _context.Process(target=_run, args=(words, dict(environment), path), daemon=True)
        atexit.register(self._end)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def communicate(self, timeout: float | None = None) -> tuple[None, str]:
        """Wait until it ends; returns what it wrote to standard error. Raises ``TimeoutExpired``."""
        self._process.join(timeout)
        if self.poll() is None:
            raise TimeoutExpired("the forked program", timeout or 0)
        if self._errors.exists():
            self._written = self._errors.read_text()
        self._end()
        return None, self._written

    def _end(self) -> None:
        """Leave nothing, also after a test that failed."""
        if self._process.pid is not None:
            self._process.kill()
        self._errors.unlink(missing_ok=True)
        atexit.unregister(self._end)


def _run(words: Sequence[str], environment: dict[str, str], errors: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
    os.dup2(os.open(errors, os.O_WRONLY | os.O_APPEND), sys.__stderr__.fileno())
    faulthandler.enable()
    if words[0] == "-m":
        sys.argv = list(words[1:])
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(words)
        runpy.run_path(words[0], run_name="__main__")
