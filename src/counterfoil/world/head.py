"""What all views of one world share: its newest state, and the lock that its writers queue behind."""

from __future__ import annotations

from counterfoil.world.command_log import CommandLog, Saving
from counterfoil.world.state import WorldState
from counterfoil.world.write_lock import WriteLock


class Head:
    """What all views of one world share: the state to read from, and the lock that its writers queue behind. ``serial`` tells
    it from others that had its name before.

    ``newest`` is what the next command is applied to. It is ``state``, unless a store (``log``) has not made it durable yet;
    ``saving`` is then what an answer that knows of it has to wait for.
    """

    __slots__ = ("__weakref__", "lock", "log", "name", "newest", "saving", "serial", "state")

    def __init__(self, state: WorldState, name: str, log: CommandLog | None = None) -> None:
        self.state = self.newest = state
        self.name = name
        self.lock = WriteLock()
        self.serial = 0
        self.log = log
        self.saving: Saving | None = None
