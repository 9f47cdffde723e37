"""Collects the resources that one request writes, which ``World.one_step`` then executes as one command."""

from __future__ import annotations

from typing import Any

from counterfoil.world.commands import Command, WriteResource, in_one
from counterfoil.world.resources import check_bytes
from counterfoil.world.state import WorldState


class Step:
    """The writes made within ``World.one_step`` that are not executed yet.

    ``before`` is the state that the view showed before it. The view shows it again if the step fails or is ``dropped``.
    """

    __slots__ = ("before", "dropped", "writes")

    def __init__(self, before: WorldState) -> None:
        self.before = before
        self.dropped = False
        self.writes: list[WriteResource] = []

    def stage(self, shown: WorldState, command: WriteResource) -> tuple[WorldState, Any]:
        """Apply ``command`` to a fork of ``shown``, the state that the view shows; returns the fork and the command's result.

        Raises ``LedgerError`` if the command is refused; it is not added to ``writes`` then.
        """
        draft = shown.fork()
        fact = command.apply(draft)
        check_bytes(shown.resources, draft.resources)
        self.writes.append(command)
        return draft, fact

    def command(self) -> Command:
        """One command for all writes."""
        return in_one(self.writes)
