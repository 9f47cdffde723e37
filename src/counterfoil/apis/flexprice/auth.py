"""Authenticates requests to Flexprice's API by key or bearer token, and decides which customers a key may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Principal
from counterfoil.api.bearer import key_for, principal_for
from counterfoil.apis.flexprice.errors import INVALID_TOKEN, UNAUTHORIZED, WRONG_SCHEME

if TYPE_CHECKING:
    from counterfoil.world.world import World

NAME = "flexprice"


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """The caller behind a known key in ``x-api-key``, else behind a bearer token: a key, or a token for this API."""
    key = headers.get("x-api-key", "")
    if world.grant(key) is None:
        key = _bearer_key(headers, world)
    return principal_for(key, world, NAME, unknown=INVALID_TOKEN, forbidden="this key may not use this API")


def may_see(principal: Principal | None, customer: int, world: World) -> bool:
    """Whether the key may see the customer: all of them, or its own customer and those it pays for
    (docs/vendors/flexprice.md#isolation)."""
    own = principal.customer if principal else None
    return own is None or world.ledger.pays_for(own, customer)


def _bearer_key(headers: Mapping[str, str], world: World) -> str:
    """The key behind ``Authorization``. Exactly ``Bearer `` is cut off: with two spaces the second belongs to the token,
    which is then invalid (docs/vendors/flexprice.md#bearer)."""
    authorization = headers.get("authorization")
    if not authorization:
        raise ApiError("unauthenticated", UNAUTHORIZED)
    if not authorization.startswith("Bearer "):
        raise ApiError("unauthenticated", WRONG_SCHEME)
    return key_for(
        authorization.removeprefix("Bearer "),
        world,
        NAME,
        expired=lambda token: ApiError("unauthenticated", INVALID_TOKEN),
    )
