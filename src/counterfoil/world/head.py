"""The object that all views of one world share: its current state and its write lock."""

from __future__ import annotations

from counterfoil.world.command_log import CommandLog, Saving
from counterfoil.world.state import WorldState
from counterfoil.world.write_lock import WriteLock


class Head:
    """The state that readers of a world see, and the lock that its writers wait for. ``serial`` distinguishes the world from
    earlier ones of the same name.

    The next command is applied to ``newest``. That is ``state``, or a later one that the store (``log``) has not made durable
    yet; a response that shows it must then wait for ``saving``.
    """

    __slots__ = ("__weakref__", "lock", "log", "name", "newest", "saving", "serial", "state")

    def __init__(self, state: WorldState, name: str, log: CommandLog | None = None) -> None:
        self.state = self.newest = state
        self.name = name
        self.lock = WriteLock()
        self.serial = 0
        self.log = log
        self.saving: Saving | None = None
