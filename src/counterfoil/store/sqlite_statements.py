"""The tables of a SQLite store, and the statements that change them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from counterfoil.store.log import Appended, Faults, Gone, Made, Operation, Reset, Touched, encode_origin

ROWS_AT_ONCE = 256
SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE scenario (digest TEXT PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE origin (id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE, scenario TEXT NOT NULL REFERENCES scenario);
CREATE TABLE world (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    origin INTEGER NOT NULL REFERENCES origin, base INTEGER NOT NULL, time_to_live REAL, expires REAL);
CREATE INDEX expiring ON world (expires) WHERE expires IS NOT NULL;
CREATE TABLE log (world INTEGER NOT NULL REFERENCES world, number INTEGER NOT NULL, command BLOB NOT NULL,
    PRIMARY KEY (world, number)) WITHOUT ROWID;
CREATE TABLE fault (world INTEGER PRIMARY KEY REFERENCES world, json BLOB NOT NULL);
"""


def write_all(connection: sqlite3.Connection, operations: Sequence[Operation]) -> None:
    """Do all operations in one transaction, in order."""
    if len(operations) <= ROWS_AT_ONCE and all(type(each) is Appended for each in operations):
        _append(connection, operations)  # one statement is a transaction of its own
        return
    connection.execute("BEGIN IMMEDIATE")
    appended: list[Operation] = []
    for each in operations:
        if isinstance(each, Appended):
            appended.append(each)
            if len(appended) < ROWS_AT_ONCE:
                continue
        _append(connection, appended)
        appended = []
        if not isinstance(each, Appended):
            _write(connection, each)
    _append(connection, appended)
    connection.execute("COMMIT")


def _append(connection: sqlite3.Connection, operations: Sequence[Operation]) -> None:
    """In one statement: each one waits for Python's interpreter lock, which the event loop may hold for 5 ms."""
    if not operations:
        return
    values: list[object] = []
    for each in operations:
        assert isinstance(each, Appended)
        values += each.world, each.number, each.command
    rows = ", ".join(["(?, ?, ?)"] * len(operations))
    connection.execute(f"INSERT INTO log VALUES {rows}", values)  # noqa: S608 - question marks only


def _write(connection: sqlite3.Connection, operation: Operation) -> None:
    if isinstance(operation, Made):
        _make(connection, operation)
    elif isinstance(operation, Touched):
        connection.execute("UPDATE world SET expires = ? WHERE id = ?", (operation.expires, operation.world))
    elif isinstance(operation, Reset):
        connection.execute("DELETE FROM log WHERE world = ?", (operation.world,))
        connection.execute("UPDATE world SET base = ? WHERE id = ?", (operation.base, operation.world))
    elif isinstance(operation, Faults):
        connection.execute("DELETE FROM fault WHERE world = ?", (operation.world,))
        if operation.json:
            connection.execute("INSERT INTO fault VALUES (?, ?)", (operation.world, operation.json))
    elif isinstance(operation, Gone):
        connection.execute("DELETE FROM fault WHERE world = ?", (operation.world,))
        connection.execute("DELETE FROM log WHERE world = ?", (operation.world,))
        connection.execute("DELETE FROM world WHERE id = ?", (operation.world,))


def _make(connection: sqlite3.Connection, made: Made) -> None:
    row, json = made.row, encode_origin(made.row.origin)
    connection.execute("INSERT OR IGNORE INTO scenario VALUES (?, ?)", (row.origin.digest, made.text))
    connection.execute("INSERT OR IGNORE INTO origin (json, scenario) VALUES (?, ?)", (json, row.origin.digest))
    connection.execute(
        "INSERT INTO world SELECT ?, ?, origin.id, ?, ?, ? FROM origin WHERE json = ?",
        (row.id, row.name, row.base, row.time_to_live, row.expires, json),
    )
    numbered = ((row.id, number, command) for number, command in enumerate(made.commands, 1))
    connection.executemany("INSERT INTO log VALUES (?, ?, ?)", numbered)
