"""Not written yet: an importable placeholder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from counterfoil.dialect import Answer, Dialect, Principal, Refusal

if TYPE_CHECKING:
    from counterfoil.world.world import World


def _authenticate(headers: Mapping[str, str], world: World) -> Principal:
    raise Refusal("unauthenticated", "not written yet")


def _error(refusal: Refusal) -> Answer:
    return Answer(refusal.status, {"error": refusal.message})


DIALECT = Dialect(
    name="flexprice",
    title="flexprice",
    prefix="/flexprice/v1",
    routes={},
    authenticate=_authenticate,
    error=_error,
)
