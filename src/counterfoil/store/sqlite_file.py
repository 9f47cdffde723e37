"""Opens the SQLite file of a store: takes its lock, lets only its owner read it, and checks its format."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from counterfoil.store.log import StoreError
from counterfoil.store.sqlite_statements import SCHEMA
from counterfoil.store.written_with import check_written_with, written_with

if sys.platform != "win32":
    import fcntl

FORMAT = 1
APPLICATION = 0x63667374  # "cfst": marks our files (PRAGMA application_id)


class SqliteFile:
    """The file ``path``. With ``to_write`` False it is opened for reading, while a server may write."""

    def __init__(self, path: str | Path, *, to_write: bool) -> None:
        self.where = str(path)
        # resolved as SQLite does: servers with a file and a link to it must find the same lock
        self.path = Path(os.path.realpath(path)) if Path(path).is_symlink() else Path(path)
        self._to_write = to_write
        self._lock: sqlite3.Connection | None = None
        self._opened: dict[str, tuple[int, int] | None] = {}

    def open(self) -> sqlite3.Connection:
        """A connection to the store, which is created if missing. Raises ``StoreError``, ``OSError``, ``sqlite3.Error``."""
        is_there = self.path.exists()
        if not self._to_write and not is_there:
            raise StoreError(f"{self.where}: there is no such store")
        if is_there:
            self._check_kind()
        if self._to_write:
            self._take_lock()
            _make_private(self.path)
        connection = self.connect()
        with _closed_on_error(connection):
            self._check_format(connection)
        return connection

    def connect(self) -> sqlite3.Connection:
        """Another connection. Raises ``sqlite3.Error``."""
        mode = "rw" if self._to_write else "ro"
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None, check_same_thread=False)
        with _closed_on_error(connection):
            connection.execute("PRAGMA foreign_keys = ON")
            if self._to_write or not self._is_alone_in_a_read_only_folder(connection):
                return connection
        connection.close()
        return sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None, check_same_thread=False)

    def _is_alone_in_a_read_only_folder(self, connection: sqlite3.Connection) -> bool:
        """Whether SQLite cannot create files next to it, as with a backup on a read-only disk. If it has a write-ahead log, the
        copy is incomplete, or a server uses it."""
        if Path(f"{self.path}-wal").exists():
            return False
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError as error:
            return _name(error).startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))
        return False

    def remember(self) -> None:
        """Remember the identity of the files in use: the database and SQLite's files next to it. Call it after a write."""
        self._opened = {path: _identity(path) for path in (str(self.path), f"{self.path}-wal", f"{self.path}-shm")}

    def forget(self) -> None:
        """Forget the files in use: SQLite deletes its files next to the database when that is closed."""
        self._opened = {}

    def problem(self) -> str | None:
        """Why writes would be lost: a file in use was moved, deleted or replaced. None if all are unchanged."""
        for path, opened in self._opened.items():
            current = _identity(path)
            if current is None:
                return f"{path} was moved or deleted; put it back, or restart the server"
            if current != opened:
                return f"{path} was replaced by another file; restart the server"
        return None

    def size(self) -> int:
        """Bytes of the file and of its write-ahead log."""
        files = (self.path, Path(f"{self.path}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Release the lock, so that another server can use the store."""
        if self._lock is not None:
            with contextlib.suppress(sqlite3.Error):
                self._lock.close()
            self._lock = None

    def _check_kind(self) -> None:
        """Check that the file may be a store, before a lock file is created next to it."""
        status = self.path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{self.where}: is not a file")
        if status.st_nlink > 1:  # SQLite finds its write-ahead log and locks by the name
            raise StoreError(f"{self.where}: has another name too (a hard link), which damages it; copy it instead")
        if not _begins_like_a_database(self.path):
            raise StoreError(f"{self.where}: is not a store of counterfoil")

    def _take_lock(self) -> None:
        """Take a lock that ends with the process on every system: an SQLite lock on a separate file."""
        lock = Path(f"{self.path}-lock")
        _make_private(lock)
        uri = lock.absolute().as_uri()  # as a URI, so that special characters in the path are quoted
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
        application, version = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        is_empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if is_empty and not application and self._to_write:
            self._create(connection)
        elif application != APPLICATION:
            raise StoreError(f"{self.where}: is not a store of counterfoil")
        else:
            about = connection.execute("SELECT name, value FROM about") if version == FORMAT else ()
            check_written_with(self.where, str(FORMAT), {**dict(about), "format": str(version)})

    def _create(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise StoreError(f"{self.where}: this file system cannot keep a write-ahead log; choose a local disk")
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
        connection.executemany("INSERT INTO about VALUES (?, ?)", written_with().items())
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")


@contextlib.contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Close the connection if the ``with`` block raises: it is the caller's only if it is returned."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _make_private(path: Path) -> None:
    """Create the file, if missing, before SQLite does so with the permissions of the umask."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _can_lock(path: Path) -> bool:
    """Whether the file can be locked, or another process has locked it. SQLite reports ``SQLITE_BUSY`` in either
    case; a network file system without its lock service fails with ``ENOLCK``."""
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
    """Device and inode of a file; None if it does not exist."""
    try:
        status = os.stat(path)  # called three times per commit; Path.stat takes twice as long
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def describe_error(error: sqlite3.Error) -> str:
    """SQLite's error in words that say what to do."""
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
