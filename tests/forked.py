"""Starts a Python program in a process forked from one that has imported counterfoil, which saves a second of CPU each time.

For tests that start many servers and are about something else than how they start. ``multiprocessing`` keeps the process that
is forked; it has no threads, and is started for the first of them.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from subprocess import TimeoutExpired

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["counterfoil.app", "counterfoil.cli.run_server", "connexion", "uvicorn"])


class ForkedProgram:
    """What ``python *words`` runs, with the part of ``subprocess.Popen`` that tests use. Its standard output is discarded."""

    def __init__(self, *words: str) -> None:
        descriptor, path = tempfile.mkstemp()
        os.close(descriptor)
        self._errors = Path(path)
        self._process = _context.Process(target=_run, args=(words, dict(os.environ), path), daemon=True)
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
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def communicate(self, timeout: float | None = None) -> tuple[None, str]:
        """Wait until it ends; returns what it wrote to standard error. Raises ``TimeoutExpired``."""
        self._process.join(timeout)
        if self.poll() is None:
            raise TimeoutExpired("the forked program", timeout or 0)
        written = self._errors.read_text()
        self._errors.unlink()
        return None, written


def _run(words: Sequence[str], environment: dict[str, str], errors: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
    os.dup2(os.open(errors, os.O_WRONLY | os.O_APPEND), sys.__stderr__.fileno())
    faulthandler.enable()
    sys.argv = list(words)
    if words[0] == "-m":
        sys.argv = list(words[1:])
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(words[0], run_name="__main__")
