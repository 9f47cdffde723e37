"""The actions of laws on a stand-in's world other than requests: move its clock, pay a bill, use a service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.money import minor_unit
from counterfoil.ledger.payments import PaymentState
from counterfoil.ledger.periods import next_first_of_month, start_of
from counterfoil.ledger.receivables import Bill, Settlement, bills_of
from counterfoil.ledger.runs import RunStatus
from counterfoil.world.commands import (
    AddCharge,
    AdvanceClock,
    CancelBill,
    CancelSubscription,
    CreateRun,
    PauseSubscription,
    RateAgain,
    RecordPayment,
    RecordUsage,
    RefundPayment,
    RequestBills,
    Subscribe,
    UpdateRun,
)
from counterfoil.world.world import World

if TYPE_CHECKING:
    from counterfoil.api import API


MAX_KNOWN_IDS = 60
"""Limit on the customers whose ids the checker knows, beginning with the scenario's named ones."""


def world_capabilities(world: World) -> dict[str, Any]:
    """The capabilities that every stand-in has: its clock, and planning, moving and completing a billing run."""
    clock, runs = _Clock(world), _BillingRuns(world)
    return {
        "now": clock.now,
        "advance": clock.advance,
        "complete_run": runs.complete,
        "move_run": runs.move,
        "plan_run": runs.plan,
    }


class _Clock:
    """A world's clock."""

    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> datetime:
        return self.world.latest().now

    def advance(self, seconds: float) -> None:
        self.world.execute(AdvanceClock(to=self.now() + timedelta(seconds=seconds)))


class _BillingRuns:
    """The billing runs of a world; ``planned`` is the one that ``plan`` changes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.planned: int | None = None

    def complete(self) -> None:
        """Complete the next pending run, or a new one dated the first of the next month."""
        view = self.world.latest()
        run = next(
            (run for run in view.ledger.runs.values() if run.status is RunStatus.PENDING and run.invoice_date), None
        )
        if run is None:
            day = next_first_of_month(view.today)
            run = view.execute(CreateRun(invoice_date=day, cutoff_date=day))
        view.execute(RequestBills(run=run.number))
        view.execute(AdvanceClock(minutes=10))

    def move(self, run_id: str) -> bool:
        """Move a billing run to its next status; returns False if it is complete."""
        view = self.world.latest()
        run = view.ledger.runs[int(run_id)]
        if run.status is RunStatus.PENDING:
            view.execute(RequestBills(run=run.number))
        elif run.status is not RunStatus.COMPLETE:
            view.execute(AdvanceClock(minutes=1 if run.status is RunStatus.REQUESTED else 4))
        else:
            return False
        return True

    def plan(self, days: int | None) -> None:
        """Plan a billing run with its cutoff ``days`` from today, always the same run; None cancels the plan."""
        view = self.world.latest()
        day = None if days is None else view.today + timedelta(days=days)
        if self.planned is None:
            self.planned = view.execute(CreateRun()).number
        view.execute(UpdateRun(run=self.planned, invoice_date=day, cutoff_date=day))


def known_ids_of(world: World, api: API) -> dict[str, tuple[str, ...]]:
    """The ids of the world's first customers in this API, by the names of the path parameters they fill."""
    known: dict[str, tuple[str, ...]] = {}
    for customer in range(1, min(world.ledger.customers, MAX_KNOWN_IDS) + 1):
        for name, value in api.ids(world, customer).items():
            known[name] = (*known.get(name, ()), value)
    return known


