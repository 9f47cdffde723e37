"""Show on the terminal what a check is doing: one line for each API."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

Progress = Callable[[str, str], None]
"""Called with an API and with what is being done for it now."""


def progress_display(wanted: bool | None, *, quiet: bool = False) -> AbstractContextManager[Progress]:
    """A context that gives a ``Progress``: status lines where ``wanted`` (by default on a terminal), else nothing."""
    shown = sys.stderr.isatty() if wanted is None else wanted
    return _StatusLines() if shown and not quiet else nullcontext(lambda api, text: None)


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
