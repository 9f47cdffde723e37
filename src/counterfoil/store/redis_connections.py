"""Connections to a Redis or Valkey server: with bounds on time, and refused unless the server is durable."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from counterfoil.store.log import StoreError
from counterfoil.world.command_log import StoreUnavailable

CONNECT_SECONDS = 3.0
SECONDS = 5.0
MAX_CONNECTIONS = 8
"""Connections per process."""
OPTIONS = ("db", "username", "password", "protocol")
"""Allowed query parameters of a URL, in addition to ``ssl_…``; some others change what redis-py returns."""
DURABLE = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
}
"""How the server must be configured so that an acknowledged write survives a crash (CONFIG GET)."""


def connect(url: str) -> redis.Redis:
    """A client that connects when it is first used. Raises ``StoreError`` for a malformed URL."""
    plain = re.sub(r"^valkey(s?)://", r"redis\1://", url)
    _check_url(plain)
    password = os.environ.get("REDISCLI_AUTH")  # as redis-cli does; a password in the URL takes precedence
    try:
        pool = redis.BlockingConnectionPool.from_url(
            plain,
            max_connections=MAX_CONNECTIONS,
            timeout=SECONDS,
            socket_timeout=SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),  # no blind retry: a script that was sent may have run
            client_name="counterfoil",
            **({"password": password} if password else {}),
        )
        pool.make_connection()  # type: ignore[no-untyped-call]  # parses the options without connecting
    except (TypeError, ValueError):  # its message may quote the password
        raise StoreError(
            "the store's URL cannot be read; write redis://USER:PASSWORD@HOST:PORT/NUMBER, with % escapes in a password"
        ) from None
    return redis.Redis(connection_pool=pool)


def _check_url(url: str) -> None:
    """Refuse what redis-py would ignore, or mistake for one of our own arguments. Raises ``StoreError``."""
    try:
        parts = urlsplit(url)
        options = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        return  # redis-py cannot read it either
    if re.fullmatch(r"/?|/-?[0-9]+", parts.path) is None:
        raise StoreError(f"{where(url)}: a database of Redis is a number; write redis://HOST:PORT/NUMBER")
    for name in options:
        if name not in OPTIONS and not name.startswith("ssl_"):
            raise StoreError(f"{where(url)}: the option {name[:40]!r} cannot be given; those of TLS (ssl_…) can")


def where(url: str) -> str:
    """The URL without its password and options."""
    try:
        parts = urlsplit(url)
        user = f"{quote(unquote(parts.username), safe='')}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"{url.partition('://')[0]}://…"
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"


def check_durable(client: redis.Redis) -> None:
    """Raise ``StoreUnavailable`` if the server could lose acknowledged writes. Also raises ``redis.RedisError``."""
    about: dict[str, Any] = client.info("replication")
    if about.get("role") != "master":
        raise StoreUnavailable("is a replica; name the primary server")
    if client.info("cluster").get("cluster_enabled"):
        raise StoreUnavailable("is a cluster, which is not supported; name a single server")
    try:
        configured = {name: client.config_get(name).get(name) for name in DURABLE}
    except redis.ResponseError as error:
        raise StoreUnavailable(
            f"does not tell whether it is durable (CONFIG GET: {' '.join(str(error).split())}); allow CONFIG GET"
        ) from None
    wrong = [f"{name} {value}" for name, value in DURABLE.items() if configured[name] != value]
    if wrong:
        raise StoreUnavailable(f"would lose worlds at a crash; configure it with {', '.join(wrong)}")


def describe_error(error: redis.RedisError) -> str:
    """Redis's error in one line that says what to do."""
    text = " ".join(str(error).split())
    if isinstance(error, redis.BusyLoadingError):
        return "the server is still loading its data"
    if isinstance(error, redis.AuthenticationError | redis.exceptions.AuthorizationError) or "WRONGPASS" in text:
        return f"{text}; check user and password (REDISCLI_AUTH or the URL)"
    if isinstance(error, redis.exceptions.NoPermissionError):
        return f"{text}; the user needs the commands +@all -@dangerous +config|get +info and the keys ~counterfoil:*"
    if isinstance(error, redis.ReadOnlyError):
        return "is read-only; name the primary server"
    if isinstance(error, redis.exceptions.OutOfMemoryError) or text.startswith("OOM"):
        return "the server's memory is full (maxmemory)"
    if "DB index" in text or "invalid DB" in text:
        return f"{text}; name another number at the end of the URL"
    if isinstance(error, redis.TimeoutError):
        return f"the server did not answer within {SECONDS:.0f} seconds"
    if isinstance(error, redis.exceptions.InvalidResponse):
        return f"it answers, but not as Redis does ({text[:200]}); correct the URL"
    if isinstance(error, redis.ConnectionError):
        return f"the server does not answer ({text[:200]}); is it running, and reachable from here?"
    return text
