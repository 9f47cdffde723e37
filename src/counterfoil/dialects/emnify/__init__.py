"""emnify: the bill of one organisation for one month. Being written."""

from counterfoil.dialect import Answer, Dialect, Principal

DIALECT = Dialect(
    name="emnify",
    title="emnify organisation billing",
    prefix="/emnify/api/v1",
    routes={},
    authenticate=lambda headers, world: Principal(""),
    error=lambda refusal: Answer(refusal.status),
)
