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
"""What files of the same format may not have yet."""
POSITION = """SELECT world.id, world.base,
    (SELECT coalesce(max(number), 0) FROM log WHERE log.world = world.id), world.expires, fault.json, login.json
    FROM world LEFT JOIN fault ON fault.world = world.id LEFT JOIN login ON login.world = world.id"""
IS_AT = """EXISTS (SELECT 1 FROM world WHERE id = ? AND base = ?)
    AND (SELECT coalesce(max(number), 0) FROM log WHERE world = ?) = ?"""


def write_all(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Do all changes in one transaction, in order."""
    if len(changes) <= ROWS_AT_ONCE and all(type(each) is AppendCommand for each in changes):
        _append(connection, changes)  # one statement is a transaction of its own
        return
    connection.execute("BEGIN IMMEDIATE")
    appended: list[Change] = []
    for each in changes:
        if isinstance(each, AppendCommand):
            appended.append(each)
            if len(appended) < ROWS_AT_ONCE:
                continue
        _append(connection, appended)
        appended = []
        if not isinstance(each, AppendCommand):
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


def write_if_next(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Like ``write_all`` beside other processes. Raises ``Conflict``, with the transaction rolled back."""
    if _append_if_next(connection, changes):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        there: dict[int, Position | None] = {}
        for each in changes:
            _check(connection, each, there)
            if isinstance(each, AppendCommand):
                _append(connection, [each])
            else:
                _write(connection, each)
    except Conflict:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _append_if_next(connection: sqlite3.Connection, changes: Sequence[Change]) -> bool:
    """Commands of one world, which are the usual batch, in one statement; False if it is another batch."""
    first = changes[0]
    if not isinstance(first, AppendCommand) or len(changes) > ROWS_AT_ONCE:
        return False
    values: list[object] = []
    for number, each in enumerate(changes, first.number):
        if (
            not isinstance(each, AppendCommand)
            or each.is_plain
            or (each.world, each.base, each.number) != (first.world, first.base, number)
        ):
            return False
        values += each.world, each.number, each.command
    rows = ", ".join(["(?, ?, ?)"] * len(changes))
    done = connection.execute(
        f"INSERT INTO log SELECT * FROM (VALUES {rows}) WHERE {IS_AT}",  # noqa: S608 - question marks only
        (*values, first.world, first.base, first.world, first.number - 1),
    )
    if done.rowcount != len(changes):
        raise Conflict("a world has other commands by now")
    return True


def _check(connection: sqlite3.Connection, each: Change, there: dict[int, Position | None]) -> None:
    """Raise ``Conflict`` if the change does not follow on what is ``there``, and note what is there after it."""
    if isinstance(each, CreateWorld):
        row = each.row
        taken = connection.execute("SELECT 1 FROM world WHERE name = ? OR id = ?", (row.name, row.id)).fetchone()
        if taken is not None:
            raise Conflict(f"there is a world '{row.name}' by now")
        there[row.id] = Position(row.id, row.base, len(each.commands), row.expires)
        return
    if each.world not in there:
        there[each.world] = position(connection, "id", each.world)
    found = there[each.world]
    if isinstance(each, TouchWorld):
        return
    if found is None:
        raise Conflict("a world is gone")
    if isinstance(each, AppendCommand):
        if (each.base, each.number) != (found.base, found.number + 1):
            raise Conflict("a world has other commands by now")
        if each.is_plain and (found.faults or found.logins):
            raise Conflict("a world has faults or failed logins by now")
        there[each.world] = found._replace(number=each.number)
    elif isinstance(each, ResetWorld):
        if each.base != found.base + found.number + 1:
            raise Conflict("a world has other commands by now")
        there[each.world] = found._replace(base=each.base, number=0)
    elif isinstance(each, DeleteWorld):
        if each.expired_before is not None and not (found.expires or each.expired_before) < each.expired_before:
            raise Conflict("a world was used")
        there[each.world] = None
    elif isinstance(each, SetFaults):
        if each.before not in (None, found.faults):
            raise Conflict("a world has other faults by now")
        there[each.world] = found._replace(faults=each.json)
    elif isinstance(each, SetLogins):
        if each.before not in (None, found.logins) or each.at not in (None, (found.base, found.number)):
            raise Conflict("a world has other failed logins by now")
        there[each.world] = found._replace(logins=each.json)


def _append(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """In one statement: each one waits for Python's interpreter lock, which the event loop may hold for 5 ms."""
    if not changes:
        return
    values: list[object] = []
    for each in changes:
        assert isinstance(each, AppendCommand)
        values += each.world, each.number, each.command
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


def _make(connection: sqlite3.Connection, made: CreateWorld) -> None:
    row, json = made.row, encode_origin(made.row.origin)
    connection.execute("INSERT OR IGNORE INTO scenario VALUES (?, ?)", (row.origin.digest, made.text))
    connection.execute("INSERT OR IGNORE INTO origin (json, scenario) VALUES (?, ?)", (json, row.origin.digest))
    connection.execute(
        "INSERT INTO world SELECT ?, ?, origin.id, ?, ?, ? FROM origin WHERE json = ?",
        (row.id, row.name, row.base, row.time_to_live, row.expires, json),
    )
    numbered = ((row.id, number, command) for number, command in enumerate(made.commands, 1))
    connection.executemany("INSERT INTO log VALUES (?, ?, ?)", numbered)
