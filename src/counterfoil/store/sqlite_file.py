"""Opens the SQLite file of a store: takes its lock, makes it readable by its owner alone, and checks its format."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import sys
from pathlib import Path

from counterfoil.store.log import StoreError
from counterfoil.store.sqlite_statements import SCHEMA
from counterfoil.store.written_with import check_written_with, written_with

if sys.platform != "win32":
    import fcntl

FORMAT = 1
APPLICATION = 0x63667374  # "cfst": tells our files from those of other programs (PRAGMA application_id)


class SqliteFile:
    """The file ``path``. ``to_write`` False opens it for reading beside a server."""

    def __init__(self, path: str | Path, *, to_write: bool) -> None:
        self.where = str(path)
        # as SQLite does: two servers that are given a file and a link to it must find the same lock
        self.path = Path(os.path.realpath(path)) if Path(path).is_symlink() else Path(path)
        self._to_write = to_write
        self._lock: sqlite3.Connection | None = None
        self._opened: dict[str, tuple[int, int] | None] = {}

    def open(self) -> sqlite3.Connection:
        """A connection to the store, which is made if it is not there. Raises ``StoreError``, ``OSError``, ``sqlite3.Error``."""
        is_there = self.path.exists()
        if not self._to_write and not is_there:
            raise StoreError(f"{self.where}: there is no such store")
        if is_there:
            self._check_kind()
        if self._to_write:
            self._take_lock()
            _make_private(self.path)
        connection = self.connect()
        self._check_format(connection)
        return connection

    def connect(self) -> sqlite3.Connection:
        """Another connection. Raises ``sqlite3.Error``."""
        mode = "rw" if self._to_write else "ro"
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys = ON")
        if not self._to_write and self._is_alone_in_a_read_only_folder(connection):
            connection.close()
            connection = sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None, check_same_thread=False)
        return connection

    def _is_alone_in_a_read_only_folder(self, connection: sqlite3.Connection) -> bool:
        """Whether it is a copy beside which SQLite can put nothing, such as a back-up on a read-only disk. With a write-ahead log
        it is not a complete copy, or a server uses it."""
        if Path(f"{self.path}-wal").exists():
            return False
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError as error:
            return _name(error).startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))
        return False

    def remember(self) -> None:
        """Remember which files are in use, those that SQLite keeps beside this one too; to be called after a write."""
        self._opened = {path: _identity(path) for path in (str(self.path), f"{self.path}-wal", f"{self.path}-shm")}

    def forget(self) -> None:
        """No file is in use any more: SQLite deletes those beside this one when it is closed."""
        self._opened = {}

    def problem(self) -> str | None:
        """What was done to the files in use; None if all are there. What is written to others would be lost."""
        for path, opened in self._opened.items():
            found = _identity(path)
            if found is None:
                return f"{path} was moved or deleted; put it back, or restart the server"
            if found != opened:
                return f"{path} was replaced by another file; restart the server"
        return None

    def size(self) -> int:
        """Bytes of the file and of its write-ahead log."""
        files = (self.path, Path(f"{self.path}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Let others use it."""
        if self._lock is not None:
            with contextlib.suppress(sqlite3.Error):
                self._lock.close()
            self._lock = None

    def _check_kind(self) -> None:
        """Check that the file is a store's, before another file is put beside it."""
        found = self.path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{self.where}: is not a file")
        if found.st_nlink > 1:  # SQLite finds its write-ahead log and locks by the name
            raise StoreError(f"{self.where}: has another name too (a hard link), which damages it; copy it instead")
        if not _begins_like_a_database(self.path):
            raise StoreError(f"{self.where}: is not a store of counterfoil")

    def _take_lock(self) -> None:
        """A lock that ends with the process, on every system: SQLite's own, on a file beside the store."""
        lock = Path(f"{self.path}-lock")
        _make_private(lock)
        uri = lock.absolute().as_uri()  # what SQLite could take for a URI is quoted
        self._lock = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._lock.execute("PRAGMA journal_mode = MEMORY")  # no second file
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if _name(error) == "SQLITE_BUSY" and _can_lock(lock):
                raise StoreError(f"{self.where}: another process uses this store; stop it first") from None
            if _name(error).startswith(("SQLITE_BUSY", "SQLITE_IOERR_LOCK")):
                raise StoreError(f"{self.where}: this file system cannot lock files; choose a local disk") from None
            raise

    def _check_format(self, connection: sqlite3.Connection) -> None:
        application, found = (
            connection.execute(f"PRAGMA {each}").fetchone()[0] for each in ("application_id", "user_version")
        )
        is_empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if is_empty and not application and self._to_write:
            self._create(connection)
        elif application != APPLICATION:
            raise StoreError(f"{self.where}: is not a store of counterfoil")
        else:
            about = connection.execute("SELECT name, value FROM about") if found == FORMAT else ()
            check_written_with(self.where, str(FORMAT), {**dict(about), "format": str(found)})

    def _create(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise StoreError(f"{self.where}: this file system cannot keep a write-ahead log; choose a local disk")
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
        connection.executemany("INSERT INTO about VALUES (?, ?)", written_with().items())
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")


def _make_private(path: Path) -> None:
    """Make the file, if it is not there, before SQLite does so with the permissions of the umask."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _can_lock(path: Path) -> bool:
    """Whether the file can be locked, be it that another process has done so. SQLite reports both as ``SQLITE_BUSY``; a network
    file system without its lock service fails with ``ENOLCK``."""
    if sys.platform == "win32":
        return True
    try:
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EAGAIN)
    return True


def _begins_like_a_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16) in (b"SQLite format 3\0", b"")


def _identity(path: str) -> tuple[int, int] | None:
    """What tells this file from another one of that name; None if there is none."""
    try:
        found = os.stat(path)  # three for each commit: Path takes twice as long
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def describe_error(error: sqlite3.Error) -> str:
    """What SQLite reports, in words that say what to do."""
    name = _name(error)
    if name == "SQLITE_NOTADB":
        return "is not a store of counterfoil"
    if name.startswith("SQLITE_READONLY"):
        return "is read-only; make the file and its folder writable"
    if name in ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"):
        return "the disk is full"
    if name.startswith("SQLITE_CANTOPEN"):
        return "cannot be opened; is its folder there, and writable?"
    if name.startswith("SQLITE_BUSY"):
        return "another process holds a lock on it"
    return " ".join(str(error).split()) or name
