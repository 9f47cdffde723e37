"""Database servers for tests: started in a temporary directory on a free port, killed, halted and started again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
import redis

PASSWORD = "open:sesame"
ESCAPED = "open%3Asesame"
MAX_STARTS = 100
"""A PostgreSQL that was killed cannot be started before all of its processes have ended."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class DatabaseServer:
    """A database server that can be killed and started again with its data."""

    package: str

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="counterfoil-engine-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._stores = 0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _is_ready(self) -> bool:
        raise NotImplementedError

    def _user(self) -> dict[str, Any]:
        return {}

    def start(self) -> Self:
        """Start it, unless it runs, and wait until it answers."""
        for attempt in range(1500):
            if not self.is_running:
                assert attempt < MAX_STARTS, (self.folder / "log").read_text()[-2000:]
                self._launch()
            if self._is_ready():
                return self
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def _launch(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(), stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self._user()
            )

    def kill(self) -> None:
        """kill -9, of all its processes."""
        assert self.process is not None
        self._signal(signal.SIGKILL)
        self.process.wait()

    def halt(self) -> None:
        """Stop the process: the system accepts connections, but nothing answers."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in (self.process.pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def close(self) -> None:
        if self.is_running:
            self.go_on()
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_store(self) -> str:
        """The URL of an empty database."""
        raise NotImplementedError

    def as_read_only(self, read_only: bool) -> None:
        """Refuse writes, or accept them again."""
        raise NotImplementedError

    def as_forgetful(self, forgetful: bool) -> None:
        """Acknowledge writes before they are flushed to the disk, or only after."""
        raise NotImplementedError


class Postgres(DatabaseServer):
    package = "postgresql"

    def __init__(self, binaries: Path) -> None:
        super().__init__()
        self._binaries = binaries
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(self.folder, "postgres")
        password = self.folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        given = ["-D", self.folder / "data", "-U", "tester", "-A", "scram-sha-256", f"--pwfile={password}"]
        subprocess.run(
            [binaries / "initdb", *given, "--no-sync", "--no-locale", "-E", "UTF8"],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self._user(),
        )

    def _user(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []}

    def _command(self) -> list[str]:
        # a start after a kill flushes every file of every database, unless it may flush the file system as a whole
        settings = ["listen_addresses=127.0.0.1", "recovery_init_sync_method=syncfs"]
        command = [str(self._binaries / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        return [*command, "-p", str(self.port), *(word for each in settings for word in ("-c", each))]

    def _is_ready(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="tester", password=PASSWORD, dbname=database, autocommit=True
        )

    def new_store(self) -> str:
        self.execute("DROP SCHEMA IF EXISTS counterfoil CASCADE")
        return self.url("postgres")

    def url(self, database: str) -> str:
        return f"postgresql://tester:{ESCAPED}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty database."""
        self._stores += 1
        self.execute(f"CREATE DATABASE store{self._stores}")
        return self.url(f"store{self._stores}")

    def execute(self, statement: str, database: str = "postgres") -> None:
        with closing(self.connect(database)) as connection:
            connection.execute(statement.encode())

    def as_read_only(self, read_only: bool) -> None:
        self.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if read_only else 'off'}")
        self.execute("SELECT pg_reload_conf()")

    def as_forgetful(self, forgetful: bool) -> None:
        self.execute(f"ALTER SYSTEM SET fsync = {'off' if forgetful else 'on'}")
        self.execute("SELECT pg_reload_conf()")

    def tool(self, name: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's own programs."""
        done = subprocess.run([self._binaries / name, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


MAX_PORT = 55_535
"""Of a Redis in a cluster, which listens on the port 10,000 above its own, too."""


class Redis(DatabaseServer):
    package = "redis-server"

    def __init__(self, binary: str, **settings: str) -> None:
        super().__init__()
        while self.port > MAX_PORT:
            self.port = free_port()
        self._binary = binary
        self._settings = {"appendonly": "yes", "appendfsync": "always", "save": "", **settings}

    def _command(self) -> list[str]:
        given = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.folder), "requirepass": PASSWORD}
        command = [self._binary]
        for name, value in (given | self._settings).items():
            command += [f"--{name}", *(shlex.split(value) or [""])]
        return command

    def connect(self) -> redis.Redis:
        return redis.Redis(port=self.port, password=PASSWORD)

    def _is_ready(self) -> bool:
        with closing(self.connect()) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def new_store(self) -> str:
        self._stores += 1
        number = self._stores % 16
        with closing(redis.Redis(port=self.port, password=PASSWORD, db=number)) as client:
            client.flushdb()
        return f"redis://:{ESCAPED}@127.0.0.1:{self.port}/{number}"

    def as_read_only(self, read_only: bool) -> None:
        with closing(self.connect()) as client:
            client.config_set("min-replicas-to-write", 1 if read_only else 0)

    def as_forgetful(self, forgetful: bool) -> None:
        with closing(self.connect()) as client:
            client.config_set("appendfsync", "everysec" if forgetful else "always")

    def limit_memory(self, most: str) -> None:
        with closing(self.connect()) as client:
            client.config_set("maxmemory", most)


def postgres() -> Postgres:
    found = shutil.which("postgres")
    binaries = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return Postgres(binaries[-1]) if binaries else missing(Postgres.package)


def redis_server(**settings: str) -> Redis:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Redis(found, **settings) if found else missing(Redis.package)


def missing(package: str) -> Any:
    """Skip the test, or fail it where all tests must run."""
    said = f"{package} is not installed: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)


@pytest.fixture(scope="session")
def started_postgres() -> Iterator[Postgres]:
    with closing(postgres()) as server:
        yield server


@pytest.fixture(scope="session")
def started_redis() -> Iterator[Redis]:
    with closing(redis_server()) as server:
        yield server


ENGINES = ("postgresql", "redis")


def running(request: pytest.FixtureRequest, engine: str) -> DatabaseServer:
    """The server of that kind, which the tests of a process share; started again if a test killed it."""
    server: DatabaseServer = request.getfixturevalue("started_postgres" if engine == "postgresql" else "started_redis")
    return server.start()


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest) -> DatabaseServer:
    """A running server of each kind."""
    return running(request, request.param)


@pytest.fixture
def remote_store(database: DatabaseServer) -> str:
    """The URL of an empty store."""
    return database.new_store()
