"""Serves an application with several processes that are forked from this one (``serve --workers``)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from counterfoil.cli.common import echo, refuse

if TYPE_CHECKING:
    from socket import socket

    from counterfoil.app import Application


def is_possible() -> bool:
    """Whether this system supports it, as Linux and macOS do."""
    import socket

    return hasattr(os, "fork") and hasattr(socket, "SO_REUSEPORT")


def temporary_store(opened: ExitStack, *, quiet: bool) -> str:
    """The path of a store that is deleted when ``opened`` is closed."""
    folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-store-"))
    if not quiet:
        echo(f"worlds are kept in a temporary file, gone when this server stops ({folder}); --store FILE keeps them")
    return str(Path(folder) / "worlds.db")


def serve_with_workers(
    application: Application,
    listeners: list[socket],
    serve: Callable[[socket, Callable[[], None]], None],
    ready: Callable[[], None],
    *,
    temporary: Path | None = None,
) -> None:
    """Serve from one process for each listener, until interrupted. ``serve`` is called in each process, with its listener and a
    function to call when it accepts requests. ``temporary`` is a folder that the workers delete if this process is killed.
    Raises ``WorkersFailed``.
    """
    from counterfoil.processes.supervisor import Supervisor
    from counterfoil.store.log import StoreError

    sharing = application.sharing
    assert sharing is not None

    def work(number: int, is_ready: Callable[[], None]) -> None:
        for other, listener in enumerate(listeners, 1):
            if other != number:
                listener.close()
        try:
            sharing.after_fork(number)
        except (StoreError, OSError) as error:
            refuse(error)
        serve(listeners[number - 1], is_ready)
        application.worlds.close()

    def clean_up() -> None:
        sharing.close()
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)

    sharing.before_fork()
    Supervisor(len(listeners), work, ready, clean_up).run()
