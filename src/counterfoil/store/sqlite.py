"""Keeps worlds in one SQLite file (write-ahead log, flushed at each commit).

One server writes to a file at a time; it holds a lock on ``FILE-lock``. It may be of several processes (``shared``), which take
turns by a lock on ``FILE-turn``: SQLite's own wait is by polling, which lets some wait for seconds. The commands ``store info``,
``check`` and ``export`` may read meanwhile. The file holds credentials, so it is made readable by its owner alone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from threading import Lock

import counterfoil
from counterfoil.store.log import (
    Conflict,
    Operation,
    Position,
    Row,
    StoredWorld,
    StoreError,
    decode_origin,
)
from counterfoil.store.sqlite_statements import LATER, SCHEMA, position, write_all, write_if_next
from counterfoil.store.sqlite_turns import Turns
from counterfoil.world.command_log import StoreUnavailable

FORMAT = 1
APPLICATION = 0x63667374  # "cfst": tells our files from those of other programs (PRAGMA application_id)
WORLD = """SELECT world.id, world.name, origin.json, world.base, world.time_to_live, world.expires, scenario.text
    FROM world JOIN origin ON origin.id = world.origin JOIN scenario ON scenario.digest = origin.scenario
    WHERE world.name = ?"""


class SqliteLog:
    """The store in ``path``, which is made if it is not there. Implements ``counterfoil.store.log.Log``.

    ``to_write`` False opens it for reading beside a server; ``shared``: processes that are forked from this one write to it,
    too. Raises ``StoreError``.
    """

    remote = False

    def __init__(self, path: str | Path, *, to_write: bool = True, shared: bool = False) -> None:
        self.where = str(path)
        self.shared = shared
        self._path = Path(path)
        self._to_write = to_write
        self.turns = Turns(f"{path}-turn") if shared else None
        self._reading = Lock()
        self._writing: sqlite3.Connection | None = None
        self._lock_file: sqlite3.Connection | None = None
        try:
            self._open()
        except sqlite3.Error as error:
            self.close()
            raise StoreError(f"{self.where}: {_said(error)}") from None
        except OSError as error:
            self.close()
            raise StoreError(f"{self.where}: cannot be opened: {error.strerror}") from None
        except StoreUnavailable as error:
            self.close()
            raise StoreError(f"{self.where}: {error}") from None
        except StoreError:
            self.close()
            raise

    # --- opening ---------------------------------------------------------------------------------

    def _open(self) -> None:
        self._read: sqlite3.Connection | None = None
        if not self._to_write and not self._path.exists():
            raise StoreError(f"{self.where}: there is no such store")
        if self._path.exists() and not stat.S_ISREG(self._path.stat().st_mode):
            raise StoreError(f"{self.where}: is not a file")
        if self._path.exists() and not _begins_like_a_database(self._path):
            raise StoreError(f"{self.where}: is not a store of counterfoil")  # before a lock is put beside it
        if self._to_write:
            self._take_lock()
            with contextlib.suppress(FileExistsError):
                # before SQLite makes it with the permissions of the umask
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._read = self._connect()
        self._check_format()
        if self.shared:
            self.connect()
        elif self._to_write:
            self.recover()

    def _take_lock(self) -> None:
        """A lock that ends with the process, on every system: SQLite's own, on a file beside the store."""
        lock = Path(f"{self.where}-lock")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        uri = lock.absolute().as_uri()  # what SQLite could take for a URI is quoted
        self._lock_file = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._lock_file.execute("PRAGMA journal_mode = MEMORY")  # no second file
            self._lock_file.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if _name(error) == "SQLITE_BUSY":
                raise StoreError(f"{self.where}: another process uses this store; stop it first") from None
            raise

    def _connect(self) -> sqlite3.Connection:
        mode = "rw" if self._to_write else "ro"
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _check_format(self) -> None:
        assert self._read is not None
        application, found = self._pragma("application_id"), self._pragma("user_version")
        is_empty = not self._read.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if is_empty and not application and self._to_write:
            self._create()
        elif application != APPLICATION:
            raise StoreError(f"{self.where}: is not a store of counterfoil")
        elif found != FORMAT:
            raise StoreError(
                f"{self.where}: is in format {found}, and counterfoil {counterfoil.__version__} reads format {FORMAT}; "
                "export it with the version that wrote it (counterfoil store export) and import that"
            )
        for name, here in self._versions().items():
            there = self.about(name)
            if there != here:
                raise StoreError(
                    f"{self.where}: was written with {name} {there}, and this is {name} {here}, which may rebuild other "
                    f"worlds; export it with {name} {there} (counterfoil store export) and import that into a new store"
                )

    def _create(self) -> None:
        assert self._read is not None
        if self._read.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise StoreError(f"{self.where}: this file system cannot keep a write-ahead log; choose a local disk")
        self._read.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
        self._read.executemany("INSERT INTO about VALUES (?, ?)", self._versions().items())
        self._read.execute(f"PRAGMA application_id = {APPLICATION}")
        self._read.execute(f"PRAGMA user_version = {FORMAT}")
        self._read.execute("COMMIT")

    @staticmethod
    def _versions() -> dict[str, str]:
        """What decides which world the same commands make: this program, and Faker, whose names and addresses are shown."""
        return {"counterfoil": counterfoil.__version__, "faker": installed("faker")}

    def _pragma(self, name: str) -> int:
        assert self._read is not None
        return int(self._read.execute(f"PRAGMA {name}").fetchone()[0])

    def close(self) -> None:
        self.disconnect()
        if self._lock_file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._lock_file.close()
            self._lock_file = None

    def disconnect(self) -> None:
        """The lock that keeps other servers away stays."""
        for connection in (self._writing, getattr(self, "_read", None)):
            if connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()
        self._writing = self._read = None
        if self.turns is not None:
            self.turns.close()

    def connect(self) -> None:
        self.disconnect()
        try:
            self._read = self._connect()
            if self.turns is not None:
                self.turns.open()
            self.recover()
        except (sqlite3.Error, OSError, StoreUnavailable) as error:
            self.disconnect()
            raise StoreError(f"{self.where}: {error}") from None

    # --- writing, from one thread ----------------------------------------------------------------

    def recover(self) -> None:
        """A new connection, because SQLite's state after an I/O error is not to be trusted; and a write, to see that it works."""
        self._drop_writing()
        try:
            connection = self._writing = self._connect()
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(LATER)
            connection.execute("INSERT OR REPLACE INTO about VALUES ('opened', datetime('now'))")
        except sqlite3.Error as error:
            self._drop_writing()
            raise StoreUnavailable(f"the store cannot be written: {_said(error)}") from None

    def writing(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self.turns is None else self.turns.taken()

    def commit(self, operations: Sequence[Operation]) -> None:
        connection = self._writing
        if connection is None:
            raise StoreUnavailable("the store is not open")
        try:
            if self.turns is not None:
                with self.turns.counting(operations):
                    write_if_next(connection, operations)
            else:
                write_all(connection, operations)
        except Conflict:
            raise
        except sqlite3.Error as error:
            self._drop_writing()
            raise StoreUnavailable(f"the store cannot be written: {_said(error)}; try again") from None
        except BaseException:
            self._drop_writing()
            raise

    def _drop_writing(self) -> None:
        connection, self._writing = self._writing, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()  # rolls back what was not committed

    # --- reading ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """The connection to read with, in one snapshot."""
        with self._reading:
            if self._read is None:
                raise StoreUnavailable("the store is closed")
            try:
                self._read.execute("BEGIN")
                try:
                    yield self._read
                finally:
                    self._read.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise StoreUnavailable(f"the store cannot be read: {_said(error)}; try again") from None

    def find(self, name: str) -> StoredWorld | None:
        with self._reader() as connection:
            found = connection.execute(WORLD, (name,)).fetchone()
            if found is None:
                return None
            id, _, json, base, time_to_live, expires, text = found
            commands = connection.execute("SELECT command FROM log WHERE world = ? ORDER BY number", (id,)).fetchall()
        row = Row(id, name, decode_origin(json), base, time_to_live, expires)
        return StoredWorld(row, text, [each for (each,) in commands])

    def revision(self, world: int) -> int | None:
        return None if self.turns is None else self.turns.revision(world)

    def position(self, name: str) -> Position | None:
        with self._reader() as connection:
            return position(connection, "name", name)

    def commands_after(self, world: int, number: int) -> list[bytes]:
        with self._reader() as connection:
            query = "SELECT command FROM log WHERE world = ? AND number > ? ORDER BY number"
            return [each for (each,) in connection.execute(query, (world, number))]

    def rows(self, offset: int = 0, limit: int = -1) -> list[tuple[int, str]]:
        with self._reader() as connection:
            return connection.execute(
                "SELECT id, name FROM world ORDER BY id LIMIT ? OFFSET ?", (limit, offset)
            ).fetchall()

    def expired(self, now: float) -> list[tuple[int, str]]:
        with self._reader() as connection:
            return connection.execute("SELECT id, name FROM world WHERE expires < ?", (now,)).fetchall()

    def faults(self) -> list[tuple[str, bytes]]:
        with self._reader() as connection:
            return connection.execute("SELECT name, json FROM fault JOIN world ON world.id = fault.world").fetchall()

    def count(self) -> int:
        return self._number("SELECT count(*) FROM world")

    def commands(self) -> int:
        """How many commands all worlds have."""
        return self._number("SELECT count(*) FROM log")

    def last_id(self) -> int:
        return self._number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'world'")

    def _number(self, query: str) -> int:
        with self._reader() as connection:
            found: int | None = connection.execute(query).fetchone()[0]
        return found or 0

    def about(self, name: str, value: str | None = None) -> str | None:
        if value is not None:
            with self._reading:
                assert self._read is not None
                self._read.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))
        with self._reader() as connection:
            found = connection.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def versions(self) -> dict[str, str | None]:
        """What the store was written with: its format, and the versions of counterfoil and Faker."""
        return {"format": str(FORMAT), **{name: self.about(name) for name in self._versions()}}

    def size(self) -> int:
        """Bytes of the file and of its write-ahead log."""
        files = (self._path, Path(f"{self.where}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    # --- looking after it ------------------------------------------------------------------------

    def mistakes(self) -> list[str]:
        """What SQLite finds wrong with the file, and commands that are missing; one line each."""
        with self._reader() as connection:
            said = [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
            gaps = connection.execute(
                "SELECT name FROM world JOIN log ON log.world = world.id GROUP BY world.id HAVING max(number) <> count(*)"
            ).fetchall()
        return said + [f"world '{name}': commands are missing" for (name,) in gaps]

    def compact(self) -> None:
        """Give back the space of what was deleted. Raises ``StoreUnavailable``."""
        assert self._writing is not None
        try:
            self._writing.execute("DELETE FROM origin WHERE id NOT IN (SELECT origin FROM world)")
            self._writing.execute("DELETE FROM scenario WHERE digest NOT IN (SELECT scenario FROM origin)")
            self._writing.execute("VACUUM")
            self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self.where}: cannot be compacted: {_said(error)}") from None


def _begins_like_a_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16) in (b"SQLite format 3\0", b"")


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def _said(error: sqlite3.Error) -> str:
    """What SQLite reports, in words that say what to do."""
    name = _name(error)
    if name == "SQLITE_NOTADB":
        return "is not a store of counterfoil"
    if name.startswith("SQLITE_READONLY"):
        return "is read-only; make the file and its folder writable"
    if name == "SQLITE_FULL":
        return "the disk is full"
    if name.startswith("SQLITE_CANTOPEN"):
        return "cannot be opened; is its folder there, and writable?"
    if name.startswith("SQLITE_BUSY"):
        return "another process holds a lock on it"
    return " ".join(str(error).split()) or name
