"""Credential checks that the APIs share; each API passes its own error messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Json, Principal

if TYPE_CHECKING:
    from counterfoil.world.tokens import Token
    from counterfoil.world.world import World


def bearer_credential(headers: Mapping[str, str], *, missing: str) -> str:
    """The credential in ``Authorization: Bearer …``.

    Raises ``ApiError`` (unauthenticated) with the message ``missing`` if there is none, or the scheme is another.
    """
    scheme, _, credential = headers.get("authorization", "").strip().partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise ApiError("unauthenticated", missing)
    return credential


def key_for(credential: str, world: World, api: str, *, expired: Callable[[Token], ApiError]) -> str:
    """The key that ``credential`` stands for: a token issued by ``api`` stands for its key, anything else for itself.

    Raises ``expired(token)`` for a token that has expired by the world's clock.
    """
    token = world.token(credential)
    if token is None or token.api != api:
        return credential
    if world.now >= token.expires_at:
        raise expired(token)
    return token.key


def principal_for(
    key: str, world: World, api: str, *, unknown: str, forbidden: str, detail: Mapping[str, Json] | None = None
) -> Principal:
    """The caller behind ``key``.

    Raises ``ApiError`` with the given message and ``detail``: unauthenticated for an unknown key, forbidden for a key
    that may not use ``api``.
    """
    grant = world.grant(key)
    if grant is None:
        raise ApiError("unauthenticated", unknown, detail=detail)
    if not grant.allows(api):
        raise ApiError("forbidden", forbidden, detail=detail)
    return Principal(key, grant.customer)
