"""The schema of scenario files: the YAML files that worlds start from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from counterfoil.ledger.tariffs import Proration, Service
from counterfoil.world.timestamps import as_utc
from counterfoil.world.towns import PREFIXES, TOWNS, Town, vat_number

Key = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,40}$")]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Count = Annotated[int, Meta(ge=0, le=10**6)]

DEFAULT_KEY = "counterfoil-key"
"""The credential that a scenario has unless it lists others; it may do everything."""


class ScenarioError(Exception):
    """A scenario that cannot be used. The message has one line for each mistake: file, line, what is wrong and what to do.

    ``mistakes`` are those in the scenario's text: each with its line, from 1, and what is wrong there.
    """

    def __init__(self, message: str, mistakes: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(message)
        self.mistakes = tuple(mistakes)

    @classmethod
    def at(cls, where: str, mistakes: Iterable[tuple[int, str]]) -> ScenarioError:
        """The error for these mistakes in the text ``where``."""
        by_line = sorted(mistakes)
        return cls("\n".join(f"{where}:{line}: {message}" for line, message in by_line), by_line)


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    def __post_init__(self) -> None:
        """Check that numbers are finite and not negative, shares at most 1 and tax rates at most 100."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            largest = {"tax_rate": 100, "share": 1, "spread": 1}.get(name, 10**12)
            if isinstance(value, Decimal) and not (value.is_finite() and 0 <= value <= largest):
                raise ValueError(f"'{name}' must be a number from 0 to {largest}")


class Seller(_Part, frozen=True, kw_only=True):
    """The company that issues the bills. ``tax_rate`` is in percent; ``currency`` is the one it keeps its books in.

    Address, telephone and VAT number default to ones that fit the country. ``monthly_cost_limit`` is in ``currency``.
    """

    name: str
    country: Country = "DE"
    currency: Currency = "EUR"
    tax_rate: Decimal = Decimal(19)
    vatin: str = ""
    street: str = ""
    zipcode: str = ""
    city: str = ""
    email: str = "billing@seller.example"
    phone: str = ""
    title: str | None = None
    department: str | None = None
    mobile: str | None = None
    monthly_cost_limit: Decimal | None = None

    def __post_init__(self) -> None:
        """Fill in defaults; if no part of an address is given, use the country's first town."""
        super().__post_init__()
        town = TOWNS.get(self.country, (Town("", "", ""),))[0]
        defaults = {"vatin": vat_number(self.country)}
        if not (self.street or self.zipcode or self.city):
            zipcode = town.zipcode.translate(str.maketrans("#%?", "11A"))
            defaults |= {"street": "Example Street 1", "zipcode": zipcode, "city": town.city}
        if prefix := PREFIXES.get(self.country):
            defaults["phone"] = " ".join(filter(None, (f"+{prefix}", town.area.replace("#", "1"), "0000000")))
        for name, value in defaults.items():
            if not getattr(self, name):
                msgspec.structs.force_setattr(self, name, value)


class Zone(_Part, frozen=True, kw_only=True):
    """A rate zone: countries that share a price."""

    key: Key
    name: str
    countries: Annotated[tuple[Country, ...], Meta(min_length=1)]


class Package(_Part, frozen=True, kw_only=True):
    """A monthly data package: ``volume`` megabytes in ``zone`` for ``fee``."""

    name: str
    zone: Key
    volume: Decimal
    fee: Decimal


class RatePlan(_Part, frozen=True, kw_only=True):
    """The price of one unit of ``service`` in ``zone``; ``by_country`` overrides it for single countries."""

    service: Service
    zone: Key
    per_unit: Decimal
    by_country: dict[Country, Decimal] = {}


class TariffPlan(_Part, frozen=True, kw_only=True):
    """A tariff: prices in one currency.

    For part of a month, ``proration: daily`` charges that share of a fee, by days; ``none`` charges the whole fee.
    """

    key: Key
    name: str
    currency: Currency = "EUR"
    monthly_fee: Decimal = Decimal(0)
    sim_fee: Decimal = Decimal(0)
    proration: Proration = Proration.NONE
    packages: tuple[Package, ...] = ()
    rates: tuple[RatePlan, ...] = ()


class DateRange(_Part, frozen=True, kw_only=True):
    """A random date from ``first`` to ``last``, both included."""

    first: date
    last: date


