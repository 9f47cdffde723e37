"""A view of a world for one request: the state of one version to read from, and ``execute`` to change it.

``execute`` applies a command to a fork of the newest state and then swaps the fork in. So a command is applied completely
or not at all, even after an unexpected error; readers never wait for a writer; and every response shows one version. With a
store, ``execute`` logs the command in between, and readers see the fork once the store has made it durable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import timedelta
from typing import Any

from counterfoil.world.command_log import Saving
from counterfoil.world.commands import Command, WriteResource
from counterfoil.world.head import Head
from counterfoil.world.resources import check_bytes
from counterfoil.world.state import Grant, WorldState
from counterfoil.world.step import Step
from counterfoil.world.tokens import Token, Tokens
from counterfoil.world.world_view import WorldView


class World(WorldView):
    """A view of one world: it shows the version that was newest when the view was created, until it executes a command.

    Create one for each request (``Worlds.get``, ``latest``). ``version`` grows with every command and reset.
    """

    __slots__ = ("_step", "saving")

    def __init__(self, head: Head) -> None:
        super().__init__(head)
        self._step: Step | None = None
        self.saving: Saving | None = None
        """A response that shows commands executed through this view must wait for it; None without a store."""

    @classmethod
    def of(cls, state: WorldState, name: str = "default") -> World:
        """A new world in that state, which must not be written to from now on."""
        return cls(Head(state, name))

    def latest(self) -> World:
        """A view of this world as it is now."""
        return World(self._head)

    def execute(self, command: Command) -> Any:
        """Apply a command to the newest version and record it; returns its result. This view then shows the new version.

        With a store the change is not durable yet: no response may show it before ``saving``, or the future that ``end_write``
        returned, is done.

        Raises ``LedgerError`` if the command is refused, ``WorldBusy`` if too many threads wait, ``StoreUnavailable`` if the
        store takes no changes. After any exception nothing has changed.
        """
        if self._step is not None:
            if isinstance(command, WriteResource):
                self._state, fact = self._step.stage(self._state, command)
                return fact
            self._commit(self._step)
        head = self._head
        lock = head.lock
        lock.try_acquire(False) or lock.acquire()
        try:
            before = head.newest
            draft = before.fork()
            fact = draft.execute(command)
            check_bytes(before.resources, draft.resources)
            draft.version += 1
            if draft.ledger.store.revision != before.ledger.store.revision:
                draft.accounts_cache = None
            if head.log is None:
                head.state = head.newest = draft
            else:
                head.log.append(head, before, draft, command)
                self.saving = head.saving
            self._state = draft
            if self._step is not None:
                self._step.before = draft
            return fact
        finally:
            lock.release()

    @contextmanager
    def one_step(self) -> Iterator[Step]:
        """Collect the resources written within the ``with`` block and execute them as one command at its end. Until then only
        this view shows them. After an exception nothing is written, and the view shows its earlier state.

        A nested block joins the outer one; after an exception in it, only its own writes are undone. Any other command is
        executed at once, after the resources collected so far. Raises as ``execute`` does.
        """
        if self._step is not None:
            with self._nested(self._step):
                yield self._step
            return
        step = self._step = Step(self._state)
        try:
            yield step
            if not step.dropped:
                self._commit(step)
        finally:
            if step.writes:
                self._state = step.before
            self._step = None

    @contextmanager
    def _nested(self, step: Step) -> Iterator[None]:
        before, shown, number = step.before, self._state, len(step.writes)
        try:
            yield
        except BaseException:
            if step.before is before:  # otherwise another command has executed the writes
                self._state = shown
                del step.writes[number:]
            raise

    def _commit(self, step: Step) -> None:
        """Execute the collected writes and clear them; they stay in ``step`` if the command is refused."""
        if not step.writes:
            return
        command = step.command()
        self._step = None
        try:
            self.execute(command)
        finally:
            self._step = step
        step.writes.clear()
        step.before = self._state

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock: within the ``with`` block this view shows the newest version.

        For a request that reads, decides and then executes. Raises ``WorldBusy`` if too many threads wait.
        """
        with self._head.lock:
            self._state = self._head.newest
            yield

    def begin_write(self, *, wait: bool = True) -> bool:
        """Enter ``writing`` until ``end_write``. With ``wait=False`` returns False if another thread holds the lock."""
        if not self._head.lock.acquire(wait=wait):
            return False
        self._state = self._head.newest
        return True

    def end_write(self) -> Saving | None:
        """Leave ``writing``. Every response, even an error, must wait for the returned future: it may reflect a change that
        is not durable yet. None without a store."""
        saving = self._head.saving  # before the lock is released, after which the store may recover from a failure
        self._head.lock.release()
        return saving

    def write_may_block(self) -> bool:
        """Whether a write would wait, because another thread is writing to this world now.

        The world's size does not matter: a small command takes 10 µs with 50 customers and 25 with a million. Only advancing
        the clock takes long, which only the control API does.
        """
        return self._head.lock.held_elsewhere()

    def log_in(self, api: str, key: str, minutes: int) -> Token:
        """A new token of ``api`` for a credential, good for ``minutes`` of the world's clock.

        Logins are not commands: neither this method nor ``note_login`` changes the version or the history.
        """
        with self._head.lock:
            state = self._head.newest
            life = timedelta(minutes=minutes)
            token, tokens = state.tokens.log_in(api, key, state.now, life, self._issuer())
            self._publish_tokens(tokens)
            return token

    def note_login(self, api: str, succeeded: bool) -> None:
        """Record that a login failed, or that it succeeded, which clears earlier failures."""
        with self._head.lock:
            state = self._head.newest
            self._publish_tokens(state.tokens.note_login(api, succeeded, state.now)[1])

    def _publish_tokens(self, tokens: Tokens) -> None:
        head = self._head
        draft = copy(head.newest)
        draft.tokens = tokens
        draft.cache = None
        if head.log is None:
            head.state = head.newest = draft
        else:
            self.saving = head.log.amend(head, draft) or self.saving
        self._state = draft

    def with_credentials(self, grants: Mapping[str, Grant]) -> World:
        """A world with the name and state of this view that accepts these credentials only."""
        draft = copy(self._state)
        draft.grants = dict(grants)
        draft.cache = None
        world = World.of(draft, self.name)
        world.head.serial = self._head.serial
        return world

    def restore(self, other: World) -> None:
        """Become equal to another world, as a new version of this one. Raises ``StoreUnavailable``."""
        head = self._head
        with head.lock:
            draft = copy(other._state)
            draft.version = head.newest.version + 1
            draft.tokens = draft.tokens.reset(draft.version)
            draft.cache = None
            if head.log is None:
                head.state = head.newest = draft
            else:
                head.log.replace(head, head.newest, draft)
            self._state = draft

    def replay(self, commands: Iterable[Command], version: int) -> WorldState:
        """The state after applying ``commands`` to this view's state, which gets ``version`` first.

        Raises ``LedgerError`` if one is refused: the commands were then recorded in a different world.
        """
        draft = self._state.fork()
        draft.version = version
        draft.tokens = draft.tokens.reset(version)
        for command in commands:
            draft.execute(command)
            draft.version += 1
        if draft.ledger.store.revision != self._state.ledger.store.revision:
            draft.accounts_cache = None
        return draft

    def fork(self, name: str) -> World:
        """A new world with the state that this view shows; changes to either do not show in the other."""
        return World.of(self._state, name)
