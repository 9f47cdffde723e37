"""Authenticates requests to billingplatform.uk's API by API key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from counterfoil.api import Principal
from counterfoil.api.bearer import bearer_credential, principal_for

if TYPE_CHECKING:
    from counterfoil.world.world import World

NAME = "billingplatform"


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """The user behind ``Authorization: Bearer KEY``; keys are not exchanged and do not expire
    (docs/vendors/billingplatform.md#api-key)."""
    key = bearer_credential(headers, missing="an API key is required: send it as 'Authorization: Bearer KEY'")
    return principal_for(
        key, world, NAME, unknown="this API key is not known", forbidden="this user may not work with billing runs"
    )
