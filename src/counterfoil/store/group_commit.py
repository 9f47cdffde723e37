"""Writes to a store from one thread, which makes all waiting changes durable together, with one flush of the disk.

Readers see a world's new state only then. If the store fails, changes that are not durable are dropped, their clients get an
error, and the store is tried again once a second; until it works, every change is refused at once.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from threading import Condition, Thread
from typing import NamedTuple, TypeVar

from counterfoil.ledger.errors import RuleBroken
from counterfoil.store.head import StoredHead
from counterfoil.store.log import AppendCommand, Change, Log, ResetWorld, TouchWorld
from counterfoil.world.command_log import Saving, StoreUnavailable
from counterfoil.world.commands import Command, encode_command
from counterfoil.world.state import WorldState
from counterfoil.world.world import World

T = TypeVar("T")

MAX_COMMANDS = 100_000
"""Limit on the commands of one world until it is reset: rebuilding a world with so many takes seconds."""
logger = logging.getLogger("counterfoil.store")


class Waiting(NamedTuple):
    """A change that waits to be made durable; ``draft`` is the world's state after it."""

    change: Change
    head: StoredHead | None
    draft: WorldState | None


def write_to(log: Log, changes: Sequence[Change]) -> None:
    """Make all changes durable, or none; ``GroupCommit.write`` can be set to a function that also measures."""
    log.commit(changes)


