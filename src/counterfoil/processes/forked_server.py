"""Serves an application in a process of its own that is forked from this one, so that both work at the same time.

What this process has built is there at once, and shared until one of the two changes it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import NoReturn

from counterfoil.asgi import ASGIApp
from counterfoil.serving import serve


def can_fork() -> bool:
    """Whether this process can be forked safely: a fork has no other thread, and the locks that one held stay held."""
    return hasattr(os, "fork") and threading.active_count() == 1


def serve_in_fork(app: ASGIApp, listener: socket.socket, others: Sequence[socket.socket] = ()) -> Callable[[], None]:
    """Start serving in a forked process; returns a ``stop()`` function. Needs ``can_fork()``.

    ``listener`` is listening already, so requests are answered as soon as the process is ready for them. ``others`` are
    sockets of this process alone. The forked process ends when this one does, however that happens.
    """
    parent_read, parent_write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if not process:
        os.close(parent_write)
        _serve(app, listener, others, parent_read)
    os.close(parent_read)
    listener.close()

    def stop() -> None:
        os.close(parent_write)
        with contextlib.suppress(ChildProcessError):  # who started this process may ignore SIGCHLD
            os.waitpid(process, 0)

    return stop


def _serve(app: ASGIApp, listener: socket.socket, others: Sequence[socket.socket], parent_read: int) -> NoReturn:
    try:
        for other in others:
            other.close()
        threading.Thread(target=_end_with_parent, args=(parent_read,), name="counterfoil-parent", daemon=True).start()
        serve(app, listener)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(1)  # what the parent opened is not this process's to close


def _end_with_parent(parent_read: int) -> NoReturn:
    os.read(parent_read, 1)
    os._exit(0)
