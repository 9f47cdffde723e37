"""The tables of a PostgreSQL store, and the statements that change them. All are in the schema ``counterfoil``."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import psycopg

from counterfoil.store.log import (
    AppendCommand,
    Change,
    Conflict,
    CreateWorld,
    DeleteWorld,
    ResetWorld,
    SetFaults,
    SetLogins,
    TouchWorld,
    encode_origin,
)

NOT_NEXT, FENCED = "CF001", "CF002"
"""Errors of the functions: a command is not the next of its world; the writer gave up this batch."""
SCHEMA = """
CREATE TABLE counterfoil.about (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE counterfoil.scenario (digest text PRIMARY KEY, text bytea NOT NULL);
CREATE TABLE counterfoil.origin (digest text PRIMARY KEY, json text NOT NULL,
    scenario text NOT NULL REFERENCES counterfoil.scenario);
CREATE SEQUENCE counterfoil.world_id;
CREATE TABLE counterfoil.world (id bigint PRIMARY KEY, name text NOT NULL UNIQUE,
    origin text NOT NULL REFERENCES counterfoil.origin, base bigint NOT NULL, length integer NOT NULL,
    time_to_live double precision, expires double precision,
    faults bytea NOT NULL DEFAULT '', logins bytea NOT NULL DEFAULT '') WITH (fillfactor = 70);
CREATE INDEX expiring ON counterfoil.world (expires) WHERE expires IS NOT NULL;
CREATE TABLE counterfoil.log (world bigint, number integer, command bytea NOT NULL, PRIMARY KEY (world, number));
CREATE TABLE counterfoil.writer (id text PRIMARY KEY, batch text NOT NULL, at timestamptz NOT NULL DEFAULT now());

CREATE FUNCTION counterfoil.begin_batch(this text, before text, batch_ text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE counterfoil.writer SET batch = batch_, at = now() WHERE id = this AND batch = before;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an earlier batch was given up' USING ERRCODE = 'CF002';
    END IF;
END $$;

CREATE FUNCTION counterfoil.expect_one(changed bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF changed <> 1 THEN
        RAISE EXCEPTION 'a world was changed or deleted' USING ERRCODE = 'CF001';
    END IF;
END $$;

CREATE FUNCTION counterfoil.make(digest text, text_ bytea, origin_ text, json text, id bigint, name text, base bigint,
    time_to_live double precision, expires double precision, commands bytea[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO counterfoil.scenario VALUES (digest, text_) ON CONFLICT DO NOTHING;
    INSERT INTO counterfoil.origin VALUES (origin_, json, digest) ON CONFLICT DO NOTHING;
    INSERT INTO counterfoil.world VALUES (id, name, origin_, base, cardinality(commands), time_to_live, expires);
    INSERT INTO counterfoil.log SELECT id, number, command
        FROM unnest(commands) WITH ORDINALITY AS each (command, number);
END $$;
"""
APPENDING = """
CREATE FUNCTION counterfoil.append_to(world_ bigint, base_ bigint, first integer, commands bytea[], is_plain boolean)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE counterfoil.world SET length = length + cardinality(commands)
        WHERE id = world_ AND base = base_ AND length = first - 1 AND (NOT is_plain OR faults = '' AND logins = '');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a command is not the next of its world' USING ERRCODE = 'CF001';
    END IF;
    INSERT INTO counterfoil.log SELECT world_, first + number - 1, command
        FROM unnest(commands) WITH ORDINALITY AS each (command, number);
END $$;
"""
"""A function that older stores of the same format lack."""
IS_APPENDING = "SELECT to_regproc('counterfoil.append_to') IS NOT NULL"
APPEND = "counterfoil.append_to(%s::bigint, %s::bigint, %s::integer, %b::bytea[], %s::boolean)"
LOCK = "SELECT 1 FROM counterfoil.world WHERE id = ANY (%s) ORDER BY id FOR UPDATE"
MAKE = "SELECT counterfoil.make(%s, %b, %s, %s, %s, %s, %s, %s::float8, %s::float8, %b::bytea[])"
ONE = "WITH done AS ({} RETURNING 1) SELECT counterfoil.expect_one(count(*)) FROM done"
"""A conflict unless the statement changes one row."""
FORGET = "DELETE FROM counterfoil.log WHERE world = %s"
TOUCH = "UPDATE counterfoil.world SET expires = greatest(expires, %s) WHERE id = %s"
RESET = ONE.format(
    "UPDATE counterfoil.world SET base = %s, length = 0, logins = '' WHERE id = %s AND base + length = %s"
)
DELETE = ONE.format("DELETE FROM counterfoil.world WHERE id = %s AND (%s::float8 IS NULL OR expires < %s)")
SET_FAULTS, COUNT_LOGINS = (
    ONE.format(
        f"UPDATE counterfoil.world SET {column} = %s WHERE id = %s AND (%s::bytea IS NULL OR {column} = %s)"  # noqa: S608
        " AND (%s::bigint IS NULL OR base = %s AND length = %s)"
    )
    for column in ("faults", "logins")
)
BEGIN_BATCH = "counterfoil.begin_batch(%s, %s, %s)"
BEGIN = f"SELECT {BEGIN_BATCH}"
RUNS_AT_ONCE = 200
"""Worlds that one statement appends to; PostgreSQL has a bound of 1,664 values for each."""

Connection = psycopg.Connection[tuple[Any, ...]]
Run = tuple[int, int, int, list[bytes], bool]
"""Consecutive commands of a world: its id and base, the number of the first, the commands, and their ``is_plain``."""


def write_all(connection: Connection, changes: Sequence[Change], writer: tuple[str, str, str]) -> None:
    """Make all changes in one transaction, in order. ``writer`` is the writer's id, its previous batch, and this batch.

    Raises ``Conflict``, with nothing changed, if another server was faster.
    """
    try:
        runs = _runs(changes) if all(type(change) is AppendCommand for change in changes) else []
        if 0 < len(runs) <= RUNS_AT_ONCE:
            _append(connection, runs, writer)  # a single statement is a transaction
            return
        with connection.transaction():
            connection.execute(BEGIN, writer)
            worlds = sorted({change.world for change in changes if not isinstance(change, CreateWorld)})
            connection.execute(LOCK, (worlds,))
            _write_in_order(connection, changes)
    except (
        psycopg.errors.UniqueViolation,
        psycopg.errors.ForeignKeyViolation,
        psycopg.errors.DeadlockDetected,
        psycopg.errors.SerializationFailure,
    ) as error:
        raise Conflict(str(error).partition("\n")[0]) from None
    except psycopg.Error as error:
        if error.sqlstate == NOT_NEXT:
            raise Conflict("another server changed the same world") from None
        raise


def _write_in_order(connection: Connection, changes: Sequence[Change]) -> None:
    appended: list[Change] = []
    for change in changes:
        if isinstance(change, AppendCommand):
            appended.append(change)
            continue
        _append(connection, _runs(appended))
        appended = []
        _write(connection, change)
    _append(connection, _runs(appended))


def _append(connection: Connection, runs: Sequence[Run], writer: tuple[str, ...] = ()) -> None:
    """Append runs, ``RUNS_AT_ONCE`` per statement, and begin the batch of ``writer``, if given, in the same statement."""
    for first in range(0, len(runs), RUNS_AT_ONCE):
        some = runs[first : first + RUNS_AT_ONCE]
        calls = [*([BEGIN_BATCH] if writer else []), *([APPEND] * len(some))]
        connection.execute(f"SELECT {', '.join(calls)}".encode(), [*writer, *(value for run in some for value in run)])


def _runs(changes: Sequence[Change]) -> list[Run]:
    """Group consecutive commands of each world. Sorted by world, so that two servers that append to the same worlds do not
    deadlock."""
    runs: list[Run] = []
    last: dict[tuple[int, int, bool], int] = {}
    for change in changes:
        assert isinstance(change, AppendCommand)
        key = (change.world, change.base, change.is_plain)
        at = last.get(key)
        if at is not None and runs[at][2] + len(runs[at][3]) == change.number:
            runs[at][3].append(change.command)
        else:
            last[key] = len(runs)
            runs.append((change.world, change.base, change.number, [change.command], change.is_plain))
    return sorted(runs, key=lambda run: run[0])


def _write(connection: Connection, change: Change) -> None:
    if isinstance(change, CreateWorld):
        row, json = change.row, encode_origin(change.row.origin)
        world = (row.id, row.name, row.base, row.time_to_live, row.expires, list(change.commands))
        origin = sha256(json.encode()).hexdigest()
        connection.execute(MAKE, (row.origin.digest, change.text, origin, json, *world))
    elif isinstance(change, TouchWorld):
        connection.execute(TOUCH, (change.expires, change.world))
    elif isinstance(change, ResetWorld):
        connection.execute(FORGET, (change.world,))
        connection.execute(RESET, (change.base, change.world, change.base - 1))
    elif isinstance(change, DeleteWorld):
        connection.execute(FORGET, (change.world,))
        connection.execute(DELETE, (change.world, change.expired_before, change.expired_before))
    else:
        assert isinstance(change, SetFaults | SetLogins)
        query = SET_FAULTS if isinstance(change, SetFaults) else COUNT_LOGINS
        base, length = (change.at if isinstance(change, SetLogins) else None) or (None, None)
        values = (change.json, change.world, change.before, change.before, base, base, length)
        connection.execute(query, values)
