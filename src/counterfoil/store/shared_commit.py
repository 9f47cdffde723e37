"""Writes to a store that other processes write to as well.

A change is first made on the world as this process knows it. If another process was faster, the store keeps nothing of the batch
(``Conflict``); each request in it is then handled again from the start, in the thread that commits, with the store's write lock
held if the engine has one. An engine without a lock may conflict again; after ``TRIES`` attempts the request is refused.
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
"""Attempts of a few ms each: with 20, one of 2,000 logins failed while another server wrote to the same Redis all the time."""
TOGETHER = 64
"""Limit on the requests that are handled again in one turn."""
CONTENDED = 64
"""The number of changes of a world that use ``exclusively`` after a conflict, instead of being made twice."""


class _Job(NamedTuple):
    call: Callable[[], Any]
    own_transaction: bool
    done: Future[Any]


class SharedCommit(GroupCommit):
    """``look_up`` returns the world of a name as the store has it now."""

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
        """Show the state and failed logins from the store. False if a writer in this process has to finish first."""
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
        """Let a writer begin with the state that readers see, unless earlier changes are not durable yet."""
        with self._changed:
            if not head.in_flight and head.newest.version < head.state.version:
                head.newest = head.state

    def is_contended(self, head: StoredHead) -> bool:
        if not head.contended:
            return False
        head.contended -= 1
        return True

    def exclusively(self, name: str, call: Callable[[World], T]) -> Future[T]:
        def call_with_newest() -> T:
            world = self._look_up(name)
            if world is None:
                raise UnknownRecord(f"there is no world '{name}'", field="world")
            return call(world)

        return self._add_job(call_with_newest, own_transaction=False)

    def exclusively_in_own_transaction(self, call: Callable[[], T]) -> Future[T]:
        """The future result of ``call``, done once its changes are durable in a separate transaction.

        A nested call joins the transaction of the outer one."""
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
        if current_thread() is not self._thread:  # that thread must not wait for itself
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
            count = next((index for index, job in enumerate(jobs) if job.own_transaction), len(jobs))
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
            message = "other processes change this world all the time; try again"
            outcomes = [(None, StoreUnavailable(message)) for _ in jobs]
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
        """Drop the batch and later changes, and update its worlds from the store."""
        with self._changed:
            self._is_conflicting = True
            batch = batch + self._waiting
            self._waiting = []
            later, self._saving = self._saving, Future()
            heads = {waiting.head for waiting in batch if waiting.head is not None}
        for future in (saving, later):
            future.set_exception(WriteConflict())
        with contextlib.ExitStack() as locks:
            for head in heads:  # a request that began earlier must not continue as if its first changes were kept
                head.lock.try_acquire()
                locks.callback(head.lock.release)
                head.contended = CONTENDED
            try:
                self._recovered(heads)
            except Exception as error:
                problem = self._logged(error)
                with self._changed:
                    self.problem = problem
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
    """The failed logins to a world, as the JSON of ``SetLogins``."""
    failures = state.tokens.all_failures
    return msgspec.json.encode(failures) if failures else b""


def with_logins(state: WorldState, logins: bytes) -> WorldState:
    """A copy of ``state`` with the failed logins from the store."""
    failures = msgspec.json.decode(logins, type=dict[str, tuple[datetime, ...]]) if logins else {}
    changed = copy(state)
    changed.tokens = state.tokens.with_failures(failures)
    changed.cache = None
    return changed
