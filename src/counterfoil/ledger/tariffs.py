"""Tariffs: the services that can be used, and their prices by zone and country."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.periods import last_of_month


class Service(StrEnum):
    """Services rated by the unit: data in megabytes, SMS in messages."""

    DATA = "data"
    SMS = "sms"


class Proration(StrEnum):
    """What the monthly fees cost in a month that a subscription covers only in part.

    ``none``: a whole month's fee. ``daily``: a share of it, by the days covered.
    """

    NONE = "none"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class RateZone:
    """Countries (ISO 3166-1 alpha-2) that share a price. ``number`` identifies the zone in all tariffs."""

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
        """The price of one unit in ``country``."""
        return dict(self.by_country).get(country, self.per_unit)


@dataclass(frozen=True, slots=True)
class DataPackage:
    """A monthly data package: ``volume`` megabytes in ``zone``, for ``fee``."""

    number: int
    name: str
    zone: RateZone
    volume: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices in one currency: a monthly fee, a monthly fee per SIM, data packages, and rates per unit.

    ``proration`` applies to all three fees; a data package's volume is the whole month's in either case.
    """

    number: int
    key: str
    name: str
    currency: str
    monthly_fee: Decimal = ZERO
    sim_fee: Decimal = ZERO
    packages: tuple[DataPackage, ...] = ()
    rates: tuple[Rate, ...] = ()
    proration: Proration = Proration.NONE

    def fee_for(self, fee: Decimal, day: date, ends: date | None) -> Decimal:
        """What ``fee`` costs for the rest of the month from ``day``, or until the day before ``ends`` if that is earlier.

        A prorated fee is rounded half up to the currency's minor unit.
        """
        if self.proration is Proration.NONE:
            return fee
        last = last_of_month(day)
        days = (last - day).days + 1 if ends is None or ends > last else (ends - day).days
        return fee if days == last.day else to_minor_unit(fee * days / last.day, self.currency)

    def rate_for(self, service: Service, country: str) -> Rate | None:
        """The rate for using ``service`` in ``country``; None if the tariff has none."""
        for rate in self.rates:
            if rate.service is service and country in rate.zone.countries:
                return rate
        return None
