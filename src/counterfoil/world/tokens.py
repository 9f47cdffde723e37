"""Access tokens that a world has issued, and failed logins, by the world's clock.

Tokens look like JSON Web Tokens and are equal in every replay. They are valid in this stand-in only; the signature only
makes them hard to guess.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha384

import msgspec


class Token(msgspec.Struct, frozen=True):
    """A token of one API that stands for credential ``key`` until before ``expires_at``."""

    value: str
    api: str
    key: str
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """The tokens issued in one world, by value, and recent failed logins."""

    KEEP = 10_000

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._issued = 0
        self._failures: dict[str, tuple[datetime, ...]] = {}

    def fork(self) -> Tokens:
        """A copy; changes to either do not show in the other."""
        twin = Tokens()
        twin._tokens = self._tokens.copy()
        twin._issued = self._issued
        twin._failures = self._failures.copy()
        return twin

    def find(self, value: str) -> Token | None:
        """The token with that value, expired or not; None if there is none."""
        return self._tokens.get(value)

    def issue(self, api: str, key: str, now: datetime, life: timedelta, seed: int) -> Token:
        """A new token; the oldest is removed when there are more than ``KEEP``."""
        self._issued += 1
        claims = {"api": api, "jti": self._issued, "iat": int(now.timestamp()), "exp": int((now + life).timestamp())}
        token = Token(_signed(claims, f"{seed}/{key}"), api, key, now, now + life)
        self._tokens[token.value] = token
        if len(self._tokens) > self.KEEP:
            del self._tokens[next(iter(self._tokens))]
        return token

    @property
    def logins(self) -> list[tuple[str, tuple[datetime, ...]]]:
        """All failed logins that count, by API."""
        return sorted(self._failures.items())

    def failures(self, api: str) -> tuple[datetime, ...]:
        """The times of consecutive failed logins, newest last."""
        return self._failures.get(api, ())

    def note_login(self, api: str, succeeded: bool, now: datetime) -> int:
        """Count a failed login, or clear the count after a success; returns how many failed in a row."""
        self._failures[api] = () if succeeded else (*self.failures(api), now)[-10:]
        return len(self._failures[api])

    def __iter__(self) -> Iterator[Token]:
        return iter(self._tokens.values())


def _signed(claims: dict[str, object], secret: str) -> str:
    parts = [_base64(json.dumps(part).encode()) for part in ({"alg": "HS384", "typ": "JWT"}, claims)]
    signature = hmac.new(secret.encode(), ".".join(parts).encode(), sha384).digest()
    return ".".join([*parts, _base64(signature)])


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
