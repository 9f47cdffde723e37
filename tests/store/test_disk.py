"""Stores that cannot be used: one line and exit code 2 at start, 503 and recovery later."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.store.served import CONTROL, RUNS, Served, until

from counterfoil.app import build
from counterfoil.cli import main
from counterfoil.store.sqlite import SqliteLog
from counterfoil.world.capsule import write_capsule
from counterfoil.world.commands import CreateRun


def said(code: int, *arguments: str) -> str:
    """The output of ``counterfoil``, which must exit with that code, in this process."""
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == code, (done.output, done.exception)
    return str(done.output)


def refused(*arguments: str) -> str:
    """The one line with which it exits with 2."""
    line = said(2, *arguments)
    assert line.count("\n") == 1, line
    return line


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a default world of the scenario one-month."""
    store = tmp_path_factory.mktemp("made") / "worlds.db"
    build(["billingplatform"], scenario_name="one-month", seed=5, store=str(store)).close()
    return store


def copy(made: Path, folder: Path, *statements: str) -> Path:
    store = folder / "copy.db"
    store.write_bytes(made.read_bytes())
    with sqlite3.connect(store) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
    return store


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["PRAGMA user_version = 2"], "format 2"),
        (["PRAGMA application_id = 1"], "is not a store of counterfoil"),
        (["UPDATE about SET value = '9.9' WHERE name = 'counterfoil'"], "was written with counterfoil 9.9"),
        (["UPDATE about SET value = '1.0' WHERE name = 'faker'"], "was written with faker 1.0"),
    ],
)
def test_a_store_of_another_kind_is_refused(made: Path, tmp_path: Path, statements: list[str], said: str) -> None:
    store = copy(made, tmp_path, *statements)
    before = store.read_bytes()
    assert said in refused("serve", "--port", "0", "--store", str(store))
    assert said in refused("store", "info", str(store))
    assert store.read_bytes() == before, "it was not touched"


def test_what_is_not_a_store_at_all(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, and longer than the header of one" * 20)
    before = text.read_bytes()
    assert "is not a store" in refused("serve", "--port", "0", "--store", str(text))
    assert text.read_bytes() == before
    assert list(tmp_path.iterdir()) == [text], "nothing was put beside it"
    assert "is not a file" in refused("serve", "--port", "0", "--store", str(tmp_path))
    assert "No such file" in refused("serve", "--port", "0", "--store", str(tmp_path / "no" / "w.db"))
    assert "name a file, or" in refused("serve", "--port", "0", "--store", "mysql://me:secret@db/counterfoil")
    assert "secret" not in refused("serve", "--port", "0", "--store", "mysql://me:secret@db/counterfoil")
    for url in ("file:x.db?mode=ro", "FILE:x.db"):
        assert f"{url}: name the file by its path, such as worlds.db" in refused("serve", "--port", "0", "--store", url)
    for url in ("POSTGRESQL://me:secret@127.0.0.1:1/db", "postgresql:/me:secret@db/counterfoil", "redis:me:secret@db"):
        line = refused("serve", "--port", "0", "--store", url)
        assert "secret" not in line
        assert "postgresql://" in line or "redis://" in line
    assert "there is no such store" in refused("store", "info", str(tmp_path / "none.db"))
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scenario", "late-payer"], "scenario one-month, not the late-payer"),
        (["--seed", "6"], "seed 5, not 6"),
        (["--customers", "20"], "not 20"),
        (["--switch", "billingplatform.create_status=201"], "other switches"),
    ],
)
def test_options_that_contradict_the_store(made: Path, options: list[str], said: str) -> None:
    assert said in refused("serve", "--port", "0", "--store", str(made), *options)


def test_the_same_options_are_no_contradiction(made: Path, tmp_path: Path) -> None:
    with Served(copy(made, tmp_path), "--scenario", "one-month", "--seed", "5") as served:
        assert served.get(f"{CONTROL}/default")["seed"] == 5


def test_one_server_at_a_time(tmp_path: Path) -> None:
    store = tmp_path / "worlds.db"
    with Served(store) as served:
        assert "another process uses this store" in refused("serve", "--port", "0", "--store", str(store))
        assert "another process uses this store" in refused("store", "compact", str(store))
        assert "worlds      1" in said(0, "store", "info", str(store)), "looking is allowed"
        assert served.get(f"{CONTROL}/default")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_symbolic_link_is_the_file_that_it_names(tmp_path: Path, workers: int) -> None:
    """It is written like any other, and a second server is refused, whichever of the two names it is given."""
    store, link = tmp_path / "there.db", tmp_path / "link.db"
    link.symlink_to(store)
    with Served(link, workers=workers) as served:
        served.run("January")
        for name in (store, link):
            assert "another process uses this store" in refused("serve", "--port", "0", "--store", str(name))
        served.again().run("February")
    with Served(store) as served:
        assert {"January", "February"} <= set(served.runs())


