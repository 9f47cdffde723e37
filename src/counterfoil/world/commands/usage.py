"""Commands about usage and one-off charges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from counterfoil.ledger.tariffs import Service
from counterfoil.world.commands.command import Command, Instant, Number, Text, check_amount

if TYPE_CHECKING:
    from counterfoil.world.state import WorldState


class RecordUsage(Command, frozen=True, kw_only=True, tag="record_usage"):
    """Record the use of a service: ``quantity`` megabytes or messages, now unless ``started_at`` is given.

    With ``rated: false`` the record has no price yet, as if it came from a partner network, until ``rate_again``.
    """

    customer: Number
    service: Service = Service.DATA
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    quantity: Decimal
    started_at: Instant | None = None
    subscription: Number | None = None
    rated: bool = True

    def apply(self, world: WorldState) -> Any:
        return world.ledger.record_usage(
            self.customer,
            Service(self.service),  # a command that is built in Python may have a string
            self.country,
            check_amount(self.quantity, "quantity"),
            started_at=self.started_at or world.now,
            now=world.now,
            subscription=self.subscription,
            rated=self.rated,
        )


class RateAgain(Command, frozen=True, kw_only=True, tag="rate_again"):
    """Rate a customer's unrated usage; returns how many records now have a price."""

    customer: Number

    def apply(self, world: WorldState) -> int:
        return world.ledger.rate_again(self.customer, world.now)


class AddCharge(Command, frozen=True, kw_only=True, tag="add_charge"):
    """Add a one-off charge, net of tax, to a customer's account; a negative ``amount`` is a credit."""

    customer: Number
    description: Text
    amount: Decimal
    dated: date | None = None
    account: Annotated[int, Meta(ge=0, le=8)] = 0

    def apply(self, world: WorldState) -> Any:
        return world.ledger.add_charge(
            self.customer,
            self.description,
            check_amount(self.amount, "amount"),
            dated=self.dated or world.today,
            now=world.now,
            account=self.account,
        )
