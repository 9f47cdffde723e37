"""Authenticates requests to Oracle BRM's API by bearer token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Principal
from counterfoil.api.bearer import bearer_credential, key_for, principal_for

if TYPE_CHECKING:
    from counterfoil.world.world import World

NAME = "oracle-brm"


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """The caller behind a bearer token. With ``oracle-brm.token`` at optional, a request without one may see everything.

    A token that is sent must be valid even then, because an invalid one is a mistake of the client.
    """
    if "authorization" not in headers and world.switches["oracle-brm.token"] == "optional":
        return Principal(key="")
    credential = bearer_credential(headers, missing="Send a bearer token in the Authorization header")
    key = key_for(credential, world, NAME, expired=lambda token: ApiError("expired", "This token has expired"))
    return principal_for(
        key, world, NAME, unknown="This token is not known", forbidden="This token may not read customer bills"
    )
