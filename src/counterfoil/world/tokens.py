"""Access tokens that a world issues, and failed logins; both use the world's clock.

Tokens look like JSON Web Tokens. They authenticate against this stand-in only. The token of a login contains its claims and is
signed, so a world need not store it. It is valid in its own world until that world is reset.
Tokens that a command issued are the same in every replay.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from hashlib import sha384
from typing import Any

import msgspec

MAX_LISTED_TOKENS = 128
"""How many of the newest tokens a world stores: a command's token is valid while stored, a login's can be listed."""
KEPT_WHEN_EXPIRED = 16
"""How many of these stay stored after they expire, so that they are refused as expired and not as unknown."""
MAX_FAILING_NAMES = 1_000
"""How many names with failed logins are stored; beyond that, the least recent are dropped."""
MAX_TOKEN_LENGTH = 1_000
"""Characters of a token; ours have about 200."""


class Token(msgspec.Struct, frozen=True):
    """A token for one API, which stands for credential ``key`` until ``expires_at`` (exclusive)."""

    value: str
    api: str
    key: str
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """The newest tokens of one world, and recent failed logins. Immutable: its methods return a changed copy.

    ``since`` is the world's version at its last reset: tokens of logins from before it are no longer valid.
    """

    __slots__ = ("_failures", "_issued", "_logins", "_newest", "since")

    def __init__(self) -> None:
        self._newest: tuple[Token, ...] = ()
        self._issued = 0
        self._logins = 0
        self._failures: dict[str, tuple[datetime, ...]] = {}
        self.since = 0

    def issue(self, api: str, key: str, now: datetime, life: timedelta, seed: int) -> tuple[Token, Tokens]:
        """A new token, and a copy that has it."""
        changed = copy(self)
        changed._issued += 1
        return changed._add(api, key, now, life, changed._issued, str(seed))

    def log_in(self, api: str, key: str, now: datetime, life: timedelta, world: str) -> tuple[Token, Tokens]:
        """Like ``issue``, for a login, which changes no token of a command. ``world`` identifies the world."""
        changed = copy(self)
        changed._logins += 1
        return changed._add(api, key, now, life, f"login-{changed._logins}", f"{world}/{self.since}")

    def _add(
        self, api: str, key: str, now: datetime, life: timedelta, number: int | str, issuer: str
    ) -> tuple[Token, Tokens]:
        issued_at = now.replace(microsecond=0)
        token = _sign(Token("", api, key, issued_at, issued_at + life), number, issuer)
        older, newer = self._newest[: 1 - KEPT_WHEN_EXPIRED], self._newest[1 - KEPT_WHEN_EXPIRED :]
        self._newest = (*(old for old in older if old.expires_at > now), *newer, token)[-MAX_LISTED_TOKENS:]
        return token, self

    def reset(self, since: int) -> Tokens:
        """A copy for a world that was reset at version ``since``: tokens of earlier logins are no longer valid."""
        changed = copy(self)
        changed.since = since
        return changed

    def find(self, value: str, keys: Iterable[str], world: str) -> Token | None:
        """The token with that value, even if expired: a stored one, or one of a login to ``world`` for one of ``keys``."""
        if not value.startswith(_HEADER):
            return None
        stored = next((token for token in self._newest if token.value == value), None)
        return stored or _read(value, keys, f"{world}/{self.since}")

    @property
    def logins(self) -> list[tuple[str, tuple[datetime, ...]]]:
        """The failed logins since the last successful one, by API."""
        return sorted(self._failures.items())

    def counting_from(self, number: int) -> Tokens:
        """A copy whose next login has the number after ``number``: each process that serves a world has its own numbers."""
        changed = copy(self)
        changed._logins = number
        return changed

    def with_failures(self, failures: Mapping[str, tuple[datetime, ...]]) -> Tokens:
        """A copy with these failed logins."""
        changed = copy(self)
        changed._failures = dict(failures)
        return changed

    @property
    def all_failures(self) -> Mapping[str, tuple[datetime, ...]]:
        """The consecutive failed logins by API, least recent first."""
        return self._failures

    def failures(self, api: str) -> tuple[datetime, ...]:
        """The times of the consecutive failed logins, newest last."""
        return self._failures.get(api, ())

    def note_login(self, api: str, succeeded: bool, now: datetime) -> tuple[int, Tokens]:
        """Count a failed login, or reset the count after a successful one; returns the number of consecutive failures."""
        changed = copy(self)
        failed = () if succeeded else (*self.failures(api), now)[-10:]
        others = [(name, when) for name, when in self._failures.items() if name != api]
        changed._failures = dict(others[1 - MAX_FAILING_NAMES :])
        if failed:
            changed._failures[api] = failed
        return len(failed), changed

    def __iter__(self) -> Iterator[Token]:
        """Oldest first."""
        return iter(self._newest)


def _sign(token: Token, number: int | str, issuer: str) -> Token:
    """``token`` with its value: ``number`` distinguishes tokens of one instant."""
    issued_at, expires_at = (int(moment.timestamp()) for moment in (token.issued_at, token.expires_at))
    claims = {"api": token.api, "jti": number, "iat": issued_at, "exp": expires_at}
    signed = f"{_HEADER}.{_base64(json.dumps(claims).encode())}"
    return msgspec.structs.replace(token, value=f"{signed}.{_signature(signed, issuer, token.key)}")


def _read(value: str, keys: Iterable[str], issuer: str) -> Token | None:
    """The token with that value, if ``issuer`` signed it for one of ``keys``."""
    signed, _, signature = value.rpartition(".")
    if not signed.startswith(f"{_HEADER}.") or len(value) > MAX_TOKEN_LENGTH or not value.isascii():
        return None
    for key in keys:
        if hmac.compare_digest(_signature(signed, issuer, key), signature):
            claims: dict[str, Any] = json.loads(urlsafe_b64decode(f"{signed.partition('.')[2]}=="))
            issued_at, expires_at = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
            return Token(value, claims["api"], key, issued_at, expires_at)
    return None


def _signature(signed: str, issuer: str, key: str) -> str:
    return _base64(hmac.digest(f"{issuer}/{key}".encode(), signed.encode(), sha384))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


_HEADER = _base64(json.dumps({"alg": "HS384", "typ": "JWT"}).encode())
