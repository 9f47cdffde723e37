"""Who is asking, and how a login becomes a token: docs/vendors/emnify.md#authentication. Knows nothing of bills.

Tokens live 240 minutes of the world's clock. After three refused logins in a row for one name, further ones are turned
away for five minutes; the vendor does not say what it counts by, so the name in the attempt is what counts here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha1, sha256
from math import ceil

from counterfoil.api import ApiError, Json, Principal
from counterfoil.world.commands import IssueToken, NoteLogin
from counterfoil.world.world import World

API = "emnify"
REFRESH = "emnify refresh"
TOKEN_MINUTES = 240
REFRESH_MINUTES = 30 * 24 * 60  # the vendor names no life for refresh tokens: a month is ours
FAILURES_ALLOWED = 3
BLOCK = timedelta(minutes=5)

UNREADABLE = "token contains an invalid number of segments"  # the gateway's own words, in recorded traffic


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """The holder of a bearer token or key. Raises ``ApiError``: unauthenticated (by the gateway), expired, forbidden."""
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    value = value.strip()
    if scheme.lower() != "bearer" or not value:
        raise ApiError("unauthenticated", "no bearer token in Authorization; log in with POST /authenticate")
    grant = world.grant(_key_behind(value, world))
    if grant is None:
        raise ApiError("unauthenticated", UNREADABLE if value.count(".") != 2 else "token signature is not valid")
    if not grant.allows(API):
        raise ApiError("forbidden", "this credential may not use this API")
    return Principal(grant.key, grant.customer)


def _key_behind(value: str, world: World) -> str:
    """The key an access token stands for, or ``value`` itself: a known key is taken as it is."""
    token = world.tokens.find(value)
    if token is None or token.api != API:
        return value
    if world.now < token.expires_at:
        return token.key
    minutes = int((token.expires_at - token.issued_at).total_seconds()) // 60
    message = f"the token expired after {minutes} minutes; log in again with POST /authenticate"
    raise ApiError("expired" if world.switches["emnify.expired_token"] == 1103 else "unauthenticated", message)


def log_in(body: Json, world: World) -> Json | None:
    """Tokens for a login that fits the spec, or None where it is refused. Raises ``ApiError`` (too_many_requests)."""
    name = _name_of_attempt(body)
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
            world.execute(NoteLogin(api=name, succeeded=False))
        return None
    if failures:
        world.execute(NoteLogin(api=name, succeeded=True))
    tokens = {"auth_token": world.execute(IssueToken(api=API, key=key, minutes=TOKEN_MINUTES)).value}
    if "username" in body:
        tokens["refresh_token"] = world.execute(IssueToken(api=REFRESH, key=key, minutes=REFRESH_MINUTES)).value
    return tokens


def _key_of_login(body: Json, world: World) -> str | None:
    """The key that an attempt proves to have."""
    if "application_token" in body:
        return _known(body["application_token"], world)
    if "refresh_token" in body:
        token = world.tokens.find(body["refresh_token"])
        if token is not None and token.api == REFRESH:
            return token.key if world.now < token.expires_at else None
        return _known(body["refresh_token"], world)
    if body["username"] != "counterfoil" and "@" not in body["username"]:
        return None
    return {_sha1(key): key for key in world.grants}.get(body["password"].lower())


def _known(key: str, world: World) -> str | None:
    return key if world.grant(key) else None


def _sha1(text: str) -> str:
    return sha1(text.encode(), usedforsecurity=False).hexdigest()  # what the vendor asks its users to send


def _name_of_attempt(body: Json) -> str:
    """What refused logins are counted by: the user's name, or the credential; as a digest, for it is kept and shown."""
    kind = next(kind for kind in ("username", "application_token", "refresh_token") if kind in body)
    digest = sha256(body[kind].encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"emnify {kind} {digest}"
