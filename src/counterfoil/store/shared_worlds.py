"""The registry of worlds in a store that several processes serve.

Each process has the requested worlds in memory. Before it handles a request, it updates its copy of the world: it asks the
store whether anything changed (``Log.revision``), and if so executes the commands that other processes wrote. So every response
shows a version that was the newest one after the request arrived.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from counterfoil.store.group_commit import GroupCommit
from counterfoil.store.head import SettlingLock, StoredHead
from counterfoil.store.log import Position, Row, SetFaults
from counterfoil.store.rebuilding import with_later
from counterfoil.store.shared_commit import SharedCommit
from counterfoil.store.worlds import TOUCHED_EVERY, StoredWorlds
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.state import WorldState
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT, NAME, WorldEntry, check_name

T = TypeVar("T")
FEW = 20
"""Limit on other processes' commands that are executed in the event loop, in about half a ms."""
SLOW = b"advance_clock"
"""The one command that may take long."""
EMPTIED = "the store was emptied: its default world is gone; restart the server to create a new one"


class SharedWorlds(StoredWorlds):
    """``faults_changed`` is called with a world's faults when another process has changed them."""

    is_shared = True
    _commits: SharedCommit
    faults_changed: Callable[[str, bytes], None] = staticmethod(lambda name, json: None)
    _first_login = 0
    _had_default = False

    def _committer(self) -> GroupCommit:
        if self.log.remote:  # other machines number their workers from 1, too
            self._first_login = secrets.randbits(52) << 8
        return SharedCommit(self.log, self._recover, self._looked_up)

    @property
    def problem(self) -> str | None:
        head = self._heads.get(DEFAULT)
        if head is None and self._had_default:
            return super().problem or EMPTIED
        unreadable = None if head is None else head.unreadable
        return super().problem or (None if unreadable is None else str(unreadable))

    def before_fork(self) -> None:
        """Stop the threads and close the connections until ``after_fork``: neither survives a fork."""
        self._commits.close()
        self.log.disconnect()

    def after_fork(self, worker: int) -> None:
        """Continue in a worker process; workers are numbered from 1."""
        self.log.connect()
        self._first_login += worker << 32
        for head in self._alive.values():
            head.state = head.newest = head.taken = self._counting_apart(head.state)
        self._commits.start()

    def _counting_apart(self, state: WorldState) -> WorldState:
        state.tokens = state.tokens.counting_from(self._first_login)
        return state

    # --- being current ---------------------------------------------------------------------------

    def try_catch_up(self, name: str) -> bool:
        """Update the world from the store if that is quick. If it returns False, call ``refresh`` in a thread."""
        head = self._heads.get(name)
        if head is None:
            return not NAME.fullmatch(name)
        if self.log.remote:
            return False
        if head.revision == self.log.revision(head.id) and head.is_settled():
            return True
        if not head.catching_up.acquire(blocking=False):
            return False
        try:
            return self._catch_up(head, is_quick=True)
        except StoreUnavailable as error:
            head.unreadable, head.revision = error, None
            return True
        finally:
            head.catching_up.release()

    def refresh(self, name: str) -> None:
        """Raises nothing: if the store cannot be read, the next look-up of the world raises it."""
        head = self._alive.get(name)
        if head is not None:
            with head.catching_up:
                try:
                    self._catch_up(head, is_quick=False)
                except StoreUnavailable as error:
                    head.unreadable, head.revision = error, None
        if name not in self._heads and NAME.fullmatch(name):
            try:
                self._find(name)
            except StoreUnavailable:  # raised again when it is asked for
                return

    def _catch_up(self, head: StoredHead, *, is_quick: bool) -> bool:
        """Update the world from the store. With ``is_quick``, False if that would take long. Raises ``StoreUnavailable``."""
        revision = None if self.log.remote else self.log.revision(head.id)
        if head.revision == revision and head.is_settled():
            return True
        while True:
            position = self.log.position(head.name)
            if position is None or position.id != head.id:
                head.is_closing = True
                self._drop(head)
                return position is None
            state = head.state
            known = len(state.history) - state.scenario_length
            if position.base != state.version - known:
                if is_quick:
                    return False
                state = self._reset_elsewhere(head)
            elif position.number > known:
                commands = self.log.commands_after(head.id, known)
                if is_quick and (len(commands) > FEW or any(SLOW in command for command in commands)):
                    return False
                state = with_later(state, head.name, commands)
            else:
                break
            again = self.log.position(head.name)
            if again is not None and again[:2] == (head.id, state.version - _commands(state)):
                position = again  # it was not reset or replaced while its commands were read
                break
        self._take_over(head, state, position, revision)
        return True

    def _reset_elsewhere(self, head: StoredHead) -> WorldState:
        stored = self.log.find(head.name)
        if stored is None or stored.row.id != head.id:
            return head.state  # it was deleted meanwhile, as the next look shows
        return self._counting_apart(self._rebuilt(stored).head.state)

    def _take_over(self, head: StoredHead, state: WorldState, position: Position, revision: int | None) -> None:
        if position.faults != head.faults:
            head.faults = position.faults
            self.faults_changed(head.name, position.faults)
        head.expires = position.expires
        head.unreadable = None
        if self._commits.caught_up(head, state, position.logins):
            head.revision = revision
        self._weigh([head])

    def _looked_up(self, name: str) -> World | None:
        self.refresh(name)
        return self.get(name)

    def _recover(self, doubtful: Iterable[StoredHead]) -> None:
        for head in doubtful:
            head.newest, head.in_flight, head.revision, head.logins = head.state, 0, None, None
            head.is_closing = False
            with head.catching_up:
                self._catch_up(head, is_quick=False)

    # --- looking up ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self.log.count()

    def page(self, offset: int, limit: int) -> list[WorldEntry]:
        for _, name in self.log.rows(offset, limit):
            self.refresh(name)
        return super().page(offset, limit)

    def _used(self, name: str) -> StoredHead | None:
        head = self._heads.get(name) or self._find(name)
        if head is None:
            if name == DEFAULT and self._had_default:
                raise StoreUnavailable(EMPTIED)
            return None
        if head.unreadable is not None:
            raise head.unreadable
        self._had_default |= name == DEFAULT
        now, life = self._seconds(), head.time_to_live
        if life is not None:
            if now - head.used_at > life and self._is_idle(head, now):
                self._forget(name, head.id)
                return None
            if now + life > (head.expires or 0.0):
                self._commits.touch(head, now + life * (1 + TOUCHED_EVERY))
        head.used_at = now
        return head

    def _is_idle(self, head: StoredHead, now: float) -> bool:
        """Whether no other process used it either."""
        position = self.log.position(head.name)
        if position is None or position.id != head.id:
            return True
        head.expires = position.expires
        return position.expires is not None and position.expires < now

    def _head(self, world: World, row: Row) -> StoredHead:
        head = super()._head(world, row)
        head.lock = SettlingLock(partial(self._commits.settle, head))
        head.state = head.newest = head.taken = self._counting_apart(head.state)
        return head

    def _remember(self, head: StoredHead) -> None:
        if head.revision is None and head.name not in self._heads:
            with head.catching_up:
                self._catch_up(head, is_quick=False)  # for its faults and failed logins
        if not head.is_closing:
            super()._remember(head)

    # --- making and deleting ---------------------------------------------------------------------

    def exclusively(self, call: Callable[[], T]) -> T:
        """The result of ``call``, once its changes are durable; if another process wrote meanwhile, it is called again."""
        return self._commits.exclusively_in_own_transaction(call).result()

    def faults_of(self, name: str) -> bytes:
        """The faults of a world as the store has them. Call it within ``exclusively``."""
        self.refresh(name)
        head = self._heads.get(name)
        return (head.faults if head is not None else None) or b""

    def set_faults(self, name: str, json: bytes) -> None:
        """Store the faults of a world, if it exists. Call it within ``exclusively``."""
        head = self._heads.get(name)
        if head is not None:
            self._commits.submit(SetFaults(head.id, json, head.faults), head)

    def delete(self, name: str) -> None:
        self.exclusively(partial(self._delete, name))

    def _delete(self, name: str) -> None:
        self.refresh(name)
        super().delete(name)

    def _drop(self, head: StoredHead) -> None:
        super()._drop(head)
        if head.faults:
            self.faults_changed(head.name, b"")

    def _expired_before(self) -> float:
        return self._seconds()

    def _add(self, world: World, time_to_live: float | None, *, replace: bool = False) -> World:
        check_name(world.name)
        restricted = self._restricted(world)

        def make() -> StoredHead:
            self.refresh(world.name)
            return self._make(restricted, time_to_live, replace=replace)

        head = self.exclusively(make)
        self._remember(head)
        return World(head)


def _commands(state: WorldState) -> int:
    return len(state.history) - state.scenario_length
