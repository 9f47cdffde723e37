"""Starts ``counterfoil`` with a planted defect, or on a slow disk: ``python launch.py DEFECT serve --store …``.

Tests that kill the server must find these defects; otherwise they would prove nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any


def slow_disk(seconds: float = 0.01) -> None:
    """Each commit takes longer, as on a busy disk. Not a defect: it makes the time wide in which one can show."""
    from counterfoil.store.sqlite import SqliteLog

    commit = SqliteLog.commit

    def slowly(self: SqliteLog, operations: Any) -> None:
        time.sleep(seconds)
        commit(self, operations)

    SqliteLog.commit = slowly  # type: ignore[method-assign]


def answers_before_flush() -> None:
    """Responses do not wait for the store."""
    from counterfoil.control import control_api, workers
    from counterfoil.server import handlers

    async def at_once(saving: Any) -> None:
        return

    slow_disk()
    handlers.until_saved = control_api.until_saved = at_once
    handlers.wait_saved = workers.wait_saved = lambda saving: None


def shows_before_flush() -> None:
    """Readers see a change that is not durable yet."""
    from counterfoil.store.group_commit import GroupCommit

    append = GroupCommit.append

    def and_show(self: GroupCommit, head: Any, before: Any, draft: Any, command: Any) -> None:
        append(self, head, before, draft, command)
        head.state = draft

    slow_disk(0.03)
    GroupCommit.append = and_show  # type: ignore[method-assign]


def forgets_the_last_batch() -> None:
    """What was committed last is lost at a crash, as without ``synchronous=FULL`` when the power fails."""
    from counterfoil.store.sqlite import SqliteLog

    commit = SqliteLog.commit
    held: list[Any] = []

    def one_behind(self: SqliteLog, operations: Any) -> None:
        commit(self, held) if held else None
        held[:] = operations

    SqliteLog.commit = one_behind  # type: ignore[method-assign]


DEFECTS: dict[str, Callable[[], None]] = {
    each.__name__.replace("_", "-"): each
    for each in (slow_disk, answers_before_flush, shows_before_flush, forgets_the_last_batch)
}

if __name__ == "__main__":
    from counterfoil.cli import main

    DEFECTS[sys.argv.pop(1)]()
    main()
