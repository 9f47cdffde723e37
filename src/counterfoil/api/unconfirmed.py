"""A request that is worked on before it is known that its world in memory is what the store has.

A change needs no look before it: the store refuses what was made from an older world. Whatever else is answered is looked up
before it leaves, and the request is worked on again, from its first byte, if the world was not current.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from counterfoil.world.world import World


class Outdated(BaseException):
    """The world was not current; nothing was answered, and nothing that the request changed was kept.

    Not an ``Exception``, so that no layer between makes an answer of it.
    """


class Unconfirmed:
    """``is_current`` asks the store whether the world is what it was when the request came."""

    def __init__(self, is_current: Callable[[], Awaitable[bool]]) -> None:
        self._is_current = is_current
        self.is_confirmed = False

    async def confirm(self) -> None:
        """To be called before anything is done or told that the store does not check. Raises ``Outdated``."""
        if not self.is_confirmed:
            if not await self._is_current():
                raise Outdated
            self.is_confirmed = True


_request: ContextVar[Unconfirmed | None] = ContextVar("unconfirmed", default=None)


def unconfirmed() -> Unconfirmed | None:
    """That of the request that is worked on; None if its world was looked up first, or no other process changes it."""
    return _request.get()


def set_unconfirmed(request: Unconfirmed | None) -> None:
    """Say so of the request that is worked on from now on in this task."""
    _request.set(request)


def authority(world: World) -> tuple[Any, ...]:
    """What it depends on who may do what: a request is authenticated with it, and changes a world that has the same."""
    return world.now, world.tokens.since, id(world.grants), id(world.switches)
