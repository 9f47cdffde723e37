"""PostgreSQL and Redis as stores: what they keep, what they refuse, and the messages if they cannot be used."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import psycopg
import pytest
import redis
from click.testing import CliRunner
from tests.store.engines import DatabaseServer, Postgres, Redis, free_port, redis_server

from counterfoil.cli import main
from counterfoil.store.log import (
    AppendCommand,
    Change,
    Conflict,
    CreateWorld,
    DeleteWorld,
    Origin,
    Position,
    ResetWorld,
    Row,
    SetFaults,
    SetLogins,
    StoreLog,
    TouchWorld,
)
from counterfoil.store.opening import open_log
from counterfoil.world.command_log import StoreUnavailable

ORIGIN = Origin("quiet", "digest-of-quiet", 1, None, {"some.switch": True})
TEXT = b"the scenario's text"


def make(log: StoreLog, name: str, *commands: bytes, expires: float | None = None) -> int:
    id = log.reserve_id()
    row = Row(id, name, ORIGIN, 0, None if expires is None else 60.0, expires)
    log.commit([CreateWorld(row, TEXT, commands)])
    return id


@pytest.fixture
def log(remote_store: str) -> Iterator[StoreLog]:
    with closing(open_log(remote_store)) as opened:
        yield opened


def test_what_was_committed_is_found(log: StoreLog, remote_store: str) -> None:
    """Two commands at the start, one more, a reset to version 5, and one after it."""
    world = make(log, "blue", b"one", b"two", expires=5000.0)
    log.commit([AppendCommand(world, 0, 3, b"three \x00 \xff")])
    assert log.position("blue") == Position(world, 0, 3, 5000.0)
    assert log.commands_after(world, 1) == [b"two", b"three \x00 \xff"]
    log.commit([AppendCommand(world, 0, 4, b"four"), ResetWorld(world, 5), AppendCommand(world, 5, 1, b"new")])
    assert log.position("blue") == Position(world, 5, 1, 5000.0)
    with closing(open_log(remote_store)) as other:
        stored = other.find("blue")
    assert stored is not None
    assert (stored.row, stored.text, stored.commands) == (Row(world, "blue", ORIGIN, 5, 60.0, 5000.0), TEXT, [b"new"])
    assert log.find("green") is None
    assert log.position("green") is None
    assert log.mistakes() == []


def test_names_faults_and_what_expires(log: StoreLog) -> None:
    worlds = [make(log, name, expires=expires) for name, expires in (("a", None), ("b", 100.0), ("c", 200.0))]
    log.commit([SetFaults(worlds[0], b"[1]"), SetFaults(worlds[1], b"[2]"), TouchWorld(worlds[1], 300.0)])
    log.commit([TouchWorld(worlds[1], 250.0)])
    assert log.rows() == [(worlds[0], "a"), (worlds[1], "b"), (worlds[2], "c")]
    assert log.rows(1, 1) == [(worlds[1], "b")]
    assert log.rows(3, 5) == []
    assert log.expired(290.0) == [(worlds[2], "c")], "the later of two servers that used b counts"
    assert log.expired(301.0, 1) == [(worlds[2], "c")], "what expired first comes first"
    assert log.expired(301.0, 5) == [(worlds[2], "c"), (worlds[1], "b")]
    assert sorted(log.faults()) == [("a", b"[1]"), ("b", b"[2]")]
    log.commit(
        [
            SetLogins(worlds[1], b"{}"),
            SetFaults(worlds[1], b"[2, 3]", before=b"[2]"),
            DeleteWorld(worlds[2], expired_before=201.0),
        ]
    )
    assert log.position("b") == Position(worlds[1], 0, 0, 300.0, b"[2, 3]", b"{}")
    log.commit(
        [ResetWorld(worlds[1], 1), SetFaults(worlds[1], b""), DeleteWorld(worlds[0]), TouchWorld(worlds[0], 1.0)]
    )
    assert log.position("b") == Position(worlds[1], 1, 0, 300.0)
    assert log.faults() == []
    assert (log.count(), log.commands()) == (1, 0)
    log.compact()
    again = make(log, "a", b"x")
    assert again > max(worlds), "an id is never given again"
    assert (log.count(), log.commands()) == (2, 1)


@pytest.mark.parametrize(
    "late",
    [
        lambda world, id: AppendCommand(world, 0, 2, b"twice"),
        lambda world, id: AppendCommand(world, 0, 4, b"too far"),
        lambda world, id: AppendCommand(world, 1, 3, b"on another base"),
        lambda world, id: AppendCommand(world + 1000, 0, 1, b"of nothing"),
        lambda world, id: ResetWorld(world + 1000, 1),
        lambda world, id: ResetWorld(world, 2),
        lambda world, id: SetFaults(world, b"[2]", before=b"[1]"),
        lambda world, id: SetLogins(world + 1000, b"{}"),
        lambda world, id: DeleteWorld(world, expired_before=5000.0),
        lambda world, id: DeleteWorld(world + 1000),
        lambda world, id: CreateWorld(Row(id, "blue", ORIGIN, 0), TEXT),
    ],
    ids=[
        "number taken",
        "gap",
        "reset meanwhile",
        "no world to append to",
        "nothing to reset",
        "command meanwhile",
        "other faults",
        "nobody to log in",
        "used meanwhile",
        "gone",
        "name taken",
    ],
)
def test_who_comes_late_keeps_nothing(log: StoreLog, late: Any) -> None:
    """Neither the operation that conflicts, nor those before and after it in the same batch."""
    world, other = make(log, "blue", b"one", b"two", expires=5000.0), make(log, "other")
    conflicting: Change = late(world, log.reserve_id())
    before = log.find("blue"), log.find("other"), log.rows()
    for batch in (
        [conflicting],
        [AppendCommand(other, 0, 1, b"before"), conflicting, AppendCommand(other, 0, 2, b"after")],
    ):
        with pytest.raises(Conflict):
            log.commit(batch)
        assert (log.find("blue"), log.find("other"), log.rows()) == before
    log.commit([AppendCommand(world, 0, 3, b"three")])
    assert log.position("blue") == Position(world, 0, 3, 5000.0)


def test_two_servers_that_append_at_once_both_go_on(remote_store: str) -> None:
    """Each repeats what conflicted, until 60 commands of both are there, in order, in two worlds."""
    with closing(open_log(remote_store)) as first, closing(open_log(remote_store)) as second:
        worlds = make(first, "blue"), make(first, "green")
        conflicts = []

        def append(log: StoreLog, who: bytes, order: Sequence[int]) -> None:
            done = 0
            while done < 30:
                numbers = {name: position.number for name in ("blue", "green") if (position := log.position(name))}
                batch = [AppendCommand(worlds[at], 0, numbers[("blue", "green")[at]] + 1, who) for at in order]
                try:
                    log.commit(batch)
                except Conflict:
                    conflicts.append(who)
                    continue
                done += 1

        threads = [
            threading.Thread(target=append, args=(first, b"first", (0, 1))),
            threading.Thread(target=append, args=(second, b"second", (1, 0))),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for name in ("blue", "green"):
            stored = second.find(name)
            assert stored is not None
            assert sorted(stored.commands) == [b"first"] * 30 + [b"second"] * 30
        assert first.mistakes() == []


# --- outcomes that are not known ---------------------------------------------------------------------


class Cable:
    """A proxy between a store's client and its server. It breaks once, at a commit that contains ``mark``: before the commit is
    forwarded, or after the server executed it and before the response arrives."""

    def __init__(self, server: DatabaseServer, mark: bytes, *, after: bool) -> None:
        self._target, self._mark, self._after = server.port, mark, after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.breaks = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            broken = threading.Event()
            for source, target, watched in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass, args=(source, target, watched, broken), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, watched: bool, broken: threading.Event) -> None:
        try:
            while received := source.recv(1 << 20):
                marked = watched and not self.breaks and self._mark in received
                if marked:
                    self.breaks += 1
                    if self._after:
                        broken.set()
                        target.sendall(received)
                        time.sleep(0.5)  # the server is done; what it answers is not passed on
                    source.shutdown(socket.SHUT_RDWR)
                    target.shutdown(socket.SHUT_RDWR)
                    return
                if broken.is_set() and not watched:
                    continue
                target.sendall(received)
        except OSError:
            pass
        finally:
            for each in (source, target):
                each.close()

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize("after", [False, True], ids=["before it arrived", "after it was done"])
def test_a_commit_whose_connection_broke_is_there_once(
    database: DatabaseServer, remote_store: str, after: bool
) -> None:
    mark = secrets.token_hex(8).encode()
    with closing(Cable(database, mark, after=after)) as cable:
        with closing(open_log(remote_store.replace(f":{database.port}/", f":{cable.port}/"))) as log:
            world = make(log, "blue")
            log.commit([AppendCommand(world, 0, 1, mark)])
            log.commit([AppendCommand(world, 0, 2, b"after"), SetFaults(world, b"[]")])
            stored = log.find("blue")
        assert stored is not None
        assert stored.commands == [mark, b"after"]
        assert cable.breaks == 1


def test_a_server_that_is_killed_and_started_again(database: DatabaseServer, log: StoreLog) -> None:
    """While it is down: unavailable, in one line. Then all is as before, without a restart of ours."""
    world = make(log, "blue", b"one")
    database.kill()
    with pytest.raises(StoreUnavailable, match=r"cannot be read: .*does not answer.*try again") as told:
        log.find("blue")
    assert "sesame" not in str(told.value)
    with pytest.raises(StoreUnavailable, match=r"cannot be written: .*does not answer"):
        log.commit([AppendCommand(world, 0, 2, b"lost")])
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        log.recover()
    database.start()
    assert log.position("blue") == Position(world, 0, 1)
    log.recover()
    log.commit([AppendCommand(world, 0, 2, b"two")])
    assert log.position("blue") == Position(world, 0, 2)


def test_a_server_that_takes_no_writes(database: DatabaseServer, log: StoreLog) -> None:
    world = make(log, "blue", b"one")
    database.as_read_only(True)
    try:
        wait_until(lambda: not writes(log, SetFaults(world, b"[1]")))
        with pytest.raises(StoreUnavailable, match="cannot be written: "):
            log.recover()
    finally:
        database.as_read_only(False)
    wait_until(lambda: recovers(log))
    log.commit([AppendCommand(world, 0, 2, b"two")])
    assert log.commands_after(world, 0) == [b"one", b"two"]


def writes(log: StoreLog, operation: Change) -> bool:
    try:
        log.commit([operation])
    except StoreUnavailable:
        return False
    return True


def recovers(log: StoreLog) -> bool:
    try:
        log.recover()
    except StoreUnavailable:
        return False
    return True


def wait_until(holds: Any) -> None:
    for _ in range(500):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come true within 10 seconds")


# --- refused at start --------------------------------------------------------------------------------


def refused(*arguments: str) -> str:
    """The one line with which ``counterfoil`` exits with 2. No password is in it."""
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2, (done.output, done.exception)
    assert done.output.count("\n") == 1, done.output
    assert "sesame" not in done.output
    return str(done.output)


def start(store: str) -> str:
    return refused("serve", "--port", "0", "--store", store)


@pytest.mark.parametrize(
    ("package", "url", "extra"),
    [("psycopg", "postgresql://localhost/db", "postgres"), ("redis", "valkey://localhost", "redis")],
)
def test_what_is_not_installed_is_named(package: str, url: str, extra: str) -> None:
    run = f"import sys; sys.modules['{package}'] = None; from counterfoil.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", run, "store", "info", url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"pip install 'counterfoil[{extra}]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_postgresql_stores_that_cannot_be_used(started_postgres: Postgres) -> None:
    server = started_postgres.start()
    url = server.new_database()
    assert "there is no such store" in refused("store", "info", url)
    assert "check user and password" in start(url.replace("sesame", "sesame2"))
    assert "create it (createdb)" in start(url.rpartition("/")[0] + "/nowhere")
    assert "is it running" in start(url.replace(f":{server.port}/", f":{free_port()}/"))
    assert "is it running" in start("postgresql://me:sesame@no-such-host.invalid/db")
    assert "cannot be read; write postgresql://" in start("postgresql://me:open%ZZsesame@localhost/db")
    name = url.rpartition("/")[2]
    server.execute("CREATE SCHEMA counterfoil CREATE TABLE about (theirs text)", name)
    assert "is not a store of counterfoil" in start(url)
    server.execute("DROP SCHEMA counterfoil CASCADE", name)
    server.execute("DROP ROLE IF EXISTS guest")
    server.execute(f"CREATE ROLE guest LOGIN PASSWORD '{'open:sesame'}'")
    plain = server.new_database()
    assert "needs CREATE on the database" in start(plain.replace("tester:", "guest:"))
    server.execute(f"ALTER DATABASE {plain.rpartition('/')[2]} SET default_transaction_read_only = on")
    assert "is read-only; name the primary server" in start(plain)
    server.execute("ALTER ROLE guest NOLOGIN")
    assert 'role "guest" is not permitted to log in; check user and password' in start(
        plain.replace("tester:", "guest:")
    )
    assert 'invalid port number: "99999"; correct the URL' in start("postgresql://me@localhost:99999/db")
    server.execute("ALTER SYSTEM SET fsync = off")
    server.execute("SELECT pg_reload_conf()")
    try:
        wait_until(lambda: "fsync = off" in start(url))
    finally:
        server.execute("ALTER SYSTEM RESET fsync")
        server.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"appendonly": "no"}, "configure it with appendonly yes"),
        ({"appendfsync": "everysec"}, "configure it with appendfsync always"),
        ({"maxmemory-policy": "allkeys-lru"}, "configure it with maxmemory-policy noeviction"),
        ({"no-appendfsync-on-rewrite": "yes"}, "configure it with no-appendfsync-on-rewrite no"),
        ({"cluster-enabled": "yes"}, "is a cluster"),
        ({"replicaof": "127.0.0.1 1"}, "is a replica; name the primary server"),
        ({"rename-command": 'CONFIG ""'}, "does not tell whether it is durable"),
    ],
)
def test_a_redis_that_could_lose_worlds_is_refused(settings: dict[str, str], said: str) -> None:
    with closing(redis_server(**settings)) as server:
        url = f"redis://:open%3Asesame@127.0.0.1:{server.start().port}/0"
        assert said in start(url)


def test_redis_stores_that_cannot_be_used(started_redis: Redis) -> None:
    server = started_redis.start()
    url = server.new_store()
    assert "there is no such store" in refused("store", "info", url)
    assert "check user and password" in start(url.replace("sesame", "sesame2"))
    assert "check user and password" in start(f"redis://127.0.0.1:{server.port}/0")
    assert "name another number" in start(url.rpartition("/")[0] + "/99")
    assert "is it running" in start(url.replace(f":{server.port}/", f":{free_port()}/"))
    assert "is it running" in start(
        url.replace("redis://", "valkey://").replace(f":{server.port}/", f":{free_port()}/")
    )
    assert "cannot be read; write redis://" in start("redis://me:open%3Asesame@localhost:port/0")
    assert "a database of Redis is a number" in start(url.rpartition("/")[0] + "/mine")
    assert "the option 'decode_responses' cannot be given" in start(f"{url}?decode_responses=yes")
    assert "cannot be read; write redis://" in start(f"{url.replace('redis://', 'rediss://')}?ssl_unheard_of=sesame")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("format", "2", "is in format 2"),
        ("counterfoil", "9.9", "was written with counterfoil 9.9"),
        ("faker", "1.0", "was written with faker 1.0"),
    ],
)
def test_a_store_of_another_version_is_refused(
    database: DatabaseServer, remote_store: str, name: str, value: str, said: str
) -> None:
    open_log(remote_store).close()
    if isinstance(database, Postgres):
        with psycopg.connect(remote_store) as connection:
            connection.execute("UPDATE counterfoil.about SET value = %s WHERE name = %s", (value, name))
    else:
        with closing(redis.Redis.from_url(remote_store)) as client:
            client.hset("counterfoil:about", name, value)
    assert said in start(remote_store)
    assert said in refused("store", "info", remote_store)
