"""Keeps worlds in one SQLite file (write-ahead log, flushed at each commit).

One server writes to a file at a time; it holds a lock on ``FILE-lock``. It may have several processes (``shared``), which take
turns with a lock on ``FILE-turn``: SQLite itself polls, and some processes would wait for seconds. The commands ``store info``,
``check`` and ``export`` may read meanwhile. The file holds credentials, so only its owner may read it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

from counterfoil.store.log import Change, Conflict, Position, Row, StoredWorld, StoreError, decode_origin
from counterfoil.store.open_or_refuse import open_or_refuse
from counterfoil.store.sqlite_file import FORMAT, SqliteFile, describe_error
from counterfoil.store.sqlite_statements import LATER, position, write_all, write_if_next
from counterfoil.store.write_turns import SharedWriteLock
from counterfoil.store.written_with import written_with
from counterfoil.world.command_log import StoreUnavailable

WORLD = """SELECT world.id, world.name, origin.json, world.base, world.time_to_live, world.expires, scenario.text
    FROM world JOIN origin ON origin.id = world.origin JOIN scenario ON scenario.digest = origin.scenario
    WHERE world.name = ?"""


class SqliteLog:
    """The store in ``path``, which is created if missing. Implements ``counterfoil.store.log.Log``.

    With ``to_write`` False it only reads, while a server may write; ``shared``: processes forked from this one write to it,
    too. Raises ``StoreError``.
    """

    remote = False

    def __init__(self, path: str | Path, *, to_write: bool = True, shared: bool = False) -> None:
        self.where = str(path)
        self.shared = shared
        self._file = SqliteFile(path, to_write=to_write)
        self.write_lock = SharedWriteLock(f"{self._file.path}-turn") if shared else None
        self._reading = Lock()
        self._reserving = Lock()
        self._reserved = 0
        self._is_in_file = True
        self._read: sqlite3.Connection | None = None
        self._writing: sqlite3.Connection | None = None
        with open_or_refuse(self, sqlite3.Error, describe_error):
            self._read = self._file.open()
            if shared:
                self.connect()
            if to_write and self._writing is None:
                self.recover()

    # --- opening and closing ---------------------------------------------------------------------

    def close(self) -> None:
        self.disconnect()
        self._file.close()

    def disconnect(self) -> None:
        """Close the connections, but keep the lock that excludes other servers."""
        for connection in (self._writing, self._read):
            if connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()
        self._writing = self._read = None
        self._file.forget()
        if self.write_lock is not None:
            self.write_lock.close()

    def connect(self) -> None:
        self.disconnect()
        try:
            self._read = self._file.connect()
            if self.write_lock is not None:
                self.write_lock.open()
        except (sqlite3.Error, OSError) as error:
            self.disconnect()
            line = describe_error(error) if isinstance(error, sqlite3.Error) else f"{error.filename}: {error.strerror}"
            raise StoreError(f"{self.where}: {line}") from None
        with contextlib.suppress(StoreUnavailable):
            self.recover()

    # --- writing, from one thread ----------------------------------------------------------------

    def recover(self) -> None:
        """Open a new connection, because SQLite's state after an I/O error is unreliable, and write to check that it works."""
        self._drop_writing()
        problem = self._file.problem()
        if problem is not None:
            raise StoreUnavailable(f"the store cannot be written: {problem}")
        try:
            connection = self._writing = self._file.connect()
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(LATER)
            connection.execute("INSERT OR REPLACE INTO about VALUES ('opened', datetime('now'))")
            self._file.remember()
        except sqlite3.Error as error:
            self._drop_writing()
            raise StoreUnavailable(f"the store cannot be written: {describe_error(error)}") from None

    def writing(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self.write_lock is None else self.write_lock.locked()

    def commit(self, changes: Sequence[Change]) -> None:
        connection = self._writing
        if connection is None:
            raise StoreUnavailable("the store cannot be written: it is not open; try again")
        self._check_files(connection)
        self._is_in_file = False
        try:
            if self.write_lock is not None:
                with self.write_lock.bump_counters(changes):
                    write_if_next(connection, changes)
            else:
                write_all(connection, changes)
        except Conflict:
            raise
        except sqlite3.Error as error:
            self._drop_writing()
            raise StoreUnavailable(f"the store cannot be written: {describe_error(error)}; try again") from None
        except BaseException:
            self._drop_writing()
            raise

    def look_after(self) -> None:
        """Check that the files still exist, and move the write-ahead log into the file: if the log is deleted and all processes
        are killed before the next call, only changes since then are lost."""
        connection = self._writing
        if connection is None:
            return
        self._check_files(connection)
        if not self._is_in_file:
            with contextlib.suppress(sqlite3.Error):  # another process does it, or the next commit reports the error
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self._is_in_file = True

    def _check_files(self, connection: sqlite3.Connection) -> None:
        problem = self._file.problem()
        if problem is not None:
            with contextlib.suppress(sqlite3.Error):  # save what only the deleted log has
                connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
            self._drop_writing()
            raise StoreUnavailable(f"the store cannot be written: {problem}")

    def _drop_writing(self) -> None:
        connection, self._writing = self._writing, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()  # rolls back what was not committed

    # --- reading ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """The connection for reading, in one snapshot."""
        with self._reading:
            if self._read is None:
                raise StoreUnavailable("the store is closed")
            try:
                self._read.execute("BEGIN")
                try:
                    yield self._read
                finally:
                    if self._read.in_transaction:
                        self._read.execute("ROLLBACK")
            except sqlite3.Error as error:
                line = self._file.problem() or f"{describe_error(error)}; try again"
                raise StoreUnavailable(f"the store cannot be read: {line}") from None

    def find(self, name: str) -> StoredWorld | None:
        with self._reader() as connection:
            world = connection.execute(WORLD, (name,)).fetchone()
            if world is None:
                return None
            id, _, json, base, time_to_live, expires, text = world
            commands = connection.execute("SELECT command FROM log WHERE world = ? ORDER BY number", (id,)).fetchall()
        row = Row(id, name, decode_origin(json), base, time_to_live, expires)
        return StoredWorld(row, text, [command for (command,) in commands])

    def revision(self, world: int) -> int | None:
        return None if self.write_lock is None else self.write_lock.revision(world)

    def position(self, name: str) -> Position | None:
        with self._reader() as connection:
            return position(connection, "name", name)

    def commands_after(self, world: int, number: int) -> list[bytes]:
        with self._reader() as connection:
            query = "SELECT command FROM log WHERE world = ? AND number > ? ORDER BY number"
            return [command for (command,) in connection.execute(query, (world, number))]

    def rows(self, offset: int = 0, limit: int = -1) -> list[tuple[int, str]]:
        with self._reader() as connection:
            return connection.execute(
                "SELECT id, name FROM world ORDER BY id LIMIT ? OFFSET ?", (limit, offset)
            ).fetchall()

    def expired(self, now: float, limit: int = -1) -> list[tuple[int, str]]:
        with self._reader() as connection:
            return connection.execute(
                "SELECT id, name FROM world WHERE expires < ? ORDER BY expires LIMIT ?", (now, limit)
            ).fetchall()

    def faults(self) -> list[tuple[str, bytes]]:
        with self._reader() as connection:
            return connection.execute("SELECT name, json FROM fault JOIN world ON world.id = fault.world").fetchall()

    def count(self) -> int:
        return self._number("SELECT count(*) FROM world")

    def commands(self) -> int:
        """How many commands all worlds have."""
        return self._number("SELECT count(*) FROM log")

    def reserve_id(self) -> int:
        written = self._number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'world'")
        with self._reserving:
            self._reserved = max(self._reserved, written) + 1  # ids reserved by this process may not be written yet
            return self._reserved

    def _number(self, query: str) -> int:
        with self._reader() as connection:
            number: int | None = connection.execute(query).fetchone()[0]
        return number or 0

    def set_default(self, name: str, value: str) -> str:
        with self._reading:
            assert self._read is not None
            self._read.execute("INSERT OR IGNORE INTO about VALUES (?, ?)", (name, value))
        return self.setting(name) or value

    def setting(self, name: str) -> str | None:
        with self._reader() as connection:
            row = connection.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def versions(self) -> dict[str, str | None]:
        """The store's format, and the versions of counterfoil and Faker that wrote it."""
        return {"format": str(FORMAT), **{name: self.setting(name) for name in written_with()}}

    def size(self) -> int:
        """Bytes of the file and of its write-ahead log."""
        return self._file.size()

    # --- looking after it ------------------------------------------------------------------------

    def mistakes(self) -> list[str]:
        """What SQLite finds wrong with the file, and commands that are missing; one line each."""
        with self._reader() as connection:
            wrong = [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
            gaps = connection.execute(
                "SELECT name FROM world JOIN log ON log.world = world.id GROUP BY world.id HAVING max(number) <> count(*)"
            ).fetchall()
        return wrong + [f"world '{name}': commands are missing" for (name,) in gaps]

    def compact(self) -> None:
        """Free the space of deleted worlds. Raises ``StoreUnavailable``."""
        assert self._writing is not None
        try:
            self._writing.execute("DELETE FROM origin WHERE id NOT IN (SELECT origin FROM world)")
            self._writing.execute("DELETE FROM scenario WHERE digest NOT IN (SELECT scenario FROM origin)")
            self._writing.execute("VACUUM")
            self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self.where}: cannot be compacted: {describe_error(error)}") from None
