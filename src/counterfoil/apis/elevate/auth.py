"""Authenticates requests to Elevate's API by bearer token, and checks the credentials at login."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Principal
from counterfoil.api.bearer import bearer_credential, key_for, principal_for

if TYPE_CHECKING:
    from counterfoil.world.world import World

NAME = "elevate"
TOKEN_MINUTES = 15
"""How long a token is valid (docs/vendors/elevate.md#authentication)."""


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """The caller behind a bearer token from ``POST /authenticate``, or behind a known key sent in its place."""
    credential = bearer_credential(headers, missing="A bearer token is required")
    key = key_for(credential, world, NAME, expired=lambda token: ApiError("expired", "The token has expired"))
    return principal_for(key, world, NAME, unknown="The token is not valid", forbidden="This user may not read this")


def log_in(secret: str, world: World) -> Principal:
    """The caller whose password or client secret, a known key, is ``secret``."""
    return principal_for(
        secret, world, NAME, unknown="Unknown credentials", forbidden="These credentials may not fetch a token"
    )