class GroupCommit:
    """``recovered`` is called after a failure, before changes are accepted again, with the worlds of changes that may or may
    not be durable, and with their write locks held; it must correct their ``state`` and ``newest``. ``changed`` is called with
    the worlds that a commit changed."""

    def __init__(
        self, log: Log, recovered: Callable[[Iterable[StoredHead]], None], *, retry_after: float = 1.0
    ) -> None:
        self._log = log
        self._recovered = recovered
        self._retry_after = retry_after
        self._changed = Condition()
        self._waiting: list[Waiting] = []
        self._touched: dict[int, float] = {}
        self._saving: Saving = Future()
        self._doubtful: set[StoredHead] = set()
        self._is_closing = False
        self.problem: str | None = None
        self.changed: Callable[[Iterable[StoredHead]], None] = lambda heads: None
        self.write: Callable[[Log, Sequence[Change]], None] = write_to
        self.start()

    def start(self) -> None:
        """Accept changes; needed again after ``close``."""
        self._is_closing = False
        self._thread = Thread(target=self._run, name="counterfoil-store", daemon=True)
        self._thread.start()

    # --- changes, from any thread ----------------------------------------------------------------

    def append(self, head: StoredHead, before: WorldState, draft: WorldState, command: Command) -> None:
        number = len(draft.history) - draft.scenario_length
        if number > MAX_COMMANDS:
            raise RuleBroken(f"a world takes {MAX_COMMANDS} commands: reset it, or make another")
        appended = AppendCommand(head.id, draft.version - number, number, encode_command(command), self._is_plain(head))
        self._put(Waiting(appended, head, draft), before)

    def replace(self, head: StoredHead, before: WorldState, draft: WorldState) -> None:
        self._put(Waiting(ResetWorld(head.id, draft.version), head, draft), before)

    def _is_plain(self, head: StoredHead) -> bool:
        """Whether the store must check that the world has no faults or failed logins unknown to this process."""
        return False

    def amend(self, head: StoredHead, draft: WorldState) -> Saving | None:
        with self._changed:
            if head.state is head.newest:
                head.state = draft
            head.newest = draft
        return None

    def submit(self, change: Change, head: StoredHead | None = None) -> Saving:
        """Write a change that leaves a world's state unchanged; returns a future to wait for. Raises ``StoreUnavailable``."""
        with self._changed:
            return self._take(Waiting(change, head, None))

    def touch(self, head: StoredHead, expires: float) -> None:
        """Store that a world was used, with the next changes or within a second. No request waits for it."""
        head.expires = expires
        with self._changed:
            self._touched[head.id] = expires  # seen when the thread wakes next

    def _put(self, waiting: Waiting, before: WorldState) -> None:
        head = waiting.head
        assert head is not None
        with self._changed:
            if head.is_closing or head.newest is not before:
                raise self._replaced(head)
            head.saving = self._take(waiting)
            assert waiting.draft is not None
            head.newest = head.taken = waiting.draft

    def _replaced(self, head: StoredHead) -> StoreUnavailable:
        return StoreUnavailable(f"the world '{head.name}' was just replaced or deleted; try again")

    def is_contended(self, head: StoredHead) -> bool:
        return False  # no other process writes

    def exclusively(self, name: str, call: Callable[[World], T]) -> Future[T]:
        raise NotImplementedError("there are no conflicts")

    def wait(self, saving: Saving) -> None:
        """Wait until ``saving`` is done. Raises ``StoreUnavailable``."""
        saving.result()

    def _take(self, waiting: Waiting) -> Saving:
        if self.problem is not None or self._is_closing:
            raise StoreUnavailable(self.problem or "the server is stopping")
        if not self._waiting:
            self._changed.notify()
        self._waiting.append(waiting)
        if waiting.head is not None:
            waiting.head.in_flight += 1
        return self._saving

    @property
    def waiting(self) -> int:
        """How many changes wait for the next commit."""
        return len(self._waiting)

    def close(self) -> None:
        """Make the waiting changes durable, and stop; later changes are refused."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    # --- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while not (self._is_closing and self._is_idle()):
            with self._changed:
                if self._is_idle() and not self._is_closing:
                    self._changed.wait(self._retry_after)
                is_quiet = self._is_idle() and not self._is_closing and self.problem is None
            if is_quiet:
                self._look_after()
            if self.problem is None or self._try_again():
                self._work()

    def _is_idle(self) -> bool:
        return not self._waiting

    def _look_after(self) -> None:
        try:
            self._log.look_after()
        except Exception as error:
            self._fail([], Future(), error)

    def _work(self) -> None:
        """Make the changes that wait now durable."""
        with self._changed:
            batch, self._waiting = self._waiting, []
            saving, self._saving = self._saving, Future()
            touched, self._touched = self._touched, {}
        changes = [waiting.change for waiting in batch]
        changes += [TouchWorld(world, expires) for world, expires in touched.items()]
        if changes:
            self._commit(batch, changes, saving)

    def _commit(self, batch: list[Waiting], changes: list[Change], saving: Saving) -> None:
        try:
            self.write(self._log, changes)
        except Exception as error:
            self._fail(batch, saving, error)
        else:
            self._adopt(batch, saving)

    def _adopt(self, batch: list[Waiting], saving: Saving) -> None:
        with self._changed:
            for waiting in batch:
                head = waiting.head
                if head is None:
                    continue
                head.in_flight -= 1
                if waiting.draft is not None:
                    durable = head.newest if waiting.draft is head.taken else waiting.draft
                    if durable.version >= head.state.version:  # else a reader has seen later changes in the store
                        head.state = durable
        saving.set_result(None)
        self.changed({waiting.head for waiting in batch if waiting.head is not None})

    def _fail(self, batch: list[Waiting], saving: Saving, error: Exception) -> None:
        problem = self._logged(error)
        with self._changed:
            self.problem = problem
            batch += self._waiting  # changes to states that are dropped
            self._waiting = []
            later, self._saving = self._saving, Future()
            for waiting in batch:
                if waiting.head is not None:
                    self._doubtful.add(waiting.head)
                    waiting.head.newest = waiting.head.state
        for future in (saving, later):
            future.set_exception(StoreUnavailable(problem))

    def _logged(self, error: Exception) -> str:
        """Log an error; returns the message for clients."""
        if isinstance(error, StoreUnavailable):
            logger.error("%s", error)
            return str(error)
        logger.error("the store failed", exc_info=error)
        return "the store failed; its log says why"

    def _try_again(self) -> bool:
        """Accept changes again if the store can be written; returns whether it can."""
        with contextlib.ExitStack() as locks:
            try:
                self._log.recover()
                # a request that began before the failure must not continue as if its first changes were kept
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
                    head.saving, head.in_flight = None, 0
                self._doubtful = set()
                self.problem = None
        logger.warning("the store can be written again")
        return True
