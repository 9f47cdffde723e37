"""The tables of a SQLite store, and the statements that change them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from counterfoil.store.log import (
    Appended,
    Conflict,
    Faults,
    Gone,
    Logins,
    Made,
    Operation,
    Position,
    Reset,
    Touched,
    encode_origin,
)

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
LATER = "CREATE TABLE IF NOT EXISTS login (world INTEGER PRIMARY KEY REFERENCES world, json BLOB NOT NULL)"
"""What files of the same format may not have yet."""
POSITION = """SELECT world.id, world.base,
    (SELECT coalesce(max(number), 0) FROM log WHERE log.world = world.id), world.expires, fault.json, login.json
    FROM world LEFT JOIN fault ON fault.world = world.id LEFT JOIN login ON login.world = world.id"""
IS_AT = """EXISTS (SELECT 1 FROM world WHERE id = ? AND base = ?)
    AND (SELECT coalesce(max(number), 0) FROM log WHERE world = ?) = ?"""


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


def position(connection: sqlite3.Connection, where: str, value: int | str) -> Position | None:
    """``where``: the column by which the world is found."""
    found = connection.execute(f"{POSITION} WHERE world.{where} = ?", (value,)).fetchone()
    if found is None:
        return None
    id, base, number, expires, faults, logins = found
    return Position(id, base, number, expires, faults or b"", logins or b"")


def write_if_next(connection: sqlite3.Connection, operations: Sequence[Operation]) -> None:
    """Like ``write_all`` beside other processes. Raises ``Conflict``, with the transaction rolled back."""
    if _append_if_next(connection, operations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        there: dict[int, Position | None] = {}
        for each in operations:
            _check(connection, each, there)
            if isinstance(each, Appended):
                _append(connection, [each])
            else:
                _write(connection, each)
    except Conflict:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _append_if_next(connection: sqlite3.Connection, operations: Sequence[Operation]) -> bool:
    """Commands of one world, which are the usual batch, in one statement; False if it is another batch."""
    first = operations[0]
    if not isinstance(first, Appended) or len(operations) > ROWS_AT_ONCE:
        return False
    values: list[object] = []
    for number, each in enumerate(operations, first.number):
        if (
            not isinstance(each, Appended)
            or each.is_plain
            or (each.world, each.base, each.number) != (first.world, first.base, number)
        ):
            return False
        values += each.world, each.number, each.command
    rows = ", ".join(["(?, ?, ?)"] * len(operations))
    done = connection.execute(
        f"INSERT INTO log SELECT * FROM (VALUES {rows}) WHERE {IS_AT}",  # noqa: S608 - question marks only
        (*values, first.world, first.base, first.world, first.number - 1),
    )
    if done.rowcount != len(operations):
        raise Conflict("a world has other commands by now")
    return True


def _check(connection: sqlite3.Connection, each: Operation, there: dict[int, Position | None]) -> None:
    """Raise ``Conflict`` if the operation does not follow on what is ``there``, and note what is there after it."""
    if isinstance(each, Made):
        row = each.row
        taken = connection.execute("SELECT 1 FROM world WHERE name = ? OR id = ?", (row.name, row.id)).fetchone()
        if taken is not None:
            raise Conflict(f"there is a world '{row.name}' by now")
        there[row.id] = Position(row.id, row.base, len(each.commands), row.expires)
        return
    if each.world not in there:
        there[each.world] = position(connection, "id", each.world)
    found = there[each.world]
    if isinstance(each, Touched):
        return
    if found is None:
        raise Conflict("a world is gone")
    if isinstance(each, Appended):
        if (each.base, each.number) != (found.base, found.number + 1):
            raise Conflict("a world has other commands by now")
        if each.is_plain and (found.faults or found.logins):
            raise Conflict("a world has faults or failed logins by now")
        there[each.world] = found._replace(number=each.number)
    elif isinstance(each, Reset):
        if each.base != found.base + found.number + 1:
            raise Conflict("a world has other commands by now")
        there[each.world] = found._replace(base=each.base, number=0)
    elif isinstance(each, Gone):
        if each.expired_before is not None and not (found.expires or each.expired_before) < each.expired_before:
            raise Conflict("a world was used")
        there[each.world] = None
    elif isinstance(each, Faults):
        if each.before not in (None, found.faults):
            raise Conflict("a world has other faults by now")
        there[each.world] = found._replace(faults=each.json)
    elif isinstance(each, Logins):
        if each.before not in (None, found.logins) or each.at not in (None, (found.base, found.number)):
            raise Conflict("a world has other failed logins by now")
        there[each.world] = found._replace(logins=each.json)


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
        connection.execute("DELETE FROM login WHERE world = ?", (operation.world,))
    elif isinstance(operation, Faults | Logins):
        table = "fault" if isinstance(operation, Faults) else "login"
        connection.execute(f"DELETE FROM {table} WHERE world = ?", (operation.world,))  # noqa: S608 - a constant
        if operation.json:
            values = (operation.world, operation.json)
            connection.execute(f"INSERT INTO {table} VALUES (?, ?)", values)  # noqa: S608 - a constant
    elif isinstance(operation, Gone):
        for table in ("fault", "login", "log"):
            connection.execute(f"DELETE FROM {table} WHERE world = ?", (operation.world,))  # noqa: S608 - constants
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
