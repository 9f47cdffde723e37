"""The registry of stored worlds. A world is rebuilt when it is first requested, and may be dropped from memory again
when many others are used; the store always has it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Any
from weakref import WeakValueDictionary

from counterfoil.ledger.errors import RuleBroken, UnknownRecord
from counterfoil.store.eviction import MAX_MEMORY_BYTES, MAX_WORLDS, WorldsInMemory
from counterfoil.store.group_commit import GroupCommit
from counterfoil.store.head import StoredHead
from counterfoil.store.log import Change, CreateWorld, DeleteWorld, Log, Row, SetFaults, StoredWorld
from counterfoil.store.rebuilding import origin_of, rebuild
from counterfoil.world.command_log import Saving, StoreUnavailable
from counterfoil.world.commands import encode_command
from counterfoil.world.scenario import Scenario
from counterfoil.world.switches import KnownSwitches
from counterfoil.world.world import World
from counterfoil.world.worlds import (
    DEFAULT,
    NAME,
    CredentialsOf,
    WorldEntry,
    Worlds,
    check_name,
    name_taken,
    too_many_worlds,
)

logger = logging.getLogger("counterfoil.store")
TOUCHED_EVERY = 0.05
"""The share of a world's time to live after which the store learns of its use; so a world may be deleted later, never earlier."""
MAX_FORGOTTEN = 500
"""Limit on idle worlds that are deleted at once: with 100,000, other changes waited for 1.8 s."""


