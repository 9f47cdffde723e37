"""Access tokens that a world issues, and logins that failed: both count by the world's clock.

Tokens look like JSON Web Tokens and are the same in every replay. They authenticate against this stand-in only. A token
says itself what it is good for, and its signature proves it, so that none has to be kept: a login costs a world no memory.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha384
from typing import Any

import msgspec

MOST_LISTED = 128
"""Tokens of a world that can be listed: the newest that have not expired. Others are good for as long, unlisted."""
MOST_FAILING = 1_000
"""Names whose failed logins are remembered; of more, those that failed least recently are forgotten."""
LONGEST = 1_000
"""Characters of a token; ours have about 200."""


class Token(msgspec.Struct, frozen=True):
    """A token for one API, which stands for credential ``key`` until ``expires_at`` (exclusive)."""

    value: str
    api: str
    key: str
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """The newest tokens of one world, and recent failed logins. It never changes: its methods give another one."""

    __slots__ = ("_failures", "_issued", "_logins", "_newest")

    def __init__(self) -> None:
        self._newest: tuple[Token, ...] = ()
        self._issued = 0
        self._logins = 0
        self._failures: dict[str, tuple[datetime, ...]] = {}

    def _copy(self) -> Tokens:
        twin = Tokens.__new__(Tokens)
        twin._newest, twin._issued, twin._logins, twin._failures = (
            self._newest,
            self._issued,
            self._logins,
            self._failures,
        )
        return twin

    def issue(
        self, api: str, key: str, now: datetime, life: timedelta, seed: int, *, is_login: bool = False
    ) -> tuple[Token, Tokens]:
        """A new token, and the tokens with it.

        Tokens of logins have numbers of their own: logins are not replayed, and change no token of a command.
        """
        twin = self._copy()
        if is_login:
            twin._logins += 1
        else:
            twin._issued += 1
        number: int | str = f"login-{twin._logins}" if is_login else twin._issued
        issued_at = now.replace(microsecond=0)
        token = sign(Token("", api, key, issued_at, issued_at + life), number, seed)
        twin._newest = (*(each for each in self._newest if each.expires_at > now), token)[-MOST_LISTED:]
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
        others = [(name, when) for name, when in self._failures.items() if name != api]
        twin._failures = dict(others[1 - MOST_FAILING :])
        if failed:
            twin._failures[api] = failed
        return len(failed), twin

    def __iter__(self) -> Iterator[Token]:
        """Oldest first."""
        return iter(self._newest)


def sign(token: Token, number: int | str, seed: int) -> Token:
    """``token`` with its value: ``number`` distinguishes tokens of one instant."""
    claims = {
        "api": token.api,
        "jti": number,
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    signed = f"{_HEADER}.{_base64(json.dumps(claims).encode())}"
    return msgspec.structs.replace(token, value=f"{signed}.{_signature(signed, seed, token.key)}")


def read_token(value: str, keys: Iterable[str], seed: int) -> Token | None:
    """The token with that value, if it was signed for one of ``keys`` in a world of that ``seed``."""
    signed, _, signature = value.rpartition(".")
    if not signed.startswith(f"{_HEADER}.") or len(value) > LONGEST or not value.isascii():
        return None
    for key in keys:
        if hmac.compare_digest(_signature(signed, seed, key), signature):
            claims: dict[str, Any] = json.loads(urlsafe_b64decode(f"{signed.partition('.')[2]}=="))
            issued_at, expires_at = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
            return Token(value, claims["api"], key, issued_at, expires_at)
    return None


def _signature(signed: str, seed: int, key: str) -> str:
    return _base64(hmac.digest(f"{seed}/{key}".encode(), signed.encode(), sha384))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


_HEADER = _base64(json.dumps({"alg": "HS384", "typ": "JWT"}).encode())
