"""Oracle BRM customer bills (being written)."""

from __future__ import annotations

from counterfoil.dialect import Answer, Dialect, Principal, Refusal


def _error(refusal: Refusal) -> Answer:
    return Answer(refusal.status, {"code": str(refusal.status), "reason": refusal.reason})


DIALECT = Dialect(
    name="oracle-brm",
    title="Oracle BRM Customer Bill Management (TMF678)",
    prefix="/oracle-brm/brm/customerBillManagement/v4",
    routes={},
    authenticate=lambda headers, world: Principal("anyone"),
    error=_error,
    media_type="application/json;charset=utf-8",
)
