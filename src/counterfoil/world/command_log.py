"""How a world hands its changes to the store that keeps it; a world without a store has no command log."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from counterfoil.world.commands import Command
    from counterfoil.world.state import WorldState
    from counterfoil.world.world import World

T = TypeVar("T")
Saving = Future[None]
"""Done once the store has made a change durable; raises ``StoreUnavailable`` if the store could not."""


class StoreUnavailable(Exception):
    """The store cannot keep a change now, or cannot be read; the message is one line.

    It is not a ``LedgerError``: no rule of billing was broken, and an API must not answer it as a conflict. The
    refused change may be durable all the same, if the store failed after writing it.
    """


class WriteConflict(StoreUnavailable):
    """Another process changed the world first, so the store did not keep this change. The caller repeats the request on the
    new state (``CommandLog.exclusively``); if it cannot, the client gets the same error as for ``StoreUnavailable``."""

    def __init__(self) -> None:
        super().__init__("another process changed this world at the same moment; try again")


class CommandLog(Protocol):
    """Receives each change of a world, in order. The new state becomes ``head.newest``, which the next writer uses, at once,
    and ``head.state``, which readers see, once it is durable."""

    def append(self, head: Any, before: WorldState, draft: WorldState, command: Command) -> None:
        """Log ``command``, which turned ``before`` into ``draft``. Raises ``StoreUnavailable``, with nothing changed."""
        ...

    def replace(self, head: Any, before: WorldState, draft: WorldState) -> None:
        """Replace ``before`` by ``draft``, in which a scenario was just run. Raises ``StoreUnavailable``."""
        ...

    def amend(self, head: Any, draft: WorldState) -> Saving | None:
        """Replace the newest state by ``draft``, which differs from it only in its logins. The future is done once the store
        has the failed logins; None if they did not change, or the store does not keep them."""
        ...

    def is_contended(self, head: Any) -> bool:
        """Whether other processes write to this world too, so that ``exclusively`` is likely to save a conflict."""
        ...

    def exclusively(self, name: str, call: Callable[[World], T]) -> Future[T]:
        """Call ``call`` with the world of that name, in another thread; if another process wrote meanwhile, call it again.

        The future has its result or exception once its changes are durable; ``UnknownRecord`` if there is no such world.
        """
        ...