def test_a_second_name_of_the_file_is_refused(made: Path, tmp_path: Path) -> None:
    """Each name has a lock and a write-ahead log of its own, so two servers would overwrite what the other wrote."""
    store, other = copy(made, tmp_path), tmp_path / "other.db"
    other.hardlink_to(store)
    for name in (store, other):
        assert "a hard link" in refused("serve", "--port", "0", "--store", str(name))
    other.unlink()
    assert "worlds      1" in said(0, "store", "info", str(store))


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on NFS without its lock service; SQLite says then, too, that the file is locked by another process."""
    store = tmp_path / "worlds.db"
    with Served(store):

        def refuse(*_: object) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "lockf", refuse)
        assert "this file system cannot lock files; choose a local disk" in refused(
            "serve", "--port", "0", "--store", str(store)
        )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="permissions are another thing there")
def as_another_user(call: Callable[[], str]) -> str:
    """The result of ``call`` in a process without root's rights, since permissions do not apply to root."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            line = call()
        except BaseException as error:
            line = f"{type(error).__name__}: {error}"
        os.write(writing, line.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read().decode()


def test_a_read_only_store(made: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "worlds.db")
        store.write_bytes(made.read_bytes())
        store.chmod(0o444)
        for file in (f"{store}-lock", f"{store}-wal", f"{store}-shm"):
            Path(file).touch(0o666)
            Path(file).chmod(0o666)
        Path(folder).chmod(0o777)
        line = as_another_user(lambda: f"it was opened: {SqliteLog(store).where}")
    assert line.startswith("StoreError: "), line
    assert "read-only; make the file and its folder writable" in line


def test_a_copy_in_a_read_only_folder_can_be_looked_at(made: Path) -> None:
    """Such as a back-up, beside which SQLite can put no files of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "worlds.db")
        store.write_bytes(made.read_bytes())
        store.chmod(0o444)
        Path(folder).chmod(0o555)
        assert "worlds      1" in as_another_user(lambda: said(0, "store", "info", str(store)))
        assert "1 world, 0 mistakes" in as_another_user(lambda: said(0, "store", "check", str(store)))
        assert "cannot be opened" in as_another_user(lambda: refused("serve", "--port", "0", "--store", str(store)))
        assert list(Path(folder).iterdir()) == [store]


def test_a_full_disk_is_503_until_there_is_room(tmp_path: Path) -> None:
    """The process may write no larger files for a while, as when the disk is full. What it said it had kept is there
    afterwards, after a crash too; what it refused is not."""
    with Served(tmp_path / "worlds.db", "--scenario", "one-month") as served:
        assert served.process is not None
        before = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
        made = [served.run(f"Run {number}") and f"Run {number}" for number in range(3)]
        size = max(file.stat().st_size for file in tmp_path.iterdir())
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (size, before[1]))
        reply, number = served.client("POST", RUNS, {"name": "Run 3"}), 3
        while reply.status == 200 and number < 500:  # what is left of the last page of the log
            made.append(f"Run {number}")
            number += 1
            reply = served.client("POST", RUNS, {"name": f"Run {number}"})
        assert reply.status == 503
        assert reply.json() == {"error": reply.json()["error"]}, "in the vendor's words"
        assert "store cannot be written" in reply.json()["error"]
        assert reply.headers["retry-after"] == "1"
        assert served.client("GET", "/ready").status == 503
        assert served.runs()[-len(made) :] == made, "reading goes on"
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, before)
        until(lambda: served.client("GET", "/ready").status == 200)
        made.append("Room again")
        served.run("Room again")
        assert served.runs()[-len(made) :] == made
        served.again()
        assert served.runs()[-len(made) :] == made


@pytest.mark.parametrize("done", ["moved", "replaced", "log deleted"])
def test_files_that_are_taken_from_a_running_server(tmp_path: Path, done: str) -> None:
    """What would be written to them is refused, because it would be lost, and what had been acknowledged is not lost."""
    store, aside = tmp_path / "worlds.db", tmp_path / "aside.db"
    with Served(store, "--scenario", "one-month") as served:
        served.run("Before")
        if done == "log deleted":
            Path(f"{store}-wal").unlink()
        elif done == "moved":
            store.rename(aside)
        else:
            aside.write_bytes(store.read_bytes())
            aside.rename(store)
        reply = served.client("POST", RUNS, {"name": "Never"})
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert "restart the server" in reply.json()["error"]
        assert served.client("GET", "/ready").status == 503
        assert served.runs() == ["Before"], "reading goes on"
        if done == "moved":
            aside.rename(store)
            until(lambda: served.client("GET", "/ready").status == 200)
        elif done == "replaced":
            served.stop()
            served.start()
        else:
            served.again()
        served.run("After")
        kept = served.again().runs()
        assert kept == ["Before", "After"] or (done == "replaced" and kept[-1] == "After")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_log_that_is_deleted_before_all_processes_are_killed(tmp_path: Path, workers: int) -> None:
    """A second after the last change the file has it, too, so that nothing is lost with its write-ahead log."""
    store, alone = tmp_path / "worlds.db", tmp_path / "alone.db"

    def commands_in_the_file() -> int:
        shutil.copy(store, alone)
        with closing(sqlite3.connect(alone)) as connection:
            try:
                return int(connection.execute("SELECT count(*) FROM log").fetchone()[0])
            except sqlite3.DatabaseError:  # it was copied while it was written
                return 0

    with Served(store, "--scenario", "one-month", workers=workers) as served:
        for number in range(3):
            served.run(f"Run {number}")
        until(lambda: commands_in_the_file() == 3)
        Path(f"{store}-wal").unlink()
        assert served.again().runs() == ["Run 0", "Run 1", "Run 2"]

        served.run("Run 3")
        Path(f"{store}-wal").unlink()
        until(lambda: served.client("GET", "/ready").status == 503)  # noticed without a change
        assert served.client("POST", RUNS, {"name": "Never"}).status == 503
        until(lambda: commands_in_the_file() == 4)
        assert served.again().runs() == ["Run 0", "Run 1", "Run 2", "Run 3"]


def test_check_finds_what_cannot_be_rebuilt(made: Path, tmp_path: Path) -> None:
    store = copy(made, tmp_path, 'INSERT INTO log SELECT id, 2, CAST(\'{"command":"no_such"}\' AS BLOB) FROM world')
    found = said(1, "store", "check", str(store))
    assert "commands are missing" in found
    assert "cannot be rebuilt" in found
    assert "1 world, 2 mistakes" in found


def test_worlds_are_carried_from_store_to_store(tmp_path: Path) -> None:
    """Export, import into another store, serve that: the same worlds, and an export of it is the same bytes."""
    one, other, folder = tmp_path / "one.db", tmp_path / "other.db", tmp_path / "capsules"
    application = build(["billingplatform"], scenario_name="one-month", store=str(one))
    world = application.worlds.create("blue", "late-payer", seed=9)
    world.execute(CreateRun(name="Carried"))
    application.close()
    assert "2 worlds, 0 mistakes" in said(0, "store", "check", str(one))
    assert '"commands": 1' in said(0, "store", "info", str(one), "--json")
    assert "wrote 2 capsules" in said(0, "store", "export", str(one), str(folder))
    assert "imported 2 worlds" in said(0, "store", "import", str(other), str(folder))
    again = tmp_path / "again"
    said(0, "store", "export", str(other), str(again))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        file.name: file.read_bytes() for file in again.iterdir()
    }
    assert "imported 0 worlds; there already: 2" in said(0, "store", "import", str(other), str(folder))
    application = build(["billingplatform"], store=str(other))
    application.worlds.named("blue").execute(CreateRun(name="Later"))
    application.close()
    third = shutil.copy(folder / "default.json", folder / "green.json")
    assert "two worlds named 'blue'; nothing was imported" in refused("store", "import", str(other), str(folder))
    assert "worlds      2" in said(0, "store", "info", str(other))
    Path(third).unlink()
    (folder / "blue.json").write_text("{}")
    assert "not a capsule" in refused("store", "import", str(tmp_path / "third.db"), str(folder))
    assert "has no world 'green'" in refused("store", "export", str(one), str(folder), "--world", "green")
    application = build(["billingplatform"], store=str(other))
    assert [run.name for run in application.worlds.named("blue").ledger.runs.values()][-2:] == ["Carried", "Later"]
    application.close()


def test_a_capsule_is_the_default_world_of_a_new_store_only(tmp_path: Path) -> None:
    """The same command starts the server again, after commands and a reset, too; a capsule of another world is refused."""
    store, capsule, other = tmp_path / "worlds.db", tmp_path / "mine.json", tmp_path / "other.json"
    application = build(["billingplatform"], scenario_name="late-payer", seed=9)
    application.world.execute(CreateRun(name="From a capsule"))
    capsule.write_bytes(write_capsule(application.world))
    application.world.execute(CreateRun(name="Elsewhere"))
    other.write_bytes(write_capsule(application.world))
    with Served(store, "--capsule", str(capsule)) as served:
        assert served.runs()[-1] == "From a capsule"
        served.run("Later")
        assert served.again().runs()[-2:] == ["From a capsule", "Later"]
        served.stop()
        assert "has a default world already" in refused(
            "serve", "--port", "0", "--capsule", str(other), "--store", str(store)
        )
        served.start().post(f"{CONTROL}/default/reset")
        assert "Later" not in served.again().runs()


def test_compacting_gives_space_back(tmp_path: Path) -> None:
    store = tmp_path / "worlds.db"
    application = build(["billingplatform"], scenario_name="quiet", store=str(store))
    world = application.worlds.create("big", "quiet")
    for number in range(1000):
        world.execute(CreateRun(name=f"{number:0200}"))
    application.worlds.delete("big")
    application.close()
    before = store.stat().st_size
    assert before > 200_000
    said(0, "store", "compact", str(store))
    assert store.stat().st_size < before / 2
