"""The tables of a SQLite store, and the statements that change them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from counterfoil.store.log import (
    AppendCommand,
    Change,
    Conflict,
    CreateWorld,
    DeleteWorld,
    Position,
    ResetWorld,
    SetFaults,
    SetLogins,
    TouchWorld,
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
"""A table that older files of the same format lack."""
POSITION = """SELECT world.id, world.base,
    (SELECT coalesce(max(number), 0) FROM log WHERE log.world = world.id), world.expires, fault.json, login.json
    FROM world LEFT JOIN fault ON fault.world = world.id LEFT JOIN login ON login.world = world.id"""
IS_AT = """EXISTS (SELECT 1 FROM world WHERE id = ? AND base = ?)
    AND (SELECT coalesce(max(number), 0) FROM log WHERE world = ?) = ?"""


def write_all(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Make all changes in one transaction, in order."""
    if len(changes) <= ROWS_AT_ONCE and all(type(change) is AppendCommand for change in changes):
        _append(connection, changes)  # a single statement is a transaction
        return
    connection.execute("BEGIN IMMEDIATE")
    appended: list[Change] = []
    for change in changes:
        if isinstance(change, AppendCommand):
            appended.append(change)
            if len(appended) < ROWS_AT_ONCE:
                continue
        _append(connection, appended)
        appended = []
        if not isinstance(change, AppendCommand):
            _write(connection, change)
    _append(connection, appended)
    connection.execute("COMMIT")


def position(connection: sqlite3.Connection, where: str, value: int | str) -> Position | None:
    """The position of the world with ``value`` in column ``where``; None if there is none."""
    row = connection.execute(f"{POSITION} WHERE world.{where} = ?", (value,)).fetchone()
    if row is None:
        return None
    id, base, number, expires, faults, logins = row
    return Position(id, base, number, expires, faults or b"", logins or b"")


def write_if_next(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Like ``write_all``, while other processes write too. Raises ``Conflict``, with the transaction rolled back."""
    if _append_if_next(connection, changes):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        positions: dict[int, Position | None] = {}
        for change in changes:
            _check(connection, change, positions)
            if isinstance(change, AppendCommand):
                _append(connection, [change])
            else:
                _write(connection, change)
    except Conflict:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _append_if_next(connection: sqlite3.Connection, changes: Sequence[Change]) -> bool:
    """Append consecutive commands of one world, the usual batch, in one statement; False for any other batch."""
    first = changes[0]
    if not isinstance(first, AppendCommand) or len(changes) > ROWS_AT_ONCE:
        return False
    values: list[object] = []
    for number, change in enumerate(changes, first.number):
        if (
            not isinstance(change, AppendCommand)
            or change.is_plain
            or (change.world, change.base, change.number) != (first.world, first.base, number)
        ):
            return False
        values += change.world, change.number, change.command
    rows = ", ".join(["(?, ?, ?)"] * len(changes))
    done = connection.execute(
        f"INSERT INTO log SELECT * FROM (VALUES {rows}) WHERE {IS_AT}",  # noqa: S608 - question marks only
        (*values, first.world, first.base, first.world, first.number - 1),
    )
    if done.rowcount != len(changes):
        raise Conflict("a world has other commands by now")
    return True


def _check(connection: sqlite3.Connection, change: Change, positions: dict[int, Position | None]) -> None:
    """Raise ``Conflict`` if the change does not fit the world's position, and update ``positions``."""
    if isinstance(change, CreateWorld):
        row = change.row
        taken = connection.execute("SELECT 1 FROM world WHERE name = ? OR id = ?", (row.name, row.id)).fetchone()
        if taken is not None:
            raise Conflict(f"there is a world '{row.name}' by now")
        positions[row.id] = Position(row.id, row.base, len(change.commands), row.expires)
        return
    if change.world not in positions:
        positions[change.world] = position(connection, "id", change.world)
    current = positions[change.world]
    if isinstance(change, TouchWorld):
        return
    if current is None:
        raise Conflict("a world is gone")
    if isinstance(change, AppendCommand):
        if (change.base, change.number) != (current.base, current.number + 1):
            raise Conflict("a world has other commands by now")
        if change.is_plain and (current.faults or current.logins):
            raise Conflict("a world has faults or failed logins by now")
        positions[change.world] = current._replace(number=change.number)
    elif isinstance(change, ResetWorld):
        if change.base != current.base + current.number + 1:
            raise Conflict("a world has other commands by now")
        positions[change.world] = current._replace(base=change.base, number=0)
    elif isinstance(change, DeleteWorld):
        if change.expired_before is not None and not (current.expires or change.expired_before) < change.expired_before:
            raise Conflict("a world was used")
        positions[change.world] = None
    elif isinstance(change, SetFaults):
        if change.before not in (None, current.faults):
            raise Conflict("a world has other faults by now")
        positions[change.world] = current._replace(faults=change.json)
    elif isinstance(change, SetLogins):
        if change.before not in (None, current.logins) or change.at not in (None, (current.base, current.number)):
            raise Conflict("a world has other failed logins by now")
        positions[change.world] = current._replace(logins=change.json)


def _append(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Append all commands in one statement: each statement may wait 5 ms for Python's interpreter lock."""
    if not changes:
        return
    values: list[object] = []
    for change in changes:
        assert isinstance(change, AppendCommand)
        values += change.world, change.number, change.command
    rows = ", ".join(["(?, ?, ?)"] * len(changes))
    connection.execute(f"INSERT INTO log VALUES {rows}", values)  # noqa: S608 - question marks only


def _write(connection: sqlite3.Connection, change: Change) -> None:
    if isinstance(change, CreateWorld):
        _make(connection, change)
    elif isinstance(change, TouchWorld):
        connection.execute("UPDATE world SET expires = ? WHERE id = ?", (change.expires, change.world))
    elif isinstance(change, ResetWorld):
        connection.execute("DELETE FROM log WHERE world = ?", (change.world,))
        connection.execute("UPDATE world SET base = ? WHERE id = ?", (change.base, change.world))
        connection.execute("DELETE FROM login WHERE world = ?", (change.world,))
    elif isinstance(change, SetFaults | SetLogins):
        table = "fault" if isinstance(change, SetFaults) else "login"
        connection.execute(f"DELETE FROM {table} WHERE world = ?", (change.world,))  # noqa: S608 - a constant
        if change.json:
            values = (change.world, change.json)
            connection.execute(f"INSERT INTO {table} VALUES (?, ?)", values)  # noqa: S608 - a constant
    elif isinstance(change, DeleteWorld):
        for table in ("fault", "login", "log"):
            connection.execute(f"DELETE FROM {table} WHERE world = ?", (change.world,))  # noqa: S608 - constants
        connection.execute("DELETE FROM world WHERE id = ?", (change.world,))


def _make(connection: sqlite3.Connection, change: CreateWorld) -> None:
    row, json = change.row, encode_origin(change.row.origin)
    connection.execute("INSERT OR IGNORE INTO scenario VALUES (?, ?)", (row.origin.digest, change.text))
    connection.execute("INSERT OR IGNORE INTO origin (json, scenario) VALUES (?, ?)", (json, row.origin.digest))
    connection.execute(
        "INSERT INTO world SELECT ?, ?, origin.id, ?, ?, ? FROM origin WHERE json = ?",
        (row.id, row.name, row.base, row.time_to_live, row.expires, json),
    )
    numbered = ((row.id, number, command) for number, command in enumerate(change.commands, 1))
    connection.executemany("INSERT INTO log VALUES (?, ?, ?)", numbered)
