"""The base class of all commands, and the types of their members."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from counterfoil.ledger.errors import BadValue
from counterfoil.world.timestamps import as_utc, read_instant

if TYPE_CHECKING:
    from counterfoil.world.state import WorldState

Instant = Annotated[datetime, Meta(tz=True)]
Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class Command(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="command", omit_defaults=True
):
    """One change to a world. Its instants are converted to UTC."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime) and value.tzinfo is not UTC:
                try:
                    msgspec.structs.force_setattr(self, name, as_utc(value))
                except ValueError as error:
                    raise BadValue(str(error), field=name) from None

    def apply(self, world: WorldState) -> Any:
        """Make the change and return its result, such as the new record. Raises ``LedgerError``."""
        raise NotImplementedError


def check_amount(amount: Decimal, field: str) -> Decimal:
    """``amount``, if it is finite with at most 15 digits before the decimal point and 10 after. Raises ``BadValue``."""
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 15 or int(amount.as_tuple().exponent) < -10:
        raise BadValue(
            f"{amount} is not an amount: at most 15 digits before the decimal point and 10 after it", field=field
        )
    return amount


def parse_instants(data: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """A command's JSON with the named members parsed as instants. Raises ``BadValue`` that says how to write one."""
    for name in names:
        value = data.get(name)
        if isinstance(value, str):
            try:
                data = {**data, name: read_instant(value)}
            except ValueError as error:
                raise BadValue(str(error), field=name) from None
    return data
