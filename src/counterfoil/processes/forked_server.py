"""Serves an application in a forked process, so that it runs at the same time as this one.

The fork shares the memory of this process, so that it need not build anything again.
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
    """Whether this process can be forked safely: with other threads, a lock that one of them holds stays locked in the fork."""
    return hasattr(os, "fork") and threading.active_count() == 1


def serve_in_fork(app: ASGIApp, listener: socket.socket, others: Sequence[socket.socket] = ()) -> Callable[[], None]:
    """Start serving in a forked process; returns a ``stop()`` function. Needs ``can_fork()``.

    ``listener`` is listening already, so requests are answered as soon as the process is ready for them. The forked
    process closes ``others``, sockets that only this process uses. It ends when this process ends, even if that is killed.
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
        with contextlib.suppress(ChildProcessError):  # this process may have inherited that SIGCHLD is ignored
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
        os._exit(1)  # without closing what the parent opened


def _end_with_parent(parent_read: int) -> NoReturn:
    os.read(parent_read, 1)
    os._exit(0)
