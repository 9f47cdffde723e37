"""Access tokens that a world has issued, and logins that failed: both count by the world's clock.

Tokens look like JSON Web Tokens and are the same in every replay. They authenticate against this stand-in only; the
signature keeps a token from being guessed, and does nothing else.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha384
from itertools import chain

import msgspec


class Token(msgspec.Struct, frozen=True):
    """A token for one API, which stands for credential ``key`` until ``expires_at`` (exclusive)."""

    value: str
    api: str
    key: str
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """The tokens issued in one world, by value, and recent failed logins. It never changes: acts give another one."""

    KEEP = 10_000
    RECENT = 128
    """Copying ``KEEP`` tokens for each login would take 100 µs: the newest are copied each time, the rest once in so many."""

    __slots__ = ("_failures", "_issued", "_older", "_recent")

    def __init__(self) -> None:
        self._older: dict[str, Token] = {}
        self._recent: dict[str, Token] = {}
        self._issued = 0
        self._failures: dict[str, tuple[datetime, ...]] = {}

    def _copy(self) -> Tokens:
        twin = Tokens.__new__(Tokens)
        twin._older, twin._recent = self._older, self._recent
        twin._issued, twin._failures = self._issued, self._failures
        return twin

    def find(self, value: str) -> Token | None:
        return self._recent.get(value) or self._older.get(value)

    def issue(self, api: str, key: str, now: datetime, life: timedelta, seed: int) -> tuple[Token, Tokens]:
        """A new token, and the tokens with it. At least the newest ``KEEP`` stay known."""
        issued = self._issued + 1
        claims = {"api": api, "jti": issued, "iat": int(now.timestamp()), "exp": int((now + life).timestamp())}
        token = Token(_signed(claims, f"{seed}/{key}"), api, key, now, now + life)
        twin = self._copy()
        twin._issued = issued
        twin._recent = {**self._recent, token.value: token}
        if len(twin._recent) >= self.RECENT:
            kept = list((self._older | twin._recent).items())[-self.KEEP :]
            twin._older, twin._recent = dict(kept), {}
        return token, twin

    @property
    def logins(self) -> list[tuple[str, tuple[datetime, ...]]]:
        """All failed logins that still count, by API."""
        return sorted(self._failures.items())

    def failures(self, api: str) -> tuple[datetime, ...]:
        """When logins failed in a row, newest last."""
        return self._failures.get(api, ())

    def note_login(self, api: str, succeeded: bool, now: datetime) -> tuple[int, Tokens]:
        """Count a failed login, or forget them all after one that succeeded; gives how many failed in a row."""
        twin = self._copy()
        failed = () if succeeded else (*self.failures(api), now)[-10:]
        twin._failures = {**self._failures, api: failed}
        return len(failed), twin

    def __iter__(self) -> Iterator[Token]:
        """Oldest first."""
        return chain(self._older.values(), self._recent.values())


def _signed(claims: dict[str, object], secret: str) -> str:
    parts = [_base64(json.dumps(part).encode()) for part in ({"alg": "HS384", "typ": "JWT"}, claims)]
    signature = hmac.new(secret.encode(), ".".join(parts).encode(), sha384).digest()
    return ".".join([*parts, _base64(signature)])


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
