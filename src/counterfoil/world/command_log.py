"""What a world tells the store that keeps it; a world without a store has none of this."""

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
"""Done once the store has made a change durable. Its exception is ``StoreUnavailable`` if the store could not."""


class StoreUnavailable(Exception):
    """The store cannot keep a change now, or cannot be read; the message is one line.

    It is not a ``LedgerError``: no rule of billing was broken, and an API must not answer it as a conflict. A change that
    was refused with it may have been made durable all the same, if the store failed after it had written.
    """


class WriteConflict(StoreUnavailable):
    """Another process changed the world first; nothing was kept. What was asked for is done again on the new state
    (``CommandLog.exclusively``), and refused as ``StoreUnavailable`` only where that is not possible."""

    def __init__(self) -> None:
        super().__init__("another process changed this world at the same moment; try again")


class CommandLog(Protocol):
    """Takes each change of a world in order. The new state becomes the world's ``newest`` at once, for the writers that
    follow, and its ``state``, which readers see, once it is durable."""

    def append(self, head: Any, before: WorldState, draft: WorldState, command: Command) -> None:
        """``command`` was applied to ``before``, which made ``draft``. Raises ``StoreUnavailable``, with nothing changed."""
        ...

    def replace(self, head: Any, before: WorldState, draft: WorldState) -> None:
        """``draft``, in which a scenario was just run, takes the place of ``before``. Raises ``StoreUnavailable``."""
        ...

    def amend(self, head: Any, draft: WorldState) -> Saving | None:
        """``draft`` differs from the newest state in its logins, and takes its place. What is returned is done once the store has
        those that failed; None if they are as they were, or not kept."""
        ...

    def is_contended(self, head: Any) -> bool:
        """Whether other processes write to this world, too, so that it is better to take one's turn at once."""
        ...

    def exclusively(self, name: str, call: Callable[[World], T]) -> Future[T]:
        """What ``call`` returns or raises for the world of that name, once the changes that it makes are durable. No other
        process writes meanwhile, or it is called again. It is called in another thread. The future raises ``UnknownRecord`` if
        there is no such world.
        """
        ...
