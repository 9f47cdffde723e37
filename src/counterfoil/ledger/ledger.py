"""The ledger of one world: the tariffs, the states, the billing runs, and the verbs that change them.

Every verb checks first and then writes whole; a ``LedgerError`` means nothing has changed. The time is always the
caller's (``now``, a UTC instant). What happens by itself as time passes is in ``scheduler``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from counterfoil.ledger.billing import Collected, Cutoffs, collect, cutoffs_of, no_cutoffs
from counterfoil.ledger.errors import BadValue, RuleBroken, UnknownRecord
from counterfoil.ledger.money import ZERO, minor_unit
from counterfoil.ledger.periods import EARLIEST, LATEST, next_first_of_month
from counterfoil.ledger.rating import can_be_rated
from counterfoil.ledger.receivables import Bill, bill_of, bills_of
from counterfoil.ledger.records import (
    CREDIT_NOTE,
    Account,
    AccountState,
    BillingRun,
    Invoice,
    OneOffCharge,
    Payment,
    PaymentState,
    RunStatus,
    Service,
    Subscription,
    Tariff,
    UsageRecord,
)
from counterfoil.ledger.store import AccountStore

LOCKED_FIELDS = ("invoice_date", "cutoff_date", "transaction_cutoff_date", "due_date", "message")
"""What of a run can no longer change once its bills are requested (vendor facts 5.6, rule 4)."""


class Ledger:
    """Tariffs by key, runs by number, and one state for each customer, numbered from 1."""

    def __init__(self, tariffs: Mapping[str, Tariff]) -> None:
        self.tariffs = dict(tariffs)
        self.runs: dict[int, BillingRun] = {}
        self.store = AccountStore()
        self._payers: dict[int, tuple[int, ...]] = {}

    def fork(self) -> Ledger:
        twin = Ledger(self.tariffs)
        twin.runs = self.runs.copy()
        twin.store = self.store.fork()
        twin._payers = self._payers.copy()
        return twin

    # --- reading ---------------------------------------------------------------------------------

    @property
    def customers(self) -> int:
        """How many customers there are; their numbers are 1 to this."""
        return len(self.store)

    def knows(self, customer: int) -> bool:
        return 1 <= customer <= len(self.store)

    def state_of(self, customer: int) -> AccountState:
        """The customer's state; raises ``UnknownRecord``."""
        if not self.knows(customer):
            raise UnknownRecord(
                f"there is no customer {customer}: they are numbered 1 to {self.customers}", field="customer"
            )
        return self.store[customer]

    def run(self, number: int) -> BillingRun:
        """The billing run; raises ``UnknownRecord``."""
        if number not in self.runs:
            raise UnknownRecord(f"there is no billing run {number}", field="run")
        return self.runs[number]

    def paid_for_by(self, customer: int) -> tuple[int, ...]:
        """The customers whose bills ``customer`` pays."""
        return self._payers.get(customer, ())

    def open_run(self) -> BillingRun | None:
        """The run that open charges count toward: the oldest not yet complete."""
        return next((run for run in self.runs.values() if run.status is not RunStatus.COMPLETE), None)

    def open_cutoffs(self, today: date) -> Cutoffs:
        """What the open run would collect if it were produced today."""
        run = self.open_run()
        return cutoffs_of(run, today) if run else no_cutoffs(today)

    def run_total(self, number: int, currency: str) -> Decimal:
        """The sum of all bills in ``currency`` that the run issued, tax included."""
        total = ZERO
        for state, refcount in self.store.unique_states():
            total += refcount * _issued_by(state, number, currency)
        return total

    # --- customers -------------------------------------------------------------------------------

    def add_customer(
        self, accounts: tuple[Account, ...], opened: date, now: datetime, *, billed_to: int | None = None
    ) -> int:
        """Take on a customer with one account for each currency; returns its number."""
        if not accounts:
            raise BadValue("a customer needs at least one currency", field="currencies")
        if len({account.currency for account in accounts}) < len(accounts):
            raise BadValue(
                "a customer has one account for each currency; a currency is there twice", field="currencies"
            )
        if billed_to is not None and not self.knows(billed_to):
            raise UnknownRecord(f"there is no customer {billed_to} who could pay", field="billed_to")
        number = self.store.add(
            AccountState(opened=opened, accounts=accounts, billed_to=billed_to, simulated_until=now)
        )
        if billed_to is not None:
            self._payers[billed_to] = (*self.paid_for_by(billed_to), number)
        return number

    def subscribe(
        self, customer: int, tariff_key: str, *, sims: int, starts: date, fees_from: date | None = None
    ) -> Subscription:
        """Put a customer on a tariff from ``starts``; its currency chooses the account that pays."""
        state = self.state_of(customer)
        subscription = new_subscription(state, self.tariff(tariff_key), sims=sims, starts=starts, fees_from=fees_from)
        self.store.put(customer, state.replace(subscriptions=(*state.subscriptions, subscription)))
        return subscription

    def cancel_subscription(self, customer: int, ordinal: int, *, ends: date) -> Subscription:
        """End a subscription: ``ends`` is the first day without it."""
        subscription = self.subscription(customer, ordinal)
        if subscription.ended is not None:
            raise RuleBroken(f"subscription {ordinal} already ended on {subscription.ended}", field="subscription")
        if ends < subscription.started:
            raise BadValue(
                f"subscription {ordinal} cannot end before it started on {subscription.started}", field="ends"
            )
        return self._put_subscription(customer, replace(subscription, ended=ends))

    def pause_subscription(self, customer: int, ordinal: int, *, on: date) -> Subscription:
        """No fees fall due from ``on`` until the subscription is resumed."""
        subscription = self.subscription(customer, ordinal)
        if subscription.state_on(on) != "active":
            raise RuleBroken(f"subscription {ordinal} is {subscription.state_on(on)}, not active", field="subscription")
        return self._put_subscription(customer, replace(subscription, paused_on=on))

    def resume_subscription(self, customer: int, ordinal: int, *, on: date) -> Subscription:
        """Fees fall due again from the first of the month after ``on``."""
        subscription = self.subscription(customer, ordinal)
        if subscription.state_on(on) != "paused":
            raise RuleBroken(f"subscription {ordinal} is {subscription.state_on(on)}, not paused", field="subscription")
        fees_from = max(subscription.fees_from, next_first_of_month(on))
        return self._put_subscription(customer, replace(subscription, paused_on=None, fees_from=fees_from))

    def tariff(self, key: str) -> Tariff:
        if key not in self.tariffs:
            raise UnknownRecord(
                f"there is no tariff '{key}'; there are: {', '.join(sorted(self.tariffs))}", field="tariff"
            )
        return self.tariffs[key]

    def subscription(self, customer: int, ordinal: int) -> Subscription:
        for subscription in self.state_of(customer).subscriptions:
            if subscription.ordinal == ordinal:
                return subscription
        raise UnknownRecord(f"customer {customer} has no subscription {ordinal}", field="subscription")

    # --- usage and charges -----------------------------------------------------------------------

    def record_usage(
        self,
        customer: int,
        service: Service,
        country: str,
        quantity: Decimal,
        *,
        started_at: datetime,
        now: datetime,
        subscription: int | None = None,
        rated: bool = True,
    ) -> UsageRecord:
        """Record one use; it is left unrated if asked, or if the tariff has no price for it."""
        state = self.state_of(customer)
        if quantity <= 0:
            raise BadValue("a quantity used must be above zero", field="quantity")
        if started_at > now:
            raise RuleBroken(f"use cannot start in the future: it is {now.isoformat()}", field="started_at")
        user = (
            self.subscription(customer, subscription)
            if subscription
            else _active_on(state, customer, started_at.date())
        )
        record = UsageRecord(state.usage_count + 1, user.ordinal, service, country, quantity, started_at, rated)
        record = replace(record, rated=rated and can_be_rated(user, record))
        self.store.put(customer, state.replace(usage=(*state.usage, record), usage_count=record.ordinal))
        return record

    def rate_again(self, customer: int) -> int:
        """Rate what is not rated yet; returns how many records now are."""
        state = self.state_of(customer)
        rated = tuple(
            record
            if record.rated
            else replace(record, rated=can_be_rated(self.subscription(customer, record.subscription), record))
            for record in state.usage
        )
        changed = sum(before.rated != after.rated for before, after in zip(state.usage, rated, strict=True))
        if changed:
            self.store.put(customer, state.replace(usage=rated))
        return changed

    def add_charge(
        self, customer: int, description: str, amount: Decimal, *, dated: date, account: int = 0
    ) -> OneOffCharge:
        """Put a one-off charge, net of tax, on an account; a negative amount is a credit."""
        state = self.state_of(customer)
        _known_account(state, customer, account)
        if not amount:
            raise BadValue("a charge cannot be zero", field="amount")
        charge = OneOffCharge(state.charge_count + 1, account, description, amount, dated)
        self.store.put(customer, state.replace(charges=(*state.charges, charge), charge_count=charge.ordinal))
        return charge

    # --- billing runs ----------------------------------------------------------------------------

    def create_run(self, fields: Mapping[str, Any], now: datetime) -> BillingRun:
        """A new pending run. ``fields``: any of name, subrun, message and the four dates."""
        number = next(reversed(self.runs), 0) + 1  # numbers only grow, and max() of 20,000 takes a millisecond
        run = BillingRun(number, fields.get("name"), RunStatus.PENDING, created_at=now, updated_at=now)
        run = replace(run, **fields)
        _check_dates(run)
        self.runs[number] = run
        return run

    def update_run(self, number: int, fields: Mapping[str, Any], now: datetime) -> BillingRun:
        """Change only the given fields; the dates and the message are locked once bills were requested.

        Giving a locked field the value it has changes nothing and is no offence.
        """
        run = self.run(number)
        changes = {name: value for name, value in fields.items() if getattr(run, name) != value}
        locked = [name for name in LOCKED_FIELDS if name in changes]
        if locked and run.status is not RunStatus.PENDING:
            raise RuleBroken(
                f"{locked[0]} is locked: bills were requested for run {number}, which is {run.status}", field=locked[0]
            )
        if not changes:
            return run
        changed = replace(run, **changes, updated_at=now)
        _check_dates(changed)
        self.runs[number] = changed
        return changed

    def request_bills(self, number: int, now: datetime) -> BillingRun:
        """Order the run's bills; it must be pending and have an invoice date (vendor facts 5.6, rule 2)."""
        run = self.run(number)
        if run.status is not RunStatus.PENDING:
            raise RuleBroken(f"bills were already requested for run {number}, which is {run.status}", field="run")
        if run.invoice_date is None:
            raise RuleBroken(
                f"run {number} needs an invoice date before its bills can be requested", field="invoice_date"
            )
        self.runs[number] = replace(run, status=RunStatus.REQUESTED, requested_at=now, updated_at=now)
        return self.runs[number]

    # --- bills and payments ----------------------------------------------------------------------

    def bill(self, customer: int, account: int, ordinal: int) -> Bill:
        state = self.state_of(customer)
        _known_account(state, customer, account)
        bill = bill_of(state, account, ordinal)
        if bill is None:
            raise UnknownRecord(f"customer {customer} has no bill {ordinal} on account {account}", field="bill")
        return bill

    def hold_bill(self, customer: int, account: int, ordinal: int, now: datetime) -> Invoice:
        bill = self.bill(customer, account, ordinal)
        if bill.is_held:
            raise RuleBroken(f"bill {ordinal} is already on hold", field="bill")
        if not bill.remaining:
            raise RuleBroken(f"bill {ordinal} is settled and cannot be held", field="bill")
        return self._put_invoice(customer, replace(bill.invoice, held_at=now, released_at=None))

    def release_bill(self, customer: int, account: int, ordinal: int, now: datetime) -> Invoice:
        bill = self.bill(customer, account, ordinal)
        if not bill.is_held:
            raise RuleBroken(f"bill {ordinal} is not on hold", field="bill")
        return self._put_invoice(customer, replace(bill.invoice, released_at=now))

    def record_payment(
        self,
        customer: int,
        account: int,
        ordinal: int,
        amount: Decimal | None,
        *,
        now: datetime,
        method: str | None = None,
        state: PaymentState = PaymentState.SUCCEEDED,
        overpay: bool = False,
    ) -> Payment:
        """Record money for a bill: all that remains unless ``amount`` is given; more than that only with ``overpay``."""
        bill = self.bill(customer, account, ordinal)
        if bill.is_held:
            raise RuleBroken(f"bill {ordinal} is on hold: release it before it is paid", field="bill")
        if bill.is_cancelled:
            raise RuleBroken(f"bill {ordinal} was cancelled", field="bill")
        amount = bill.remaining if amount is None else amount
        if amount <= 0:
            raise BadValue(
                f"nothing to pay: {amount} on bill {ordinal}, of which {bill.remaining} remains", field="amount"
            )
        if amount % minor_unit(bill.invoice.currency):
            raise BadValue(f"{amount} is finer than {bill.invoice.currency} goes", field="amount")
        if amount > bill.remaining and not overpay:
            raise RuleBroken(
                f"{amount} is more than the {bill.remaining} that remains on bill {ordinal}", field="amount"
            )
        customer_state = self.state_of(customer)
        payment = Payment(
            ordinal=len(customer_state.payments) + 1,
            account=account,
            invoice=ordinal,
            amount=amount,
            method=method or customer_state.accounts[account].payment_method,
            state=state,
            received_at=now,
            changed_at=now,
        )
        self.store.put(customer, customer_state.replace(payments=(*customer_state.payments, payment)))
        return payment

    def resolve_payment(self, customer: int, ordinal: int, state: PaymentState, now: datetime) -> Payment:
        """A pending payment succeeds or fails."""
        payment = self.payment(customer, ordinal)
        if payment.state is not PaymentState.PENDING:
            raise RuleBroken(f"payment {ordinal} is {payment.state}, not pending", field="payment")
        return self._put_payment(customer, replace(payment, state=state, changed_at=now))

    def refund_payment(self, customer: int, ordinal: int, amount: Decimal | None, now: datetime) -> Payment:
        """Give back a payment, or part of it; the bill is owed again by as much."""
        payment = self.payment(customer, ordinal)
        left = payment.amount - payment.refunded
        amount = left if amount is None else amount
        if payment.state is not PaymentState.SUCCEEDED or payment.method == CREDIT_NOTE:
            raise RuleBroken(f"payment {ordinal} brought no money that could be given back", field="payment")
        if not 0 < amount <= left:
            raise BadValue(f"{amount} cannot be refunded: {left} of payment {ordinal} is left", field="amount")
        _check_minor_unit(amount, self.state_of(customer).accounts[payment.account].currency)
        return self._put_payment(customer, replace(payment, refunded=payment.refunded + amount, changed_at=now))

    def cancel_bill(self, customer: int, account: int, ordinal: int, now: datetime) -> Payment:
        """Cancel an unpaid bill by a credit note over its whole amount."""
        bill = self.bill(customer, account, ordinal)
        if bill.paid or bill.is_cancelled:
            raise RuleBroken(
                f"bill {ordinal} is {bill.settlement}: only a bill nothing was paid on can be cancelled", field="bill"
            )
        return self.record_payment(customer, account, ordinal, None, now=now, method=CREDIT_NOTE)

    def payment(self, customer: int, ordinal: int) -> Payment:
        payments = self.state_of(customer).payments
        if not 1 <= ordinal <= len(payments):
            raise UnknownRecord(f"customer {customer} has no payment {ordinal}", field="payment")
        return payments[ordinal - 1]

    # --- writing one record back -----------------------------------------------------------------

    def _put_subscription(self, customer: int, changed: Subscription) -> Subscription:
        state = self.state_of(customer)
        kept = tuple(changed if s.ordinal == changed.ordinal else s for s in state.subscriptions)
        self.store.put(customer, state.replace(subscriptions=kept))
        return changed

    def _put_invoice(self, customer: int, changed: Invoice) -> Invoice:
        state = self.state_of(customer)
        key = (changed.account, changed.ordinal)
        kept = tuple(changed if (i.account, i.ordinal) == key else i for i in state.invoices)
        self.store.put(customer, state.replace(invoices=kept))
        return changed

    def _put_payment(self, customer: int, changed: Payment) -> Payment:
        state = self.state_of(customer)
        kept = tuple(changed if p.ordinal == changed.ordinal else p for p in state.payments)
        self.store.put(customer, state.replace(payments=kept))
        return changed


