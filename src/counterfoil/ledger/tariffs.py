"""Tariffs: the services that can be used, and their prices by zone and country."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from counterfoil.ledger.money import ZERO


class Service(StrEnum):
    """What can be used and is rated by the unit: data in megabytes, SMS by the message."""

    DATA = "data"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class RateZone:
    """Countries (ISO 3166-1 alpha-2) that share a price; ``number`` identifies it across tariffs."""

    number: int
    name: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one unit of ``service`` in ``zone``; ``by_country`` overrides it for single countries."""

    service: Service
    zone: RateZone
    per_unit: Decimal
    by_country: tuple[tuple[str, Decimal], ...] = ()

    def price_in(self, country: str) -> Decimal:
        return dict(self.by_country).get(country, self.per_unit)


@dataclass(frozen=True, slots=True)
class DataPackage:
    """Data bought ahead: ``volume`` megabytes in ``zone`` each month, for ``fee``."""

    number: int
    name: str
    zone: RateZone
    volume: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """A price list in one currency: a monthly fee, a monthly fee per SIM, data packages, and rates by the unit."""

    number: int
    key: str
    name: str
    currency: str
    monthly_fee: Decimal = ZERO
    sim_fee: Decimal = ZERO
    packages: tuple[DataPackage, ...] = ()
    rates: tuple[Rate, ...] = ()

    def rate_for(self, service: Service, country: str) -> Rate | None:
        """The rate for using ``service`` in ``country``; None where the tariff has no price."""
        for rate in self.rates:
            if rate.service is service and country in rate.zone.countries:
                return rate
        return None
