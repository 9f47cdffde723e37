"""Turns an error while opening a store into one line that names the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from counterfoil.store.log import Log, StoreError
from counterfoil.world.command_log import StoreUnavailable

E = TypeVar("E", bound=Exception)


@contextmanager
def open_or_refuse(log: Log, errors: type[E], describe: Callable[[E], str]) -> Iterator[None]:
    """Within the ``with`` block ``log`` is opened. An error closes it and becomes a ``StoreError``; ``describe`` makes a line of
    the engine's own ``errors``."""
    try:
        yield
    except BaseException as error:
        log.close()
        if isinstance(error, errors):
            line = describe(error)
        elif isinstance(error, StoreUnavailable):
            line = str(error)
        elif isinstance(error, OSError):
            line = f"cannot be opened: {error.strerror}"
        else:
            raise
        raise StoreError(f"{log.where}: {line}") from None
