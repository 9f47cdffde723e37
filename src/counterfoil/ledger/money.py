"""Currencies and their minor units (ISO 4217), rounding, and amounts with a currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from counterfoil.ledger.errors import BadValue

ZERO = Decimal(0)

# ISO 4217 currencies whose minor unit is not a hundredth.
_MINOR_UNITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("UYI", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_QUANTA = {places: Decimal(1).scaleb(-places) for places in (0, 2, 3, 4)}


def minor_unit(currency: str) -> Decimal:
    """The smallest amount in ``currency``: ``Decimal('0.01')`` for EUR, ``1`` for JPY."""
    return _QUANTA[_MINOR_UNITS.get(currency, 2)]


def to_minor_unit(amount: Decimal, currency: str) -> Decimal:
    """``amount`` rounded half up to the minor unit of ``currency``."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP)


def checked_currency(code: str, field: str = "currency") -> str:
    """``code`` if it has the form of an ISO 4217 code (three upper case letters). Raises ``BadValue`` otherwise."""
    if len(code) == 3 and code.isascii() and code.isalpha() and code.isupper():
        return code
    raise BadValue(f"'{code}' is not a currency: give an ISO 4217 code such as EUR", field=field)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency. Adding amounts in two currencies raises ``ValueError``."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._amount_of(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._amount_of(other), self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _amount_of(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self} and {other} are in different currencies")
        return other.amount
