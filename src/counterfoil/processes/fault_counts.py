"""Counts the matching calls and the hits of each fault over all workers, in a SQLite file that is never flushed."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import msgspec

from counterfoil.server.faults.store import ActiveFault

SCHEMA = """CREATE TABLE IF NOT EXISTS count (world TEXT NOT NULL, fault INTEGER NOT NULL, counted INTEGER NOT NULL,
    hits INTEGER NOT NULL, draws BLOB, PRIMARY KEY (world, fault)) WITHOUT ROWID"""
RandomState = tuple[int, tuple[int, ...], float | None]
logger = logging.getLogger("counterfoil.server")


class SharedFaultCounts:
    """Fault counts in ``folder``. Create it before the workers are forked, and call ``start`` in each worker. Without a
    folder, for one worker, they are in memory."""

    def __init__(self, folder: Path | None) -> None:
        self._path = ":memory:" if folder is None else folder / "fault-counts.db"
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_started = False

    def start(self) -> None:
        self._is_started = True
        self._open()

    def _open(self) -> None:
        """Open the file. If it fails, because the disk is full, ``_connection`` stays None, and later calls try again."""
        try:
            connection = sqlite3.connect(self._path, timeout=5, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(SCHEMA)
        except sqlite3.Error as error:
            logger.error("faults are counted by each worker alone: %s: %s", self._path, error)
        else:
            self._connection = connection

    @contextmanager
    def counting(self, world: str, faults: Sequence[ActiveFault]) -> Iterator[None]:
        """A context in which the faults' counts include those of all workers, and no other worker can count."""
        if self._connection is None and self._is_started:
            self._open()
        connection = self._connection
        if connection is None:
            yield
            return
        with self._lock:
            try:
                connection.execute("BEGIN IMMEDIATE")
                rows = connection.execute("SELECT fault, counted, hits, draws FROM count WHERE world = ?", (world,))
                counted = {number: counts for number, *counts in rows}
                for fault in faults:
                    fault.counted, fault.hits, draws = counted.get(fault.number, (0, 0, None))
                    if draws is not None:
                        fault.rng.setstate(msgspec.json.decode(draws, type=RandomState))
            except sqlite3.Error:
                logger.exception("faults are counted by each worker alone")
                _roll_back(connection)
                yield
                return
            try:
                yield
            finally:
                self._save(connection, world, faults)

    @staticmethod
    def _save(connection: sqlite3.Connection, world: str, faults: Sequence[ActiveFault]) -> None:
        rows = (
            (
                world,
                fault.number,
                fault.counted,
                fault.hits,
                msgspec.json.encode(fault.rng.getstate()) if fault.draws else None,
            )
            for fault in faults
            if fault.counted
        )
        try:
            connection.executemany("INSERT OR REPLACE INTO count VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        except sqlite3.Error:
            logger.exception("what faults counted was not shared")
            _roll_back(connection)

    def forget(self, world: str, fault: int | None = None) -> None:
        """Reset the counts of one fault, or of all faults of the world."""
        if self._connection is None:
            return
        with self._lock, suppress(sqlite3.Error):
            if fault is None:
                self._connection.execute("DELETE FROM count WHERE world = ?", (world,))
            else:
                self._connection.execute("DELETE FROM count WHERE world = ? AND fault = ?", (world, fault))


def _roll_back(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.execute("ROLLBACK")
