"""Identifies the visitors of public mode by a signed cookie with an id.

itsdangerous signs and checks the cookie. Nothing is stored for a visitor: the names and keys of their worlds and their CSRF
token are computed from the id and the server's secret.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, Morsel, SimpleCookie

from itsdangerous import BadSignature, Signer, TimestampSigner

COOKIE = "counterfoil-visitor"
DIGEST = hashlib.sha256


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor: ``worlds`` are the names their worlds may have, ``csrf_token`` must be sent with every change."""

    id: str
    worlds: tuple[str, ...]
    csrf_token: str


class VisitorIdentities:
    """Issues and reads cookies, which are valid for ``max_age`` seconds of ``clock``."""

    def __init__(self, secret: bytes, *, worlds_each: int, max_age: float, clock: Callable[[], float]) -> None:
        self._worlds_each = worlds_each
        self._max_age = int(max_age)
        self._cookies = _ClockedSigner(secret, clock)
        self._csrf_tokens = Signer(secret, salt="counterfoil csrf token", digest_method=DIGEST)
        self._world_keys = Signer(secret, salt="counterfoil world key", digest_method=DIGEST)

    def new(self) -> Visitor:
        """A visitor with an id that cannot be guessed."""
        return self._visitor(secrets.token_hex(16))

    def from_cookie(self, header: str) -> Visitor | None:
        """The visitor of a ``Cookie`` header; None if the cookie is missing, forged or expired."""
        try:
            morsel = SimpleCookie(header).get(COOKIE)
            if morsel is None:
                return None
            id, issued = self._cookies.unsign(morsel.value, return_timestamp=True)
        except (CookieError, BadSignature):
            return None
        # not ``max_age=``: it refuses cookies from the future, as when the clock was set back or another server's is ahead
        is_expired = self._cookies.get_timestamp() - issued.timestamp() > self._max_age
        return None if is_expired else self._visitor(id.decode())

    def set_cookie(self, visitor: Visitor, *, secure: bool) -> str:
        """The value of the ``Set-Cookie`` header."""
        morsel: Morsel[str] = Morsel()
        value = self._cookies.sign(visitor.id).decode()
        morsel.set(COOKIE, value, value)  # base64url, hexadecimal and dots: no quoting needed
        morsel.update({"path": "/", "max-age": str(self._max_age), "samesite": "Strict"})
        morsel["httponly"] = True
        morsel["secure"] = secure
        return morsel.OutputString()

    def is_csrf_token(self, visitor: Visitor, sent: str) -> bool:
        """Whether ``sent`` is the visitor's token; compared in constant time."""
        return self._csrf_tokens.verify_signature(visitor.id, sent)

    def world_key(self, world: str) -> str:
        """The credential for the vendors' APIs in a visitor's world."""
        return "key-" + self._world_keys.get_signature(world).decode()[:24]

    def _visitor(self, id: str) -> Visitor:
        names = tuple(f"v-{id}-{number}" for number in range(1, self._worlds_each + 1))
        return Visitor(id, names, self._csrf_tokens.get_signature(id).decode())


class _ClockedSigner(TimestampSigner):
    """Takes the time from ``clock`` instead of the system's."""

    def __init__(self, secret: bytes, clock: Callable[[], float]) -> None:
        super().__init__(secret, salt="counterfoil visitor", digest_method=DIGEST)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock())
