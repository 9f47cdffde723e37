"""Handles a request before checking that the world in memory is as new as the store's.

A change needs no check: the store refuses one that was made from an older world. Before any other response is sent, the store
is asked; if the world was outdated, the request is handled again from the start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from counterfoil.world.world import World


class Outdated(BaseException):
    """The world was not current; nothing was answered, and nothing that the request changed was kept.

    Not an ``Exception``, so that no layer turns it into a response.
    """


class Unconfirmed:
    """A request whose world is not yet checked. ``is_current`` asks the store whether the world is still current."""

    def __init__(self, is_current: Callable[[], Awaitable[bool]]) -> None:
        self._is_current = is_current
        self.is_confirmed = False

    async def confirm(self) -> None:
        """Call this before any effect or response that the store does not check. Raises ``Outdated``."""
        if not self.is_confirmed:
            if not await self._is_current():
                raise Outdated
            self.is_confirmed = True


_request: ContextVar[Unconfirmed | None] = ContextVar("unconfirmed", default=None)


def unconfirmed() -> Unconfirmed | None:
    """The current request's ``Unconfirmed``; None if its world was checked first, or no other process changes it."""
    return _request.get()


def set_unconfirmed(request: Unconfirmed | None) -> None:
    """Set what ``unconfirmed`` returns in this task from now on."""
    _request.set(request)


def authority(world: World) -> tuple[Any, ...]:
    """What authentication depends on. If it changes before the write, the request is handled again."""
    return world.now, world.tokens.since, id(world.grants), id(world.switches)
