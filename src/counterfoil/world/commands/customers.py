"""Commands about customers and their subscriptions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from counterfoil.ledger.accounts import Account
from counterfoil.ledger.errors import BadValue
from counterfoil.ledger.money import checked_currency
from counterfoil.world.commands.command import Command, Number, Text, check_amount
from counterfoil.world.fake_identity import IdentityOverrides

if TYPE_CHECKING:
    from counterfoil.world.state import WorldState


class AddCustomer(Command, frozen=True, kw_only=True, tag="add_customer"):
    """Add a customer, with one account for each of ``currencies``; the first is the primary one.

    Names and addresses that are not given are generated. With a ``tariff`` the customer is subscribed at once.
    ``billed_to`` is the customer who pays. ``tax_rate`` is in percent.
    """

    name: Text | None = None
    email: Text | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    currencies: Annotated[tuple[str, ...], Meta(max_length=9)] = ()
    tax_rate: Decimal | None = None
    payment_method: Text = "bank transfer"
    group: Text | None = None
    billed_to: Number | None = None
    tariff: Text | None = None
    sims: Annotated[int, Meta(ge=0, le=10**6)] = 1
    starts: date | None = None

    def apply(self, world: WorldState) -> int:
        ledger = world.ledger
        tariff = ledger.tariff(self.tariff) if self.tariff else None
        currencies = self.currencies or ((tariff.currency,) if tariff else (world.scenario.seller.currency,))
        if tariff and tariff.currency not in currencies:
            raise BadValue(
                f"tariff '{tariff.key}' is in {tariff.currency}, which is not among the currencies", field="tariff"
            )
        tax_rate = world.scenario.seller.tax_rate if self.tax_rate is None else check_amount(self.tax_rate, "tax_rate")
        if not 0 <= tax_rate <= 100:
            raise BadValue("a tax rate is a percentage from 0 to 100", field="tax_rate")
        accounts = tuple(
            Account(checked_currency(currency, "currencies"), tax_rate, self.payment_method, self.group)
            for currency in currencies
        )
        number = ledger.add_customer(accounts, self.starts or world.today, world.now, billed_to=self.billed_to)
        world.identify(number, IdentityOverrides(name=self.name, email=self.email, country=self.country))
        if tariff:
            starts = self.starts or world.today
            ledger.subscribe(number, tariff.key, sims=self.sims, starts=starts, now=world.now)
        return number


class Subscribe(Command, frozen=True, kw_only=True, tag="subscribe"):
    """Put a customer on a tariff, from today unless ``starts`` says otherwise."""

    customer: Number
    tariff: Text
    sims: Annotated[int, Meta(ge=0, le=10**6)] = 1
    starts: date | None = None

    def apply(self, world: WorldState) -> Any:
        starts = self.starts or world.today
        return world.ledger.subscribe(self.customer, self.tariff, sims=self.sims, starts=starts, now=world.now)


class CancelSubscription(Command, frozen=True, kw_only=True, tag="cancel_subscription"):
    """End a subscription; ``ends`` is the first day without it, today unless given."""

    customer: Number
    subscription: Number = 1
    ends: date | None = None

    def apply(self, world: WorldState) -> Any:
        ends = self.ends or world.today
        return world.ledger.cancel_subscription(self.customer, self.subscription, ends=ends, now=world.now)


class PauseSubscription(Command, frozen=True, kw_only=True, tag="pause_subscription"):
    """Stop a subscription's fees from today until it is resumed."""

    customer: Number
    subscription: Number = 1

    def apply(self, world: WorldState) -> Any:
        return world.ledger.pause_subscription(self.customer, self.subscription, on=world.today, now=world.now)


class ResumeSubscription(Command, frozen=True, kw_only=True, tag="resume_subscription"):
    """Charge a paused subscription's fees again, from the first of next month."""

    customer: Number
    subscription: Number = 1

    def apply(self, world: WorldState) -> Any:
        return world.ledger.resume_subscription(self.customer, self.subscription, on=world.today, now=world.now)