def new_subscription(
    state: AccountState, tariff: Tariff, *, sims: int, starts: date, fees_from: date | None = None
) -> Subscription:
    """The subscription that putting ``state`` on ``tariff`` would make; raises ``BadValue`` where no account has its currency."""
    if sims < 0:
        raise BadValue("a subscription cannot have fewer than no SIMs", field="sims")
    if not EARLIEST <= starts <= LATEST:
        raise BadValue(f"a subscription starts between {EARLIEST} and {LATEST}", field="starts")
    currencies = [account.currency for account in state.accounts]
    if tariff.currency not in currencies:
        raise BadValue(
            f"tariff '{tariff.key}' is in {tariff.currency}; the customer has {', '.join(currencies)}", field="tariff"
        )
    return Subscription(
        ordinal=len(state.subscriptions) + 1,
        account=currencies.index(tariff.currency),
        tariff=tariff,
        sims=sims,
        started=starts,
        fees_from=fees_from or starts,
    )


def open_charges(state: AccountState, account: int, cutoffs: Cutoffs) -> Collected:
    """What the open run would collect from the account, remembered on the state while the cutoffs stay the same."""
    return state.cached(f"open {account}", cutoffs, lambda: collect(state, account, cutoffs))


def _issued_by(state: AccountState, run: int, currency: str) -> Decimal:
    return sum((b.total for b in bills_of(state) if b.invoice.run == run and b.invoice.currency == currency), ZERO)


def _known_account(state: AccountState, customer: int, account: int) -> None:
    if not 0 <= account < len(state.accounts):
        raise UnknownRecord(f"customer {customer} has no account {account}", field="account")


def _active_on(state: AccountState, customer: int, day: date) -> Subscription:
    for subscription in state.subscriptions:
        if subscription.state_on(day) == "active":
            return subscription
    raise RuleBroken(f"customer {customer} has no active subscription on {day}", field="customer")


def _check_dates(run: BillingRun) -> None:
    if run.due_date and run.invoice_date and run.due_date < run.invoice_date:
        raise BadValue(f"the due date {run.due_date} is before the invoice date {run.invoice_date}", field="due_date")


def _check_minor_unit(amount: Decimal, currency: str) -> None:
    if amount % minor_unit(currency):
        raise BadValue(f"{amount} is finer than {currency} goes", field="amount")
