"""Keeps worlds in a Redis or Valkey server that is configured to be durable. Any number of servers may use it at once.

Each change is one script, which checks that no other server was faster. Only the primary server is read: a replica may be behind.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

import redis

from counterfoil.store.log import (
    DURABILITY_CHECK_SECONDS,
    Change,
    Conflict,
    Position,
    Row,
    StoredWorld,
    StoreError,
    decode_origin,
)
from counterfoil.store.open_or_refuse import open_or_refuse
from counterfoil.store.redis_connections import check_durable, connect, describe_error, where
from counterfoil.store.redis_scripts import COMMIT, FIND, KEPT_WRITERS, MISTAKES, NAMES_OF, Value, encoded
from counterfoil.store.written_with import check_written_with, written_with
from counterfoil.world.command_log import StoreUnavailable

FORMAT = "1"
RECONNECT_SECONDS = 3.0
"""How long a commit with an unknown outcome tries to reach the server again before its clients get an error."""
ABOUT, HEADS, ORDER, EXPIRING = (f"counterfoil:{key}" for key in ("about", "heads", "order", "expiring"))
SCAN_BATCH_SIZE = 1000


class RedisLog:
    """The store in the database of ``url``. Implements ``counterfoil.store.log.Log``.

    With ``to_write`` False it only reads. Raises ``StoreError``.
    """

    shared = remote = True

    def __init__(self, url: str, *, to_write: bool = True) -> None:
        self.where = where(url)
        self._client = connect(url)
        self._to_write = to_write
        self._writer = secrets.token_hex(8)
        self._batch = ""
        self._checked = 0.0
        self._commit = self._client.register_script(COMMIT)
        self._find = self._client.register_script(FIND)
        self._names_of = self._client.register_script(NAMES_OF)
        self._mistakes = self._client.register_script(MISTAKES)
        with open_or_refuse(self, redis.RedisError, describe_error):
            self._open()

    # --- opening ---------------------------------------------------------------------------------

    def _open(self) -> None:
        check_durable(self._client)
        if not self._client.exists(ABOUT):
            if not self._to_write:
                raise StoreError(f"{self.where}: there is no such store; counterfoil serve --store makes it")
            with self._client.pipeline() as together:  # two servers that start at once make the same one
                for name, value in {"format": FORMAT, **written_with()}.items():
                    together.hsetnx(ABOUT, name, value)
                together.execute()
        about = cast("dict[bytes, bytes]", self._client.hgetall(ABOUT))
        check_written_with(self.where, FORMAT, {name.decode(): value.decode() for name, value in about.items()})
        if self._to_write:
            self.recover()

    def connect(self) -> None:
        self._writer = secrets.token_hex(8)
        with contextlib.suppress(StoreUnavailable):
            self.recover()

    def disconnect(self) -> None:
        self._client.connection_pool.disconnect()

    def close(self) -> None:
        self._client.close()
        self.disconnect()

    # --- writing, from one thread ----------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Nothing is locked: ``commit`` raises ``Conflict`` if another server was faster."""
        yield

    def recover(self) -> None:
        """Start a new batch. An earlier one that is still under way can no longer be committed."""
        fresh = secrets.token_hex(8)
        try:
            self._check()
            self._client.set(f"counterfoil:writer:{self._writer}", fresh, ex=KEPT_WRITERS)
        except redis.RedisError as error:
            raise StoreUnavailable(f"the store cannot be written: {describe_error(error)}") from None
        self._batch = fresh

    def _check(self) -> None:
        try:
            check_durable(self._client)
        except StoreUnavailable as error:
            raise StoreUnavailable(f"the store cannot be written: the server {error}") from None
        self._checked = time.monotonic()

    def commit(self, changes: Sequence[Change]) -> None:
        batch, sent = secrets.token_hex(8), encoded(changes)
        if time.monotonic() > self._checked + DURABILITY_CHECK_SECONDS:
            with contextlib.suppress(redis.RedisError):  # the connection broke; the commit will fail too
                self._check()
        try:
            result = self._write(batch, sent)
            if result == b"FENCED":  # the writer's key expired, because it was idle for long; nothing is under way
                self.recover()
                result = self._write(batch, sent)
        except (redis.ConnectionError, redis.TimeoutError):
            result = self._settle(batch, sent)
        except redis.RedisError as error:
            raise StoreUnavailable(f"the store cannot be written: {describe_error(error)}; try again") from None
        if result == b"CONFLICT":
            raise Conflict("another server changed the same world")
        if result != b"DONE":
            raise StoreUnavailable("the store cannot be written: this server's writer entry has expired; try again")
        self._batch = batch

    def look_after(self) -> None:
        """Do nothing: ``commit`` checks the server."""

    def _write(self, batch: str, sent: list[Value]) -> Any:
        return self._commit(args=[self._writer, self._batch, batch, *sent])

    def _settle(self, batch: str, sent: list[Value]) -> Any:
        """The connection broke during a commit: check whether the batch is stored, and write it again if not."""
        deadline = time.monotonic() + RECONNECT_SECONDS
        while True:
            try:
                result = self._write(batch, sent)
                if result != b"FENCED":
                    return result
                stored = self._client.get(f"counterfoil:writer:{self._writer}")
                return b"DONE" if stored == batch.encode() else result
            except redis.RedisError as again:
                if time.monotonic() > deadline:
                    raise StoreUnavailable(f"the store cannot be written: {describe_error(again)}; try again") from None
                time.sleep(0.1)

    # --- reading ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _reading(self) -> Iterator[redis.Redis]:
        try:
            yield self._client
        except redis.RedisError as error:
            raise StoreUnavailable(f"the store cannot be read: {describe_error(error)}; try again") from None

    def find(self, name: str) -> StoredWorld | None:
        with self._reading():
            values = cast("list[Any] | None", self._find(args=[name]))
        if values is None:
            return None
        head, origin, seconds, text, commands = values
        position = _position(head)
        time_to_live = float(seconds) if seconds else None
        row = Row(position.id, name, decode_origin(origin.decode()), position.base, time_to_live, position.expires)
        return StoredWorld(row, text, commands)

    def position(self, name: str) -> Position | None:
        return self.positions([name]).get(name)

    def positions(self, names: Sequence[str]) -> dict[str, Position]:
        """The positions of the worlds with those names, as of now or later; unknown names are left out."""
        with self._reading() as client:
            heads = cast("list[bytes | None]", client.hmget(HEADS, list(names)))
        return {name: _position(head) for name, head in zip(names, heads, strict=True) if head is not None}

    def revision(self, world: int) -> int | None:
        """Always None: it would take a round trip, and so does ``position``."""
        return None

    def commands_after(self, world: int, number: int) -> list[bytes]:
        with self._reading() as client:
            return cast("list[bytes]", client.lrange(f"counterfoil:log:{world}", number, -1))

    def rows(self, offset: int = 0, limit: int = -1) -> list[tuple[int, str]]:
        with self._reading() as client:
            last = -1 if limit < 0 else offset + limit - 1
            return self._named(cast("list[bytes]", client.zrange(ORDER, offset, last)) if limit else [])

    def expired(self, now: float, limit: int = -1) -> list[tuple[int, str]]:
        with self._reading() as client:
            ids = client.zrangebyscore(EXPIRING, "-inf", f"({now!r}", start=0, num=limit)
            return self._named(cast("list[bytes]", ids))

    def faults(self) -> list[tuple[str, bytes]]:
        with self._reading() as client:
            heads = dict(client.hscan_iter(HEADS, count=SCAN_BATCH_SIZE))
        return [(name.decode(), at.faults) for name, head in heads.items() if (at := _position(head)).faults]

    def _named(self, ids: list[bytes]) -> list[tuple[int, str]]:
        """Ids with the names of their worlds, without worlds deleted meanwhile."""
        worlds: list[tuple[int, str]] = []
        for at in range(0, len(ids), SCAN_BATCH_SIZE):
            some = ids[at : at + SCAN_BATCH_SIZE]
            names = cast("list[bytes | None]", self._names_of(args=some))
            worlds += [(int(id), name.decode()) for id, name in zip(some, names, strict=True) if name is not None]
        return worlds

    def count(self) -> int:
        with self._reading() as client:
            return client.hlen(HEADS)

    def commands(self) -> int:
        """How many commands all worlds have."""
        with self._reading() as client:
            heads = dict(client.hscan_iter(HEADS, count=SCAN_BATCH_SIZE))
        return sum(_position(head).number for head in heads.values())

    def reserve_id(self) -> int:
        with self._reading() as client:
            return client.hincrby(ABOUT, "last_id", 1)

    def set_default(self, name: str, value: str) -> str:
        with self._reading() as client:
            client.hsetnx(ABOUT, name, value)
        return self.setting(name) or value

    def setting(self, name: str) -> str | None:
        with self._reading() as client:
            value = cast("bytes | None", client.hget(ABOUT, name))
        return None if value is None else value.decode()

    def versions(self) -> dict[str, str | None]:
        """The store's format, and the versions of counterfoil and Faker that wrote it."""
        return {"format": FORMAT, **{name: self.setting(name) for name in written_with()}}

    def size(self) -> int:
        """Bytes of memory that the server uses, for this store and other data."""
        with self._reading() as client:
            return int(client.info("memory")["used_memory"])

    # --- looking after it ------------------------------------------------------------------------

    def mistakes(self) -> list[str]:
        """Worlds whose log is shorter or longer than it should be; one line each."""
        wrong: list[bytes] = []
        with self._reading():
            names = [name for _, name in self.rows()]
            for at in range(0, len(names), SCAN_BATCH_SIZE):
                wrong += cast("list[bytes]", self._mistakes(args=names[at : at + SCAN_BATCH_SIZE]))
        return [f"world '{name.decode()}': commands are missing" for name in wrong]

    def compact(self) -> None:
        """Let the server rewrite its file without deleted worlds. Raises ``StoreUnavailable``."""
        try:
            self._client.bgrewriteaof()
        except redis.ResponseError as error:
            if "already in progress" not in str(error):
                raise StoreUnavailable(f"{self.where}: cannot be compacted: {describe_error(error)}") from None
        except redis.RedisError as error:
            raise StoreUnavailable(f"{self.where}: cannot be compacted: {describe_error(error)}") from None


def _position(head: bytes) -> Position:
    id, base, number, expires, bytes_of_faults, rest = head.split(b" ", 5)
    faults = int(bytes_of_faults)
    return Position(
        int(id),
        int(base),
        int(number),
        None if expires == b"-" else float(expires),
        rest[:faults],
        rest[faults:],
    )
