"""What a world tells the store that keeps it; a world without a store has none of this."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from counterfoil.world.commands import Command
    from counterfoil.world.state import WorldState

Saving = Future[None]
"""Done once the store has made a change durable. Its exception is ``StoreUnavailable`` if the store could not."""


class StoreUnavailable(Exception):
    """The store cannot keep a change now, or cannot be read; the message is one line.

    It is not a ``LedgerError``: no rule of billing was broken, and an API must not answer it as a conflict. A change that
    was refused with it may have been made durable all the same, if the store failed after it had written.
    """


class CommandLog(Protocol):
    """Takes each change of a world in order. The new state becomes the world's ``newest`` at once, for the writers that
    follow, and its ``state``, which readers see, once it is durable."""

    def append(self, head: Any, before: WorldState, draft: WorldState, command: Command) -> None:
        """``command`` was applied to ``before``, which made ``draft``. Raises ``StoreUnavailable``, with nothing changed."""
        ...

    def replace(self, head: Any, before: WorldState, draft: WorldState) -> None:
        """``draft``, in which a scenario was just run, takes the place of ``before``. Raises ``StoreUnavailable``."""
        ...

    def amend(self, head: Any, draft: WorldState) -> None:
        """``draft`` differs from the newest state in what is not kept: logins. It takes its place."""
        ...
