"""Writes to a store from one thread: changes that wait are made durable together, with one flush of the disk.

A world's new state is shown to readers only then. If the store fails, all that was not durable is dropped, each client that
waits for it is told so, and the store is tried again once a second; until it works, every change is refused at once.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Condition, Thread
from typing import NamedTuple

from counterfoil.ledger.errors import RuleBroken
from counterfoil.store.log import Appended, Log, Operation, Reset, Touched
from counterfoil.world.command_log import Saving, StoreUnavailable
from counterfoil.world.commands import Command, encode_command
from counterfoil.world.state import WorldState
from counterfoil.world.world import Head

MOST_COMMANDS = 100_000
"""Of one world until it is reset, from all clients: rebuilding that many takes seconds."""
logger = logging.getLogger("counterfoil.store")


class StoredHead(Head):
    """A world that lies in a store. ``id`` is that of its row, ``used_at`` in seconds since 1970; ``newest`` is what the last
    change that was taken (``taken``) made, with logins since."""

    __slots__ = ("expires", "id", "is_closing", "taken", "time_to_live", "used_at")

    def __init__(
        self,
        state: WorldState,
        name: str,
        log: GroupCommit | None,
        *,
        id: int,
        time_to_live: float | None,
        expires: float | None,
        used_at: float,
    ) -> None:
        super().__init__(state, name, log)
        self.id = self.serial = id
        self.taken = state
        self.time_to_live = time_to_live
        self.expires = expires
        self.used_at = used_at
        self.is_closing = False


class _Waiting(NamedTuple):
    operation: Operation
    head: StoredHead | None
    draft: WorldState | None


class GroupCommit:
    """``recovered`` is called after a failure, before changes are taken again, with the worlds that had changes which may or
    may not be durable. It holds the write lock of each, and puts ``state`` and ``newest`` right."""

    def __init__(
        self, log: Log, recovered: Callable[[Iterable[StoredHead]], None], *, retry_after: float = 1.0
    ) -> None:
        self._log = log
        self._recovered = recovered
        self._retry_after = retry_after
        self._changed = Condition()
        self._waiting: list[_Waiting] = []
        self._touched: dict[int, float] = {}
        self._saving: Saving = Future()
        self._doubtful: set[StoredHead] = set()
        self._is_closing = False
        self.problem: str | None = None
        self._thread = Thread(target=self._run, name="counterfoil-store", daemon=True)
        self._thread.start()

    # --- changes, from any thread ----------------------------------------------------------------

    def append(self, head: StoredHead, before: WorldState, draft: WorldState, command: Command) -> None:
        number = len(draft.history) - draft.scenario_length
        if number > MOST_COMMANDS:
            raise RuleBroken(f"a world takes {MOST_COMMANDS} commands: reset it, or make another")
        self._put(
            _Waiting(Appended(head.id, draft.version - number, number, encode_command(command)), head, draft), before
        )

    def replace(self, head: StoredHead, before: WorldState, draft: WorldState) -> None:
        self._put(_Waiting(Reset(head.id, draft.version), head, draft), before)

    def amend(self, head: StoredHead, draft: WorldState) -> None:
        with self._changed:
            if head.state is head.newest:
                head.state = draft
            head.newest = draft

    def submit(self, operation: Operation, head: StoredHead | None = None) -> Saving:
        """Have an operation done that changes no state of a world; returns what to wait for. Raises ``StoreUnavailable``."""
        with self._changed:
            return self._take(_Waiting(operation, head, None))

    def touch(self, head: StoredHead, expires: float) -> None:
        """Note that a world was used, with the next changes or in a second. Not a change: nobody waits for it."""
        head.expires = expires
        with self._changed:
            self._touched[head.id] = expires  # seen when the thread wakes next

    def _put(self, waiting: _Waiting, before: WorldState) -> None:
        head = waiting.head
        assert head is not None
        with self._changed:
            if head.is_closing or head.newest is not before:
                raise StoreUnavailable(f"the world '{head.name}' was just replaced or deleted; try again")
            head.saving = self._take(waiting)
            assert waiting.draft is not None
            head.newest = head.taken = waiting.draft

    def _take(self, waiting: _Waiting) -> Saving:
        if self.problem is not None or self._is_closing:
            raise StoreUnavailable(self.problem or "the server is stopping")
        if not self._waiting:
            self._changed.notify()
        self._waiting.append(waiting)
        return self._saving

    def close(self) -> None:
        """Make durable what waits, and stop; nothing is taken any more."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    # --- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while not (self._is_closing and not self._waiting):
            with self._changed:
                if not self._waiting and not self._is_closing:
                    self._changed.wait(self._retry_after)
                batch, self._waiting = self._waiting, []
                saving, self._saving = self._saving, Future()
                touched, self._touched = self._touched, {}
            if self.problem is not None and not self._try_again():
                with self._changed:
                    self._touched = touched | self._touched
                continue
            operations = [each.operation for each in batch]
            operations += [Touched(world, expires) for world, expires in touched.items()]
            if operations:
                self._commit(batch, operations, saving)

    def _commit(self, batch: list[_Waiting], operations: list[Operation], saving: Saving) -> None:
        try:
            self._log.commit(operations)
        except Exception as error:
            if not isinstance(error, StoreUnavailable):
                logger.exception("the store failed")
            self._fail(batch, saving, error)
            return
        with self._changed:
            for each in batch:
                if each.head is not None and each.draft is not None:
                    each.head.state = each.head.newest if each.draft is each.head.taken else each.draft
        saving.set_result(None)

    def _fail(self, batch: list[_Waiting], saving: Saving, error: Exception) -> None:
        said = str(error) if isinstance(error, StoreUnavailable) else "the store failed; its log says why"
        logger.error("%s", said)
        with self._changed:
            self.problem = said
            batch += self._waiting  # what was built on states that are dropped
            self._waiting = []
            later, self._saving = self._saving, Future()
            for each in batch:
                if each.head is not None:
                    self._doubtful.add(each.head)
                    each.head.newest = each.head.state
        for each_saving in (saving, later):
            each_saving.set_exception(StoreUnavailable(said))

    def _try_again(self) -> bool:
        """Take changes again, if the store can be written; returns whether it can."""
        with contextlib.ExitStack() as locks:
            try:
                self._log.recover()
                # a request that began before the failure must not go on as if its first changes had been kept
                for head in self._doubtful:
                    head.lock.try_acquire()
                    locks.callback(head.lock.release)
                self._recovered(self._doubtful)
            except StoreUnavailable as error:
                self.problem = str(error)
                return False
            except Exception:
                logger.exception("the store failed")
                return False
            with self._changed:
                for head in self._doubtful:
                    head.saving = None
                self._doubtful = set()
                self.problem = None
        logger.warning("the store can be written again")
        return True
