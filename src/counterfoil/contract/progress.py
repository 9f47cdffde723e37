"""Shows what a check is doing: a line for each API on a terminal, else a line every ``SECONDS_BETWEEN_LINES``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

Progress = Callable[[str, str], None]
"""Called with an API and a text that says what is being done for it."""


SECONDS_BETWEEN_LINES = 30.0
"""How often a check that does not run on a terminal says what it is doing."""


def progress_display(enabled: bool | None, *, quiet: bool = False) -> AbstractContextManager[Progress]:
    """A context that gives a ``Progress``: status lines where ``enabled`` (by default on a terminal), else rare lines.

    ``quiet`` shows nothing.
    """
    if quiet:
        return nullcontext(lambda api, text: None)
    shown = sys.stderr.isatty() if enabled is None else enabled
    return _StatusLines() if shown else _rare_lines()


@contextmanager
def _rare_lines() -> Iterator[Progress]:
    """A line on standard error every ``SECONDS_BETWEEN_LINES``, so that a log shows that the check goes on."""
    last_line = time.monotonic()

    def report(api: str, text: str) -> None:
        nonlocal last_line
        if time.monotonic() - last_line >= SECONDS_BETWEEN_LINES:
            last_line = time.monotonic()
            print(f"{api}: {text}", file=sys.stderr)

    yield report


class _StatusLines:
    """One line for each API that says what is being done."""

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import Progress as Bars
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.fields[api]:16}"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
        )
        self._bars = Bars(*columns, console=Console(stderr=True), transient=True)
        self._tasks: dict[str, Any] = {}
        self._bars.start()
        return self._update

    def _update(self, api: str, text: str) -> None:
        if api not in self._tasks:
            self._tasks[api] = self._bars.add_task("", api=api, total=None)
        self._bars.update(self._tasks[api], description=text[:80])

    def __exit__(self, *exc: object) -> None:
        self._bars.stop()
