"""A real server with a store, started, killed and started again by tests, and a small client for it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.forked import ForkedProgram

KEY = {"Authorization": "Bearer counterfoil-key"}
RUNS = "/billingplatform/backend/api/v1/billingRuns"
CONTROL = "/_sandbox/v1/worlds"
LAUNCH = Path(__file__).with_name("launch.py")


class Reply:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection, opened again if it was closed. Raises ``OSError`` or ``HTTPException`` without an answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def __call__(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        sent = {**KEY, **({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})}
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.request(method, path, None if body is None else json.dumps(body), sent)
            response = self._connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, received, response.read())
        except BaseException:
            self.close()
            raise

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class WorkerClient(Client):
    """A client of one worker, given by its process id: it connects until the system chooses that worker. Linux only."""

    def __init__(self, port: int, worker: int) -> None:
        super().__init__(port)
        self.worker = worker

    def _connect(self) -> http.client.HTTPConnection:
        for _ in range(300):
            connection = super()._connect()
            connection.request("GET", "/health")
            connection.getresponse().read()
            if _server_socket(self._port, connection.sock.getsockname()[1]) in _sockets_of(self.worker):
                return connection
            connection.close()
        raise AssertionError(f"no connection reached worker {self.worker}")


def _server_socket(port: int, client_port: int) -> str:
    """The inode of the server's end of a connection."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(f":{port:04X}") and words[2].endswith(f":{client_port:04X}"):
            return words[9]
    return ""


def _sockets_of(process: int) -> set[str]:
    found = set()
    for each in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(os.readlink(each).removeprefix("socket:[").removesuffix("]"))
    return found


def kill_worker(process: int) -> None:
    """kill -9, if it still runs."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def is_alive(process: int) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    ).stdout
    return bool(state.strip()) and not state.startswith("Z")


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until a condition holds."""
    for _ in range(int(seconds * 100)):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError(f"it did not come true within {seconds} seconds")


class Served:
    """``counterfoil serve --store`` on a port that stays the same. ``defect`` is one of ``launch.DEFECTS``;
    ``environment`` are variables, by name."""

    def __init__(
        self, store: Path | str, *options: str, defect: str | None = None, workers: int = 1, **environment: str
    ) -> None:
        self.store, self._environment = store, environment
        self._options = options if workers == 1 else (*options, "--workers", str(workers))
        self._start = [str(LAUNCH), defect] if defect else ["-m", "counterfoil"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.process: ForkedProgram | None = None
        self.client = Client(self.port)

    def start(self) -> Self:
        """Start, and wait until it is ready."""
        where = ["--store", str(self.store), "--port", str(self.port)]
        words = [*self._start, "serve", *where, "--quiet", *self._options]
        self.process = ForkedProgram(*words, environment={**os.environ, **self._environment})
        for _ in range(1500):
            assert self.process.poll() is None, self.process.communicate()[1]
            try:
                if self.client("GET", "/ready").status == 200:
                    return self
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the server did not become ready")

    def workers(self) -> list[int]:
        """The process ids of the workers; none if there is one process."""
        assert self.process is not None
        listed = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(each) for each in listed.stdout.split()]

    def kill(self) -> None:
        """kill -9 of every process."""
        assert self.process is not None
        workers = self.workers()
        self.process.send_signal(signal.SIGKILL)
        for each in workers:
            kill_worker(each)
        self.process.communicate()
        until(lambda: not any(map(is_alive, workers)))
        self.client.close()

    def at_each_worker(self) -> list[Client]:
        """A client of each worker."""
        return [WorkerClient(self.port, each) for each in sorted(self.workers())]

    def clients(self, count: int) -> list[Client]:
        """Clients with separate connections, which the system distributes over the workers."""
        return [Client(self.port) for _ in range(count)]

    def stop(self) -> str:
        """Stop it in order; returns what it wrote to standard error."""
        assert self.process is not None
        self.process.terminate()
        said = self.process.communicate(timeout=20)[1]
        self.client.close()
        assert self.process.returncode == 0, said
        return said

    def again(self) -> Self:
        """kill -9 and start again."""
        self.kill()
        return self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        if self.process is not None:
            self.kill()

    # --- what tests say over and over --------------------------------------------------------------

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        reply = self.client("POST", path, body if body is not None else {})
        assert reply.status == status, (reply.status, reply.body)
        return reply.json()

    def get(self, path: str) -> Any:
        reply = self.client("GET", path)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json()

    def run(self, name: str, world: str = "") -> str:
        """Create a billing run through the vendor's API; returns its id."""
        return str(self.post(f"{world}{RUNS}", {"name": name})["id"])

    def runs(self, world: str = "") -> list[str]:
        return [run["name"] for run in self.get(f"{world}{RUNS}")]

    def digest(self, world: str = "default") -> str:
        return str(self.get(f"{CONTROL}/{world}/capsule")["digest"])
