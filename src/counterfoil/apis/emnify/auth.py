"""Authenticates requests to emnify's API by token, and issues tokens at login (docs/vendors/emnify.md#authentication).

Tokens are valid for 240 minutes of the world's clock. After three refused logins in a row for one credential, further
ones are refused for five minutes. Counting by credential is an assumption: the vendor does not say how it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha1, sha256
from math import ceil

from counterfoil.api import ApiError, Json, Principal
from counterfoil.api.bearer import bearer_credential, key_for, principal_for
from counterfoil.world.tokens import Token
from counterfoil.world.world import World

NAME = "emnify"
REFRESH = "emnify refresh"
TOKEN_MINUTES = 240
REFRESH_MINUTES = 30 * 24 * 60  # an assumption: the vendor does not say how long refresh tokens are valid
FAILURES_ALLOWED = 3
BLOCK = timedelta(minutes=5)

UNREADABLE = "token contains an invalid number of segments"  # the gateway's message in recorded traffic


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """The caller behind a bearer token, or behind a known key sent in its place.

    Raises ``ApiError``: unauthenticated (from the gateway), expired or forbidden.
    """
    value = bearer_credential(headers, missing="no bearer token in Authorization; log in with POST /authenticate")
    unknown = UNREADABLE if value.count(".") != 2 else "token signature is not valid"
    key = key_for(value, world, NAME, expired=lambda token: _expired(token, world))
    return principal_for(key, world, NAME, unknown=unknown, forbidden="this credential may not use this API")


def _expired(token: Token, world: World) -> ApiError:
    minutes = int((token.expires_at - token.issued_at).total_seconds()) // 60
    message = f"the token expired after {minutes} minutes; log in again with POST /authenticate"
    return ApiError("expired" if world.switches["emnify.expired_token"] == 1103 else "unauthenticated", message)


def log_in(body: Json, world: World) -> Json | None:
    """The tokens for a login, or None if it is refused. Raises ``ApiError`` (too_many_requests).

    ``body`` is valid against the spec.
    """
    name = _login_name(body)
    failures = world.tokens.failures(name)
    blocking = world.switches["emnify.login_block"] != "off"
    if blocking and len(failures) >= FAILURES_ALLOWED and world.now < failures[-1] + BLOCK:
        seconds = ceil((failures[-1] + BLOCK - world.now).total_seconds())
        raise ApiError(
            "too_many_requests",
            f"{FAILURES_ALLOWED} logins in a row were refused; try again in {seconds} seconds",
            detail={"retry_after": seconds},
        )
    key = _key_of_login(body, world)
    if key is None:
        if blocking:
            world.note_login(name, succeeded=False)
        return None
    if failures:
        world.note_login(name, succeeded=True)
    tokens = {"auth_token": world.log_in(NAME, key, TOKEN_MINUTES).value}
    if "username" in body:
        tokens["refresh_token"] = world.log_in(REFRESH, key, REFRESH_MINUTES).value
    return tokens


def _key_of_login(body: Json, world: World) -> str | None:
    """The key behind a login's credential; None if the credential is wrong."""
    if "application_token" in body:
        return _known_key(body["application_token"], world)
    if "refresh_token" in body:
        token = world.token(body["refresh_token"])
        if token is not None and token.api == REFRESH:
            return token.key if world.now < token.expires_at else None
        return _known_key(body["refresh_token"], world)
    if body["username"] != "counterfoil" and "@" not in body["username"]:
        return None
    return {_sha1(key): key for key in world.grants}.get(body["password"].lower())


def _known_key(key: str, world: World) -> str | None:
    return key if world.grant(key) else None


def _sha1(text: str) -> str:
    return sha1(text.encode(), usedforsecurity=False).hexdigest()  # the vendor asks its users to send this


def _login_name(body: Json) -> str:
    """The key by which refused logins are counted: user name or credential, as a digest because it is stored and shown."""
    kind = next(kind for kind in ("username", "application_token", "refresh_token") if kind in body)
    digest = sha256(body[kind].encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"emnify {kind} {digest}"