class MonthlyUsage(_Part, frozen=True, kw_only=True):
    """Usage that recurs each month on ``day``; ``spread`` is how much the quantity varies, as a share of it."""

    service: Service = Service.DATA
    country: Country
    quantity: Decimal
    day: Annotated[int, Meta(ge=1, le=28)] = 10
    spread: Decimal = Decimal("0.5")


class PaymentBehaviour(_Part, frozen=True, kw_only=True):
    """Payment of ``share`` of each bill, ``after`` days past its due date (before it, if negative).

    The day varies by up to ``varies`` days in both directions, from bill to bill.
    """

    share: Decimal = Decimal(1)
    after: Annotated[int, Meta(ge=-28, le=366)] = 0
    varies: Annotated[int, Meta(ge=0, le=28)] = 0


class Profile(_Part, frozen=True, kw_only=True):
    """A kind of simulated customer. ``weight`` is how common it is; each of its ``variants`` has its own amounts and dates."""

    name: str
    weight: Annotated[int, Meta(ge=1, le=10**6)] = 1
    variants: Annotated[int, Meta(ge=1, le=1000)] = 40
    tariffs: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=9)]
    country: Country = "DE"
    sims: Annotated[tuple[Count, Count], Meta()] = (1, 20)
    joined: DateRange
    leaves: DateRange | None = None
    usage: Annotated[tuple[MonthlyUsage, ...], Meta(max_length=50)] = ()
    pays: PaymentBehaviour | None = None
    payment_method: str = "direct debit"
    tax_rate: Decimal | None = None
    group: str | None = None


class Population(_Part, frozen=True, kw_only=True):
    """The simulated customers, in addition to the named ones: how many, and of which kinds."""

    count: Annotated[int, Meta(ge=0, le=5_000_000)] = 0
    profiles: Annotated[tuple[Profile, ...], Meta(min_length=1, max_length=100)]


class NamedCustomer(_Part, frozen=True, kw_only=True):
    """A customer that the story refers to by ``key``. Names and addresses that are not given are generated, except
    ``title``, ``department`` and ``mobile``."""

    key: Key
    name: str | None = None
    title: str | None = None
    department: str | None = None
    email: str | None = None
    mobile: str | None = None
    country: Country | None = None
    currencies: tuple[Currency, ...] = ()
    tax_rate: Decimal | None = None
    payment_method: str = "bank transfer"
    group: str | None = None
    billed_to: Key | None = None
    tariff: Key | None = None
    sims: Count = 1
    starts: date | None = None


class Credential(_Part, frozen=True, kw_only=True):
    """A valid API key. ``may`` lists the APIs it may use (all, if null); ``customer`` limits it to one customer."""

    key: Annotated[str, Meta(min_length=4, max_length=200)]
    may: tuple[str, ...] | None = None
    customer: Key | None = None


class MonthlyBilling(_Part, frozen=True, kw_only=True):
    """A billing run for each month from ``first`` through ``last``, with its cutoff on the first of the next month.

    In ``name``, ``{month}`` stands for the month, as in "January 2026".
    """

    first: date
    last: date
    due_days: Annotated[int, Meta(ge=0, le=366)] = 14
    name: str = "{month}"

    def __post_init__(self) -> None:
        super().__post_init__()
        if re.search("[{}]", self.name.replace("{month}", "")):
            raise ValueError("'name' must have no braces but those of {month}")


class ScenarioDefinition(_Part, frozen=True, kw_only=True):
    """The content of a scenario file."""

    title: str
    text: str
    starts: datetime
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1
    seller: Seller
    zones: tuple[Zone, ...] = ()
    tariffs: tuple[TariffPlan, ...] = ()
    customers: tuple[NamedCustomer, ...] = ()
    population: Population | None = None
    credentials: tuple[Credential, ...] = (
        Credential(key=DEFAULT_KEY),
        Credential(key="counterfoil-forbidden", may=()),
    )
    switches: dict[str, bool | int | str] = {}
    billing: MonthlyBilling | None = None
    story: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.starts.tzinfo is not None:  # check_references refuses one without an offset, and names its line
            msgspec.structs.force_setattr(self, "starts", as_utc(self.starts))


class Scenario(_Part, frozen=True, kw_only=True):
    """A scenario that can be run.

    ``where`` is the file for messages, ``source`` its text, and ``digest`` the SHA-256 of the text, which capsules refer to.
    """

    name: str
    definition: ScenarioDefinition
    digest: str
    where: str
    source: bytes

    @property
    def seller(self) -> Seller:
        return self.definition.seller