class StoredWorlds(Worlds):
    """The worlds in ``log``. ``now`` returns the time in seconds since 1970. ``limit`` bounds the number of worlds,
    ``most_in_memory`` the number of worlds in memory, and ``most_bytes`` their estimated size.

    Methods that create or delete a world return when the change is durable. They raise ``StoreUnavailable`` if the store
    fails; so does every look-up of a world that has to be rebuilt.
    """

    may_wait = True

    def __init__(
        self,
        log: Log,
        read: Callable[[str], Scenario],
        known_switches: KnownSwitches,
        *,
        now: Callable[[], float],
        limit: int = 1_000_000,
        most_in_memory: int = MAX_WORLDS,
        most_bytes: int = MAX_MEMORY_BYTES,
    ) -> None:
        super().__init__(read, known_switches, limit=limit, seconds=now)
        self.log = log
        self._in_memory = WorldsInMemory(most_in_memory, most_bytes)
        self._heads = self._in_memory.heads
        # a view may still write to a head that was dropped from memory, so a world must never get a second head
        self._alive: WeakValueDictionary[str, StoredHead] = WeakValueDictionary()
        self._busy: dict[str, tuple[Any, int]] = {}
        self._count: int | None = None
        self._commits = self._committer()
        self._commits.changed = self._weigh

    def _committer(self) -> GroupCommit:
        return GroupCommit(self.log, self._recover)

    @property
    def problem(self) -> str | None:
        """Why the store accepts no changes now; None if it does."""
        return self._commits.problem

    @property
    def waiting(self) -> int:
        """How many changes wait for the store's next commit."""
        return self._commits.waiting

    def measure(self, write: Callable[[Log, Sequence[Change]], None]) -> None:
        """Write changes with ``write``, which must call ``log.commit`` and let its exceptions pass."""
        self._commits.write = write

    def close(self) -> None:
        """Make the waiting changes durable, and close the store."""
        self._commits.close()
        self.log.close()

    def set_faults(self, name: str, json: bytes) -> None:
        """Store the faults of a world, without changing its version; does nothing if the world no longer exists."""
        head = self._used(name)
        if head is not None and not head.is_closing:
            self._commits.submit(SetFaults(head.id, json)).result()

    # --- looking up ------------------------------------------------------------------------------

    def __len__(self) -> int:
        count = self._count
        if count is None:
            count = self._count = self.log.count()
        return count

    def names(self) -> list[str]:
        return [name for _, name in self.log.rows()]

    def page(self, offset: int, limit: int) -> list[WorldEntry]:
        entries = []
        for _, name in self.log.rows(offset, limit):
            try:
                head = self._find(name)
            except StoreUnavailable as error:  # a damaged world must not hide the others
                logger.error("%s", error)
                continue
            if head is not None:
                entries.append(self._entry(head))
        return entries

    def entry(self, name: str) -> WorldEntry | None:
        head = self._used(name)
        return None if head is None else self._entry(head)

    def get(self, name: str) -> World | None:
        head = self._used(name)
        return None if head is None else World(head)

    def is_in_memory(self, name: str) -> bool:
        """Whether that world is in memory, so that looking it up is quick."""
        return name in self._heads

    def _entry(self, head: StoredHead) -> WorldEntry:
        return WorldEntry(head, head.time_to_live, head.used_at)

    def _used(self, name: str) -> StoredHead | None:
        """The world, which counts as used now; None if it does not exist or has expired."""
        head = self._heads.get(name) or self._find(name)
        if head is None:
            return None
        now, life = self._seconds(), head.time_to_live
        if life is not None:
            if now - head.used_at > life:
                self._forget(name, head.id)
                return None
            if now + life > (head.expires or 0.0):
                self._commits.touch(head, now + life * (1 + TOUCHED_EVERY))
        head.used_at = now
        return head

    def _find(self, name: str) -> StoredHead | None:
        """The world, rebuilt if it is not in memory."""
        head = self._heads.get(name)
        if head is not None or not NAME.fullmatch(name):
            return head
        with self._name_lock(name):
            head = self._alive.get(name)
            if head is None:
                stored = self.log.find(name)
                if stored is None:
                    return None
                if stored.row.expires is not None and stored.row.expires < self._seconds():
                    self._forget(name, stored.row.id)
                    return None
                head = self._head(self._rebuilt(stored), stored.row)
            self._remember(head)
        return head

    @contextmanager
    def _name_lock(self, name: str) -> Iterator[None]:
        """A lock for each name."""
        with self._lock:
            lock, users = self._busy.get(name, (RLock(), 0))
            self._busy[name] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._busy.pop(name)
                if users > 1:
                    self._busy[name] = lock, users - 1

    def _head(self, world: World, row: Row) -> StoredHead:
        used_at = self._seconds() if row.expires is None else row.expires - (row.time_to_live or 0.0)
        return StoredHead(
            world.head.state,
            row.name,
            self._commits,
            id=row.id,
            time_to_live=row.time_to_live,
            expires=row.expires,
            used_at=min(used_at, self._seconds()),
        )

    def _remember(self, head: StoredHead) -> None:
        with self._lock:
            self._alive[head.name] = head
            self._in_memory.remember(head)

    def _weigh(self, changed: Iterable[StoredHead]) -> None:
        with self._lock:
            self._in_memory.weigh(changed)

    # --- rebuilding ------------------------------------------------------------------------------

    def _rebuilt(self, stored: StoredWorld) -> World:
        return self._restricted(rebuild(stored, self, self._scenarios))

    def _recover(self, doubtful: Iterable[StoredHead]) -> None:
        """Update worlds from the store after it failed. Called with their write locks held."""
        self._count = None
        for head in doubtful:
            state = head.state
            commands = len(state.history) - state.scenario_length
            position = self.log.position(head.name)
            if position is None or position[0] != head.id:
                self._drop(head)
                continue
            if position[:3] != (head.id, state.version - commands, commands):
                stored = self.log.find(head.name)
                if stored is not None:
                    head.state = self._rebuilt(stored).head.state
            head.newest, head.is_closing = head.state, False

    # --- making and deleting ---------------------------------------------------------------------

    def restrict_credentials(self, credentials_of: CredentialsOf) -> None:
        """As in ``Worlds``. Call it before the first change."""
        super().restrict_credentials(credentials_of)
        with self._lock:
            self._heads.clear()
            self._alive.clear()

    def delete(self, name: str) -> None:
        if name == DEFAULT:
            raise RuleBroken("the default world cannot be deleted; reset it instead", field="world")
        head = self._used(name)
        if head is None:
            raise UnknownRecord(f"there is no world '{name}'", field="world")
        self._commits.wait(self._remove(head))
        self._drop(head)

    def forget_idle(self) -> int:
        now, forgotten = self._seconds(), 0
        with self._lock:
            self._in_memory.bound()
        for id, name in self.log.expired(now, MAX_FORGOTTEN):
            with self._name_lock(name):  # not while it is being rebuilt, because it is used now
                head = self._alive.get(name)
                if head is None or (head.id == id and now - head.used_at > (head.time_to_live or 0.0)):
                    self._forget(name, id)
                    forgotten += 1
        return forgotten

    def _forget(self, name: str, id: int) -> None:
        """Delete an expired world without waiting; until that is durable, look-ups treat it as expired."""
        head = self._alive.get(name)
        with suppress(StoreUnavailable):  # the next look-up deletes it
            if head is None or head.id != id:
                self._when_deleted(self._commits.submit(DeleteWorld(id, self._expired_before())))
            elif not head.is_closing:
                self._remove(head, self._expired_before())

    def _expired_before(self) -> float | None:
        """Delete only a world that expired before that time. None: always, because the store's time of expiry may be too late."""
        return None

    def _remove(self, head: StoredHead, expired_before: float | None = None) -> Saving:
        """Refuse further commands, and delete the world; it can be read until that is durable."""
        head.is_closing = True
        try:
            deletion = self._commits.submit(DeleteWorld(head.id, expired_before), head)
        except StoreUnavailable:
            head.is_closing = False
            raise
        self._when_deleted(deletion, head)
        return deletion

    def _when_deleted(self, saving: Saving, head: StoredHead | None = None) -> None:
        def settle(done: Saving) -> None:
            self._count = None
            if head is not None and done.exception() is None:
                self._drop(head)

        saving.add_done_callback(settle)

    def _drop(self, head: StoredHead) -> None:
        with self._lock:
            if self._alive.get(head.name) is head:
                del self._alive[head.name]
            self._in_memory.forget(head)

    def _add(self, world: World, time_to_live: float | None, *, replace: bool = False) -> World:
        name = world.name
        check_name(name)
        world = self._restricted(world)
        with self._name_lock(name):
            head = self._make(world, time_to_live, replace=replace)
            self._remember(head)
        return World(head)

    def _make(self, world: World, time_to_live: float | None, *, replace: bool) -> StoredHead:
        """Store a new world; returns its head."""
        name = world.name
        before = self._used(name)
        if before is not None and not replace:
            raise name_taken(name)
        if before is None and len(self) >= self._limit and not self.forget_idle():
            raise too_many_worlds(self._limit)
        if before is not None:
            self._remove(before)
        row = self._row(world, time_to_live)
        commands = [encode_command(command) for command in world.commands]
        self._commits.wait(self._commits.submit(CreateWorld(row, world.scenario.source, commands)))
        with self._lock:
            self._count = None if self._count is None else self._count + 1
        return self._head(world, row)

    def _next_id(self) -> int:
        with self._lock:
            return self.log.reserve_id()

    def _row(self, world: World, time_to_live: float | None) -> Row:
        return Row(
            id=self._next_id(),
            name=world.name,
            origin=origin_of(world),
            base=world.version - len(world.commands),
            time_to_live=time_to_live,
            expires=None if time_to_live is None else self._seconds() + time_to_live * (1 + TOUCHED_EVERY),
        )