class LawActions:
    """Capabilities that act on one customer of a stand-in, named by its id in the API.

    Each raises ``LookupError`` (one line) if the customer has no suitable record.
    """

    def __init__(self, world: World, api: API) -> None:
        self._opened = world
        numbers = range(1, min(world.ledger.customers, MAX_KNOWN_IDS) + 1)
        self._ids = next(iter(known_ids_of(world, api).values()), tuple(map(str, numbers)))
        names = (
            "pay", "refund", "cancel_bill", "charge", "use", "rate_again", "pause", "subscribe", "next_due", "payer",
            "restricted_credential",
        )  # fmt: skip
        self.capabilities: dict[str, Any] = {name: getattr(self, name) for name in names}

    @property
    def _world(self) -> World:
        return self._opened.latest()

    def pay(self, customer_id: str, how: str = "all") -> dict[str, Any]:
        """Pay the newest unpaid bill: ``all`` that remains, ``part`` of it, more (``over``), or by a ``pending`` payment."""
        bill = self._bill(customer_id, lambda bill: bill.remaining > 0 and not bill.is_held)
        unit = minor_unit(bill.invoice.currency)
        amount = {"part": bill.remaining // (2 * unit) * unit, "over": bill.remaining + unit}.get(how, bill.remaining)
        if not amount:
            raise LookupError(f"the bill of {customer_id} is too small to be paid in part")
        state = PaymentState.PENDING if how == "pending" else PaymentState.SUCCEEDED
        self._world.execute(
            RecordPayment(**self._bill_members(customer_id, bill), amount=amount, state=state, overpay=how == "over")
        )
        return {"currency": bill.invoice.currency, "amount": amount}

    def refund(self, customer_id: str) -> dict[str, Any]:
        """Refund the newest payment of a bill that was paid in full."""
        bill = self._bill(customer_id, lambda bill: bill.settlement is Settlement.PAID and bool(bill.applied))
        payment, amount = bill.applied[-1]
        self._world.execute(RefundPayment(customer=self._number(customer_id), payment=payment.ordinal))
        return {"currency": bill.invoice.currency, "amount": amount}

    def cancel_bill(self, customer_id: str) -> dict[str, Any]:
        """Cancel the newest unpaid bill."""
        bill = self._bill(customer_id, lambda bill: bill.remaining > 0 and not (bill.paid or bill.is_held))
        self._world.execute(CancelBill(**self._bill_members(customer_id, bill)))
        return {"currency": bill.invoice.currency, "amount": bill.total}

    def charge(self, customer_id: str, amount: int, days: int = 0) -> dict[str, Any]:
        """Add a one-off charge to a customer's first account, dated ``days`` ahead, for the next run."""
        dated = self._world.today + timedelta(days=days)
        self._world.execute(
            AddCharge(
                customer=self._number(customer_id), description="Counterfoil", amount=Decimal(amount), dated=dated
            )
        )
        return {"currency": self._state_of(customer_id).accounts[0].currency}

    def use(self, customer_id: str, *, rated: bool = True) -> dict[str, Any]:
        """Record usage that began now, more than any volume covers; without a price yet if not ``rated``."""
        state = self._state_of(customer_id)
        for subscription in state.subscriptions:
            if subscription.state_on(self._world.today) == "active":
                for rate in subscription.tariff.rates:
                    for country in rate.zone.countries:
                        self._world.execute(
                            RecordUsage(
                                customer=self._number(customer_id), service=rate.service, country=country,
                                quantity=Decimal(100_000), subscription=subscription.ordinal, rated=rated,
                            )
                        )  # fmt: skip
                        return {"currency": subscription.tariff.currency}
        raise LookupError(f"{customer_id} has no active subscription with a rate")

    def rate_again(self) -> int:
        """Rate all customers' usage that has no price yet; returns how many records got one."""
        return sum(self._world.execute(RateAgain(customer=number)) for number in range(1, len(self._ids) + 1))

    def pause(self, customer_id: str, how: str = "pause") -> dict[str, Any]:
        """Pause (or ``cancel``) the newest active subscription that is the only one in its currency."""
        active = [
            subscription
            for subscription in self._state_of(customer_id).subscriptions
            if subscription.state_on(self._world.today) == "active"
        ]
        currencies = [subscription.tariff.currency for subscription in active]
        alone = [subscription for subscription in active if currencies.count(subscription.tariff.currency) == 1]
        if not alone:
            raise LookupError(f"{customer_id} has no active subscription that is alone in its currency")
        command = PauseSubscription if how == "pause" else CancelSubscription
        self._world.execute(command(customer=self._number(customer_id), subscription=alone[-1].ordinal))
        return {"currency": alone[-1].tariff.currency}

    def subscribe(self, customer_id: str, how: str = "other") -> dict[str, Any]:
        """Subscribe a customer to a tariff in an ``other`` currency than its newest subscription's, or to one with a data package
        in the ``same`` currency as its first account."""
        state = self._state_of(customer_id)
        currencies = [account.currency for account in state.accounts]
        if how == "same":
            for key, tariff in self._world.ledger.tariffs.items():
                if tariff.currency == currencies[0] and tariff.packages:
                    self._world.execute(Subscribe(customer=self._number(customer_id), tariff=key, sims=1))
                    return {"currency": tariff.currency}
            raise LookupError("no tariff in the customer's currency has a data package")
        last = state.subscriptions[-1].tariff.currency if state.subscriptions else None
        for key, tariff in self._world.ledger.tariffs.items():
            if tariff.currency in currencies and tariff.currency != last:
                self._world.execute(Subscribe(customer=self._number(customer_id), tariff=key))
                return {"currency": tariff.currency}
        raise LookupError(f"{customer_id} has no account for a tariff in another currency")

    def next_due(self) -> dict[str, Any]:
        """The customer of the unpaid bill that is due next, and the instant at which its due date begins."""
        due = [
            (start_of(bill.invoice.due_on), index, bill.invoice.currency)
            for index in range(len(self._ids))
            for bill in bills_of(self._world.ledger.state_of(index + 1))
            if bill.remaining > 0 and start_of(bill.invoice.due_on) > self._world.now
        ]
        if not due:
            raise LookupError("no unpaid bill falls due later")
        at, index, currency = min(due)
        return {"who": self._ids[index], "at": at, "currency": currency}

    def payer(self) -> dict[str, Any]:
        """A customer whose bills another customer pays, and the payer."""
        for number in range(1, len(self._ids) + 1):
            payer = self._world.ledger.state_of(number).billed_to
            if payer is not None and payer <= len(self._ids):
                return {"who": self._ids[number - 1], "payer": self._ids[payer - 1]}
        raise LookupError("no customer's bills are paid by another")

    def restricted_credential(self) -> dict[str, Any]:
        """A credential that may see one customer only, with the ids of that customer and of another."""
        for grant in self._world.grants.values():
            if grant.customer is not None and grant.customer <= len(self._ids) and not self._payees(grant.customer):
                others = [number for number in range(1, len(self._ids) + 1) if number != grant.customer]
                if others:
                    return {
                        "token": grant.key,
                        "own": self._ids[grant.customer - 1],
                        "foreign": self._ids[others[0] - 1],
                    }
        raise LookupError("no credential is restricted to one customer")

    def _payees(self, number: int) -> tuple[int, ...]:
        return self._world.ledger.payees_of(number)

    def _number(self, customer_id: str) -> int:
        return self._ids.index(customer_id) + 1

    def _state_of(self, customer_id: str) -> AccountState:
        return self._world.ledger.state_of(self._number(customer_id))

    def _bill(self, customer_id: str, matches: Callable[[Bill], bool]) -> Bill:
        matching = [bill for bill in bills_of(self._state_of(customer_id)) if matches(bill) and not bill.is_cancelled]
        if not matching:
            raise LookupError(f"{customer_id} has no such bill")
        return matching[-1]

    def _bill_members(self, customer_id: str, bill: Bill) -> dict[str, Any]:
        return {"customer": self._number(customer_id), "account": bill.invoice.account, "bill": bill.invoice.ordinal}
