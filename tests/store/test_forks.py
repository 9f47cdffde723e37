"""No connection to a store crosses a fork: the open files of the supervisor and two workers, as the system lists them."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from importlib import import_module
from itertools import combinations
from pathlib import Path

import pytest
from tests.forked import PRELOADED
from tests.store.engines import ENGINES, running
from tests.store.served import RUNS, Client, Served, kill_worker, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
KCMP = {"x86_64": 312, "aarch64": 272}.get(platform.machine())
"""The number of the system call that compares what two processes have open; kcmp(2)."""
KCMP_FILE = 0


def opened(process: int) -> dict[int, str]:
    """The target of each of its file descriptors."""
    found = {}
    for each in Path(f"/proc/{process}/fd").iterdir():
        try:
            found[int(each.name)] = os.readlink(each)
        except OSError:  # it was closed meanwhile
            continue
    return found


def is_same(one: int, file: int, other: int, its_file: int) -> bool:
    """Whether two processes share an open file, which they do if it was open when one was forked from the other."""
    libc = ctypes.CDLL(None, use_errno=True)
    compared: int = libc.syscall(KCMP, one, other, KCMP_FILE, file, its_file)
    if compared < 0:
        pytest.skip(f"the system does not say: {os.strerror(ctypes.get_errno())}")
    return compared == 0


def used(served: Served) -> list[int]:
    """The workers, each of which has read and written, one after it took the place of another."""
    killed = served.workers()[0]
    kill_worker(killed)
    until(lambda: killed not in served.workers() and len(served.workers()) == 2)
    for number, client in enumerate(served.at_each_worker()):
        until(lambda: is_reached(client))  # noqa: B023 - it is called at once
        assert client("POST", RUNS, {"name": f"Run {number}"}).status == 200
        assert client("GET", RUNS).status == 200
        client.close()
    return served.workers()


def is_reached(client: Client) -> bool:
    """Whether the worker accepts connections now."""
    try:
        return client("GET", "/ready").status == 200
    except AssertionError:
        return False


@pytest.mark.skipif(KCMP is None, reason="another system call number")
def test_each_worker_opens_the_file_itself(tmp_path: Path) -> None:
    store = tmp_path / "worlds.db"
    with Served(store, "--scenario", "one-month", workers=2) as served:
        workers = used(served)
        assert served.process is not None
        of_store = {
            process: [
                file for file, path in opened(process).items() if path in (str(store), f"{store}-wal", f"{store}-shm")
            ]
            for process in (served.process.pid, *workers)
        }
        assert of_store[served.process.pid] == []
        assert all(len(of_store[worker]) >= 3 for worker in workers)
        one, other = workers
        assert not any(is_same(one, file, other, its) for file in of_store[one] for its in of_store[other])


@pytest.mark.parametrize("module", PRELOADED)
def test_servers_of_tests_are_forked_with_modules_that_exist(module: str) -> None:
    """Without one, ``multiprocessing`` says nothing and the tests take longer."""
    import_module(module)


def sockets_to(port: int, process: int) -> set[str]:
    """The connections of a process to a port, by the number that the system gave each."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    connected = {f"socket:[{words[9]}]" for words in map(str.split, lines) if words[2].endswith(f":{port:04X}")}
    return connected & set(opened(process).values())


@pytest.mark.parametrize("engine", ENGINES)
def test_each_worker_connects_to_the_database_itself(engine: str, request: pytest.FixtureRequest) -> None:
    database = running(request, engine)
    with Served(database.new_store(), "--scenario", "one-month", workers=2) as served:
        workers = used(served)
        assert served.process is not None
        assert sockets_to(database.port, served.process.pid) == set()
        of_workers = [sockets_to(database.port, worker) for worker in workers]
        assert all(of_workers)
        assert not any(one & other for one, other in combinations(of_workers, 2))
