"""Writes to a store that other processes write to as well.

A change is first made on the world as this process knows it. If another process was faster, the store keeps nothing of the batch
(``Conflict``); each request in it is then worked on again from the start, in the thread that commits, with the store's write
lock held where the engine has one. An engine without a lock may conflict again: it is tried so often, then refused.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from copy import copy
from datetime import datetime
from threading import current_thread
from typing import Any, NamedTuple, TypeVar

import msgspec

from counterfoil.ledger.errors import UnknownRecord
from counterfoil.store.group_commit import GroupCommit, Waiting
from counterfoil.store.head import StoredHead
from counterfoil.store.log import Change, Conflict, Log, SetLogins
from counterfoil.world.command_log import Saving, StoreUnavailable, WriteConflict
from counterfoil.world.state import WorldState
from counterfoil.world.world import World

T = TypeVar("T")
TRIES = 100
"""Of a few ms each: with 20, one of 2,000 logins failed at a Redis to which another server wrote all the time."""
TOGETHER = 64
"""Requests that are worked on again in one turn."""
CONTENDED = 64
"""After a conflict, so many changes of that world take their turn at once instead of being made twice."""


class _Job(NamedTuple):
    call: Callable[[], Any]
    own_transaction: bool
    done: Future[Any]


class SharedCommit(GroupCommit):
    """``look_up`` gives the world of a name as the store has it now."""

    def __init__(
        self,
        log: Log,
        recovered: Callable[[Iterable[StoredHead]], None],
        look_up: Callable[[str], World | None],
    ) -> None:
        self._look_up = look_up
        self._jobs: list[_Job] = []
        self._is_conflicting = False
        super().__init__(log, recovered)

    # --- changes, from any thread ----------------------------------------------------------------

    def replace(self, head: StoredHead, before: WorldState, draft: WorldState) -> None:
        with self._changed:
            super().replace(head, before, draft)
            head.logins = b""  # the store forgets them with the commands

    def _is_plain(self, head: StoredHead) -> bool:
        return self._log.remote and head.is_plain()

    def amend(self, head: StoredHead, draft: WorldState) -> Saving | None:
        logins, saving = encode_logins(draft), None
        with self._changed:
            if logins != (head.logins or b""):
                number = len(draft.history) - draft.scenario_length
                at = (draft.version - number, number)
                saving = head.saving = self._take(
                    Waiting(SetLogins(head.id, logins, head.logins or b"", at), head, None)
                )
                head.logins = logins
            super().amend(head, draft)
        return saving

    def caught_up(self, head: StoredHead, state: WorldState, logins: bytes) -> bool:
        """Show what the store has. False if a writer in this process has to end first."""
        free = head.lock.try_acquire(False)
        try:
            with self._changed:
                if state.version > head.state.version:
                    head.state = state
                if not free or head.in_flight:
                    return False
                if logins != head.logins:
                    head.state = with_logins(head.state, logins)
                    head.logins = logins
                    head.newest = head.state
                elif head.newest.version < head.state.version:
                    head.newest = head.state
                return True
        finally:
            if free:
                head.lock.release()

    def settle(self, head: StoredHead) -> None:
        """Let a writer begin where readers are, unless it goes on from changes that are not durable yet."""
        with self._changed:
            if not head.in_flight and head.newest.version < head.state.version:
                head.newest = head.state

    def is_contended(self, head: StoredHead) -> bool:
        if not head.contended:
            return False
        head.contended -= 1
        return True

    def exclusively(self, name: str, call: Callable[[World], T]) -> Future[T]:
        def on_the_newest() -> T:
            world = self._look_up(name)
            if world is None:
                raise UnknownRecord(f"there is no world '{name}'", field="world")
            return call(world)

        return self._add_job(on_the_newest, own_transaction=False)

    def exclusively_in_own_transaction(self, call: Callable[[], T]) -> Future[T]:
        """What ``call`` returns, once the changes that it makes are durable in a transaction of their own.

        Within another such call it is part of that one."""
        return self._add_job(call, own_transaction=True)

    def _add_job(self, call: Callable[[], T], *, own_transaction: bool) -> Future[T]:
        done: Future[T] = Future()
        if current_thread() is self._thread:
            done.set_result(call())
            return done
        with self._changed:
            if self.problem is not None or self._is_closing:
                raise StoreUnavailable(self.problem or "the server is stopping")
            self._jobs.append(_Job(call, own_transaction, done))
            self._changed.notify()
        return done

    @property
    def waiting(self) -> int:
        return len(self._waiting) + len(self._jobs)

    def wait(self, saving: Saving) -> None:
        if current_thread() is not self._thread:  # there, what waits for this turn is told when it ends
            saving.result()

    def _take(self, waiting: Waiting) -> Saving:
        if self._is_conflicting:
            raise WriteConflict
        return super()._take(waiting)

    def _replaced(self, head: StoredHead) -> StoreUnavailable:
        return WriteConflict()

    # --- the thread ------------------------------------------------------------------------------

    def _is_idle(self) -> bool:
        return not self._waiting and not self._jobs

    def _work(self) -> None:
        if not self._is_idle() or self._touched:
            with self._log.writing():
                super()._work()
                if self._jobs and self.problem is None:
                    self._take_turn(self._next_jobs())

    def _next_jobs(self) -> list[_Job]:
        with self._changed:
            jobs = self._jobs
            count = next((at for at, each in enumerate(jobs) if each.own_transaction), len(jobs))
            count = max(1, min(TOGETHER, count))
            self._jobs = jobs[count:]
            return jobs[:count]

    def _take_turn(self, jobs: list[_Job]) -> None:
        outcomes: list[tuple[Any, BaseException | None]] = []
        for _ in range(TRIES):
            outcomes = [_outcome(job) for job in jobs]
            if any(isinstance(error, WriteConflict) for _, error in outcomes):
                with self._changed:
                    batch, self._waiting = self._waiting, []
                    saving, self._saving = self._saving, Future()
                self._conflict(batch, saving)
            else:
                with self._changed:
                    saving = self._saving
                    waits = bool(self._waiting)
                super()._work()
                if not waits or (saving.done() and saving.exception() is None):
                    break
            if self.problem is not None:
                break
        else:
            said = "other processes change this world all the time; try again"
            outcomes = [(None, StoreUnavailable(said)) for _ in jobs]
        if self.problem is not None:
            outcomes = [(None, StoreUnavailable(self.problem)) for _ in jobs]
        for job, (result, error) in zip(jobs, outcomes, strict=True):
            if error is None:
                job.done.set_result(result)
            else:
                job.done.set_exception(error)

    def _commit(self, batch: list[Waiting], changes: list[Change], saving: Saving) -> None:
        try:
            self.write(self._log, changes)
        except Conflict:
            self._conflict(batch, saving)
        except Exception as error:
            self._fail(batch, saving, error)
        else:
            self._adopt(batch, saving)

    def _conflict(self, batch: list[Waiting], saving: Saving) -> None:
        """Drop the batch and what was built on it, and make its worlds what the store has."""
        with self._changed:
            self._is_conflicting = True
            batch = batch + self._waiting
            self._waiting = []
            later, self._saving = self._saving, Future()
            heads = {each.head for each in batch if each.head is not None}
        for each_saving in (saving, later):
            each_saving.set_exception(WriteConflict())
        with contextlib.ExitStack() as locks:
            for head in heads:  # a request that began before must not go on as if its first changes had been kept
                head.lock.try_acquire()
                locks.callback(head.lock.release)
                head.contended = CONTENDED
            try:
                self._recovered(heads)
            except Exception as error:
                said = self._logged(error)
                with self._changed:
                    self.problem = said
                    self._doubtful |= heads
            with self._changed:
                for head in heads:
                    head.saving, head.in_flight = None, 0
                self._is_conflicting = False

    def _fail(self, batch: list[Waiting], saving: Saving, error: Exception) -> None:
        super()._fail(batch, saving, error)
        with self._changed:
            jobs, self._jobs = self._jobs, []
        for job in jobs:
            job.done.set_exception(StoreUnavailable(self.problem or "the store failed"))


def _outcome(job: _Job) -> tuple[Any, BaseException | None]:
    try:
        return job.call(), None
    except BaseException as error:
        return None, error


def encode_logins(state: WorldState) -> bytes:
    """The failed logins to a world, as ``SetLogins`` keeps them."""
    failures = state.tokens.all_failures
    return msgspec.json.encode(failures) if failures else b""


def with_logins(state: WorldState, logins: bytes) -> WorldState:
    """The state with the failed logins that the store keeps."""
    failures = msgspec.json.decode(logins, type=dict[str, tuple[datetime, ...]]) if logins else {}
    changed = copy(state)
    changed.tokens = state.tokens.with_failures(failures)
    changed.cache = None
    return changed
