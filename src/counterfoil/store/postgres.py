"""Keeps worlds in a PostgreSQL database, in the schema ``counterfoil``. Any number of servers may use it at once.

Each change is one transaction that checks that no other server was faster. Only the primary server is read: a replica may be
behind.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from counterfoil.store.log import (
    DURABILITY_CHECK_SECONDS,
    Change,
    Position,
    Row,
    StoredWorld,
    StoreError,
    decode_origin,
)
from counterfoil.store.open_or_refuse import open_or_refuse
from counterfoil.store.postgres_connections import Connection, Connections, describe_error, set_up
from counterfoil.store.postgres_statements import APPENDING, FENCED, IS_APPENDING, SCHEMA, write_all
from counterfoil.store.written_with import check_written_with, written_with
from counterfoil.world.command_log import StoreUnavailable

FORMAT = "1"
CREATION = 0x63667374
"""The advisory lock for creating the tables: if two servers start at once, one creates them."""
RECONNECT_SECONDS = 3.0
"""How long a commit with an unknown outcome tries to reach the server again before its clients get an error."""
KEPT_WRITERS = "1 day"
WORLD = """SELECT world.id, origin.json, base, time_to_live, expires, scenario.text,
    (SELECT array_agg(command ORDER BY number) FROM counterfoil.log WHERE log.world = world.id)
    FROM counterfoil.world JOIN counterfoil.origin ON origin.digest = world.origin
    JOIN counterfoil.scenario ON scenario.digest = origin.scenario WHERE world.name = %s"""


class PostgresLog:
    """The store in the database of ``url``; missing tables are created. Implements ``counterfoil.store.log.Log``.

    With ``to_write`` False it only reads. Raises ``StoreError``.
    """

    shared = remote = True

    def __init__(self, url: str, *, to_write: bool = True) -> None:
        self._connections = Connections(url)
        self.where = self._connections.where
        self._to_write = to_write
        self._writing: Connection | None = None
        self._writer = secrets.token_hex(8)
        self._batch = ""
        self._checked = 0.0
        with open_or_refuse(self, psycopg.Error, describe_error):
            self._open()

    # --- opening ---------------------------------------------------------------------------------

    def _open(self) -> None:
        with contextlib.closing(self._connections.open()) as connection:
            is_there = self._is_there(connection)
            if not is_there and not self._to_write:
                raise StoreError(f"{self.where}: there is no such store; counterfoil serve --store makes it")
            if not is_there:
                self._create(connection)
            elif self._to_write:
                self._complete(connection)
            about = dict(connection.execute("SELECT name, value FROM counterfoil.about").fetchall())
        check_written_with(self.where, FORMAT, about)
        if self._to_write:
            self.recover()

    def _is_there(self, connection: Connection) -> bool:
        ours, others = connection.execute(
            "SELECT to_regclass('counterfoil.about') IS NOT NULL AND to_regclass('counterfoil.writer') IS NOT NULL,"
            " EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace('counterfoil'))"
        ).fetchone() or (False, False)
        if others and not ours:
            raise StoreError(f"{self.where}: its schema 'counterfoil' is not a store of counterfoil")
        return bool(ours)

    def _create(self, connection: Connection) -> None:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (CREATION,))
            if self._is_there(connection):  # another server was faster
                return
            (schema,) = connection.execute("SELECT to_regnamespace('counterfoil')").fetchone() or (None,)
            if schema is None:
                connection.execute("CREATE SCHEMA counterfoil")
            connection.execute(SCHEMA)
            connection.execute(APPENDING)
            for name, value in {"format": FORMAT, **written_with()}.items():
                connection.execute("INSERT INTO counterfoil.about VALUES (%s, %s)", (name, value))

    def _complete(self, connection: Connection) -> None:
        """Add what a store written by an earlier version lacks."""
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (CREATION,))
            if connection.execute(IS_APPENDING).fetchone() != (True,):
                connection.execute(APPENDING)

    def connect(self) -> None:
        self._writer = secrets.token_hex(8)
        with contextlib.suppress(StoreUnavailable):
            self.recover()

    def disconnect(self) -> None:
        self._drop_writing()
        self._connections.close()

    def close(self) -> None:
        self.disconnect()

    # --- writing, from one thread ----------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Nothing is locked: ``commit`` raises ``Conflict`` if another server was faster."""
        yield

    def recover(self) -> None:
        """Open a new connection. A batch that is still under way on an older one can no longer be committed."""
        self._drop_writing()
        try:
            connection = self._connections.open()
        except StoreUnavailable as error:
            raise StoreUnavailable(f"the store cannot be written: {error}") from None
        self._writing, self._checked = connection, time.monotonic()
        fresh = secrets.token_hex(8)
        try:
            connection.execute(
                "INSERT INTO counterfoil.writer (id, batch) VALUES (%s, %s)"
                " ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, at = now()",
                (self._writer, fresh),
            )
            connection.execute(
                f"DELETE FROM counterfoil.writer WHERE at < now() - interval '{KEPT_WRITERS}' AND id <> %s",  # noqa: S608
                (self._writer,),
            )
        except psycopg.Error as error:
            self._drop_writing()
            raise StoreUnavailable(f"the store cannot be written: {describe_error(error)}") from None
        self._batch = fresh

    def commit(self, changes: Sequence[Change]) -> None:
        batch = secrets.token_hex(8)
        self._check_again()
        try:
            self._write(changes, batch)
        except psycopg.Error as error:
            if error.sqlstate == FENCED:  # another server deleted this idle writer; nothing is under way
                self.recover()
                self._settle(changes, batch)
            elif not _outcome_is_unknown(error):
                self._drop_writing()
                raise StoreUnavailable(f"the store cannot be written: {describe_error(error)}; try again") from None
            else:
                self._settle(changes, batch)
        self._batch = batch

    def look_after(self) -> None:
        """Do nothing: ``commit`` checks the server."""

    def _check_again(self) -> None:
        if self._writing is not None and time.monotonic() > self._checked + DURABILITY_CHECK_SECONDS:
            try:
                with contextlib.suppress(psycopg.Error):  # the connection broke; the commit will fail too
                    set_up(self._writing)
            except StoreUnavailable as error:
                self._drop_writing()
                raise StoreUnavailable(f"the store cannot be written: the server {error}") from None
            self._checked = time.monotonic()

    def _write(self, changes: Sequence[Change], batch: str) -> None:
        if self._writing is None:
            raise StoreUnavailable("the store cannot be written: it is not open; try again")
        write_all(self._writing, changes, (self._writer, self._batch, batch))

    def _settle(self, changes: Sequence[Change], batch: str) -> None:
        """The connection broke during a commit: check whether the batch is stored, and write it again if not."""
        deadline = time.monotonic() + RECONNECT_SECONDS
        while True:
            try:
                self._drop_writing()
                connection = self._writing = self._connections.open()
                # waits for the other transaction, if that is still under way
                stored = connection.execute(
                    "SELECT batch FROM counterfoil.writer WHERE id = %s FOR UPDATE", (self._writer,)
                ).fetchone()
                if stored != (batch,):
                    self._write(changes, batch)
                return
            except StoreUnavailable as again:
                if time.monotonic() > deadline:
                    self._drop_writing()
                    raise StoreUnavailable(f"the store cannot be written: {again}; try again") from None
                time.sleep(0.1)
            except psycopg.Error as again:
                self._drop_writing()
                # FENCED means that the first attempt was committed meanwhile, as the next check shows
                if time.monotonic() > deadline:
                    raise StoreUnavailable(f"the store cannot be written: {describe_error(again)}; try again") from None

    def _drop_writing(self) -> None:
        connection, self._writing = self._writing, None
        if connection is not None:
            connection.close()  # rolls back what was not committed

    # --- reading ---------------------------------------------------------------------------------

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._connections.reading() as connection:
            return connection.execute(query.encode(), values).fetchall()

    def find(self, name: str) -> StoredWorld | None:
        worlds = self._rows(WORLD, name)
        if not worlds:
            return None
        id, json, base, time_to_live, expires, text, commands = worlds[0]
        return StoredWorld(Row(id, name, decode_origin(json), base, time_to_live, expires), text, commands or [])

    def position(self, name: str) -> Position | None:
        return self.positions([name]).get(name)

    def positions(self, names: Sequence[str]) -> dict[str, Position]:
        """The positions of the worlds with those names, as of now or later; unknown names are left out."""
        query = "SELECT name, id, base, length, expires, faults, logins FROM counterfoil.world WHERE name = ANY (%s)"
        return {name: Position(*columns) for name, *columns in self._rows(query, list(names))}

    def revision(self, world: int) -> int | None:
        """Always None: it would take a round trip, and so does ``position``."""
        return None

    def commands_after(self, world: int, number: int) -> list[bytes]:
        query = "SELECT command FROM counterfoil.log WHERE world = %s AND number > %s ORDER BY number"
        return [command for (command,) in self._rows(query, world, number)]

    def rows(self, offset: int = 0, limit: int = -1) -> list[tuple[int, str]]:
        query = "SELECT id, name FROM counterfoil.world ORDER BY id LIMIT %s OFFSET %s"
        return [(id, name) for id, name in self._rows(query, None if limit < 0 else limit, offset)]

    def expired(self, now: float, limit: int = -1) -> list[tuple[int, str]]:
        query = "SELECT id, name FROM counterfoil.world WHERE expires < %s ORDER BY expires LIMIT %s"
        return [(id, name) for id, name in self._rows(query, now, None if limit < 0 else limit)]

    def faults(self) -> list[tuple[str, bytes]]:
        query = "SELECT name, faults FROM counterfoil.world WHERE faults <> ''"
        return [(name, json) for name, json in self._rows(query)]

    def count(self) -> int:
        return self._number("SELECT count(*) FROM counterfoil.world")

    def commands(self) -> int:
        """How many commands all worlds have."""
        return self._number("SELECT coalesce(sum(length), 0) FROM counterfoil.world")

    def reserve_id(self) -> int:
        return self._number("SELECT nextval('counterfoil.world_id')")

    def _number(self, query: str) -> int:
        return int(self._rows(query)[0][0])

    def set_default(self, name: str, value: str) -> str:
        self._rows("INSERT INTO counterfoil.about VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING name", name, value)
        return self.setting(name) or value

    def setting(self, name: str) -> str | None:
        values = self._rows("SELECT value FROM counterfoil.about WHERE name = %s", name)
        return str(values[0][0]) if values else None

    def versions(self) -> dict[str, str | None]:
        """The store's format, and the versions of counterfoil and Faker that wrote it."""
        return {"format": FORMAT, **{name: self.setting(name) for name in written_with()}}

    def size(self) -> int:
        """Bytes of the tables and their indexes."""
        return self._number(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class"
            " WHERE relnamespace = to_regnamespace('counterfoil') AND relkind = 'r'"
        )

    # --- looking after it ------------------------------------------------------------------------

    def mistakes(self) -> list[str]:
        """Worlds whose stored commands do not match their length; one line each."""
        names = self._rows(
            "SELECT name FROM counterfoil.world LEFT JOIN counterfoil.log ON log.world = world.id GROUP BY world.id"
            " HAVING count(number) <> length OR coalesce(max(number), 0) <> length ORDER BY world.id"
        )
        return [f"world '{name}': commands are missing" for (name,) in names]

    def compact(self) -> None:
        """Free the space of deleted worlds; servers may use the store meanwhile. Raises ``StoreUnavailable``."""
        try:
            with contextlib.closing(self._connections.open()) as connection:
                connection.execute(
                    "DELETE FROM counterfoil.origin WHERE NOT EXISTS"
                    " (SELECT 1 FROM counterfoil.world WHERE world.origin = origin.digest)"
                )
                connection.execute(
                    "DELETE FROM counterfoil.scenario WHERE NOT EXISTS"
                    " (SELECT 1 FROM counterfoil.origin WHERE origin.scenario = scenario.digest)"
                )
                connection.seconds = 3600.0
                connection.execute("SET statement_timeout = 0")
                for table in ("scenario", "origin", "world", "log", "writer"):
                    connection.execute(f"VACUUM counterfoil.{table}")
        except psycopg.Error as error:
            raise StoreUnavailable(f"{self.where}: cannot be compacted: {describe_error(error)}") from None


def _outcome_is_unknown(error: psycopg.Error) -> bool:
    """Whether the connection broke or time ran out, so that the transaction may have been committed."""
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
