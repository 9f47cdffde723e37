"""Starts ``counterfoil`` with a planted defect, or on a slow disk: ``python launch.py DEFECT serve --store …``.

Tests that kill the server must find these defects; otherwise they would prove nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any


def slow_disk(seconds: float = 0.01) -> None:
    """Each commit takes longer, as on a busy disk. Not a defect: it widens the time in which a defect can show."""
    from counterfoil.store.sqlite import SqliteLog

    commit = SqliteLog.commit

    def slowly(self: SqliteLog, operations: Any) -> None:
        time.sleep(seconds)
        commit(self, operations)

    SqliteLog.commit = slowly  # type: ignore[method-assign]


def answers_before_flush() -> None:
    """Responses do not wait for the store."""
    from counterfoil.control import control_api, request_threads
    from counterfoil.server import handlers

    async def at_once(saving: Any) -> None:
        return

    slow_disk()
    handlers.until_saved = control_api.until_saved = at_once
    handlers.wait_saved = request_threads.wait_saved = lambda saving: None


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
    """The last commit is lost at a crash, as without ``synchronous=FULL`` when the power fails."""
    from counterfoil.store.sqlite import SqliteLog

    commit = SqliteLog.commit
    held: list[Any] = []

    def one_behind(self: SqliteLog, operations: Any) -> None:
        commit(self, held) if held else None
        held[:] = operations

    SqliteLog.commit = one_behind  # type: ignore[method-assign]


def never_looks() -> None:
    """A worker treats its state in memory as the newest."""
    from counterfoil.store.shared_worlds import SharedWorlds

    try_catch_up = SharedWorlds.try_catch_up

    def always(self: SharedWorlds, name: str) -> bool:
        return name in self._heads or try_catch_up(self, name)

    SharedWorlds.try_catch_up = always  # type: ignore[method-assign]


def writes_over_others() -> None:
    """A command overwrites the one that another worker wrote at the same moment."""
    from counterfoil.store import sqlite_statements
    from counterfoil.store.log import AppendCommand

    check = sqlite_statements._check

    def over(connection: Any, operations: Any) -> bool:
        if not all(isinstance(each, AppendCommand) for each in operations):
            return False
        rows = [(each.world, each.number, each.command) for each in operations]
        connection.executemany("INSERT OR REPLACE INTO log VALUES (?, ?, ?)", rows)
        return True

    def careless(connection: Any, each: Any, there: Any) -> None:
        if not isinstance(each, AppendCommand):
            check(connection, each, there)

    sqlite_statements._append_if_next, sqlite_statements._check = over, careless


def counts_before_it_commits() -> None:
    """A worker that reads between the two treats the old world as the new one."""
    from contextlib import contextmanager

    from counterfoil.store.log import CreateWorld, TouchWorld
    from counterfoil.store.write_turns import SLOTS, SharedWriteLock

    @contextmanager
    def early(self: SharedWriteLock, operations: Any) -> Any:
        for each in operations:
            if not isinstance(each, CreateWorld | TouchWorld):
                self.counters[each.world % SLOTS] += 2
        time.sleep(0.003)
        yield

    SharedWriteLock.bump_counters = early  # type: ignore[method-assign]


def workers_cannot_open_the_store() -> None:
    """As when its file has gone meanwhile."""
    from counterfoil.store.log import StoreError
    from counterfoil.store.shared_worlds import SharedWorlds

    def refused(self: SharedWorlds, worker: int) -> None:
        raise StoreError("worlds.db: unable to open database file")

    SharedWorlds.after_fork = refused  # type: ignore[method-assign]


DEFECTS: dict[str, Callable[[], None]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        slow_disk,
        answers_before_flush,
        shows_before_flush,
        forgets_the_last_batch,
        never_looks,
        writes_over_others,
        counts_before_it_commits,
        workers_cannot_open_the_store,
    )
}

if __name__ == "__main__":
    from counterfoil.cli import main

    DEFECTS[sys.argv.pop(1)]()
    main()
