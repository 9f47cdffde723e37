"""Connections to a PostgreSQL server: with bounds on time, checked for durability, and kept for reuse."""

from __future__ import annotations

import contextlib
import re
import select
from collections.abc import Iterator
from threading import Semaphore
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict

from counterfoil.store.log import StoreError
from counterfoil.world.command_log import StoreUnavailable

CONNECT_SECONDS = 3
STATEMENT_SECONDS = 5.0
MAX_READ_CONNECTIONS = 8
"""Connections for reading, per process."""
SETTINGS = """SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', current_setting('fsync') = 'on',
    set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false),
    set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false),
    set_config('idle_in_transaction_session_timeout', %s, false)"""


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection on which every statement takes a bounded time, even if the server's machine does not answer at all."""

    seconds = STATEMENT_SECONDS + 1  # after the server's own bound, which has a better message

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, self.seconds if timeout is None else timeout)
        except psycopg.errors.OperationalError as error:
            if error.sqlstate is None:  # timed out, so the connection's state is unknown
                self.pgconn.finish()
            raise


class Connections:
    """The connections to the database in ``url``. ``where`` is the URL without a password. Raises ``StoreError`` if ``url``
    is malformed."""

    def __init__(self, url: str) -> None:
        try:
            parameters = conninfo_to_dict(url)
        except psycopg.Error:  # its message may quote the password
            raise StoreError(
                "the store's URL cannot be read; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with % escapes in"
                " a password"
            ) from None
        self.where = _where(parameters)
        self._parameters: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "counterfoil",
            "target_session_attrs": "read-write",  # of several hosts, the primary
            "tcp_user_timeout": int(STATEMENT_SECONDS * 1000),
            "keepalives_idle": 10,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            **{name: value for name, value in parameters.items() if value is not None},
        }
        self._idle: list[Connection] = []
        self._free = Semaphore(MAX_READ_CONNECTIONS)

    def open(self) -> Connection:
        """A new connection in autocommit mode. Raises ``StoreUnavailable``."""
        try:
            connection = Connection.connect(autocommit=True, **self._parameters)
        except psycopg.Error as error:
            raise StoreUnavailable(describe_error(error)) from None
        try:
            set_up(connection)
        except psycopg.Error as error:
            connection.close()
            raise StoreUnavailable(describe_error(error)) from None
        except StoreUnavailable:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with. Raises ``StoreUnavailable``, also for a database error within the ``with`` block."""
        if not self._free.acquire(timeout=STATEMENT_SECONDS):
            raise StoreUnavailable("the store is slow: too many wait for it; try again")
        try:
            connection = self._take()
            try:
                yield connection
            except psycopg.Error as error:
                connection.close()
                raise StoreUnavailable(f"the store cannot be read: {describe_error(error)}; try again") from None
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
        finally:
            self._free.release()

    def _take(self) -> Connection:
        while self._idle:
            with contextlib.suppress(IndexError):  # another thread took it
                connection = self._idle.pop()
                if not connection.closed and _is_alive(connection):
                    return connection
                connection.close()
        try:
            return self.open()
        except StoreUnavailable as error:
            raise StoreUnavailable(f"the store cannot be read: {error}; try again") from None

    def close(self) -> None:
        """Close the idle connections; new ones may be opened."""
        while self._idle:
            self._idle.pop().close()


def set_up(connection: Connection) -> None:
    """Set time limits on its statements, and check that the server is durable. Raises ``StoreUnavailable``, ``psycopg.Error``."""
    row = connection.execute(SETTINGS, [str(int(STATEMENT_SECONDS * 1000))] * 3).fetchone()
    assert row is not None
    is_replica, is_read_only, is_durable = row[:3]
    if is_replica or is_read_only:
        raise StoreUnavailable("is read-only; name the primary server")
    if not is_durable:
        raise StoreUnavailable("runs with fsync = off, and would lose worlds at a crash; set fsync = on")


def _is_alive(connection: Connection) -> bool:
    """Whether the server has not closed the connection; costs no round trip."""
    poll = select.poll()  # select() takes no descriptor above 1023
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


def _where(parameters: dict[str, Any]) -> str:
    """The URL without its password and other options that may be secret."""
    user = f"{quote(str(parameters['user']), safe='')}@" if parameters.get("user") else ""
    port = f":{parameters['port']}" if parameters.get("port") else ""
    host = str(parameters.get("host") or parameters.get("hostaddr") or "")
    if host.startswith("/"):
        return f"postgresql://{user}/{parameters.get('dbname') or ''}?host={host}" + (
            f"&port={port[1:]}" if port else ""
        )
    return f"postgresql://{user}{host}{port}/{parameters.get('dbname') or ''}"


def describe_error(error: psycopg.Error) -> str:
    """PostgreSQL's error in one line that says what to do."""
    text = " ".join(str(error).split())
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    last = lines[-1].partition("FATAL:")[2].strip() or lines[-1] if lines else type(error).__name__
    if error.diag.message_primary:  # without hints and the position in the statement
        last = " ".join(error.diag.message_primary.split())
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return f"{lines[0]}; the user needs CREATE on the database once, or its own schema counterfoil"
    if "password authentication failed" in text or "no password supplied" in text:
        return f"{last}; check user and password (PGPASSWORD, ~/.pgpass or the URL)"
    if re.search(r'FATAL:\s+role "', text):
        return f"{last}; check user and password (PGPASSWORD, ~/.pgpass or the URL)"
    if "connection is bad: invalid " in text:
        return f"{last}; correct the URL"
    if "does not exist" in text and "database" in text:
        return f"{last}; create it (createdb), or name another"
    if "session is read-only" in text or isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return "is read-only; name the primary server"
    if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable):
        return f"the server took longer than {STATEMENT_SECONDS:.0f} seconds"
    if isinstance(error, psycopg.errors.DiskFull):
        return "the disk is full"
    if error.sqlstate is None or isinstance(error, psycopg.errors.CannotConnectNow):  # before or between answers
        return f"the server does not answer ({last}); is it running, and reachable from here?"
    return last
