"""Changes to customers: their subscriptions, usage and charges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from counterfoil.ledger.accounts import Account, AccountState, Subscription
from counterfoil.ledger.base import LedgerBase, check_account
from counterfoil.ledger.errors import BadValue, RuleBroken, UnknownRecord
from counterfoil.ledger.periods import EARLIEST, LATEST, next_first_of_month
from counterfoil.ledger.rating import can_be_rated
from counterfoil.ledger.tariffs import Service, Tariff
from counterfoil.ledger.usage import OneOffCharge, UsageRecord


class CustomerChanges(LedgerBase):
    """Each method checks first and then writes everything; after a ``LedgerError`` nothing has changed."""

    def add_customer(
        self, accounts: tuple[Account, ...], opened: date, now: datetime, *, billed_to: int | None = None
    ) -> int:
        """Add a customer with one account per currency; returns its number."""
        if not accounts:
            raise BadValue("a customer needs at least one currency", field="currencies")
        if len({account.currency for account in accounts}) < len(accounts):
            raise BadValue(
                "a customer has one account for each currency; a currency is listed twice", field="currencies"
            )
        if billed_to is not None and not self.knows(billed_to):
            raise UnknownRecord(f"there is no customer {billed_to} who could pay", field="billed_to")
        number = self.store.add(
            AccountState(
                opened=opened,
                accounts=accounts,
                billed_to=billed_to,
                simulated_until=now,
                changed_at=(now,) * len(accounts),
            )
        )
        if billed_to is not None:
            self._payees = self._payees.fork()
            self._payees[billed_to] = (*self.payees_of(billed_to), number)
        return number

    def subscribe(
        self, customer: int, tariff_key: str, *, sims: int, starts: date, now: datetime, fees_from: date | None = None
    ) -> Subscription:
        """Subscribe a customer to a tariff from ``starts``; the account in the tariff's currency pays."""
        state = self.state_of(customer)
        subscription = new_subscription(state, self.tariff(tariff_key), sims=sims, starts=starts, fees_from=fees_from)
        changed_at = state.touched({subscription.account}, now)
        self.store.put(
            customer, state.replace(subscriptions=(*state.subscriptions, subscription), changed_at=changed_at)
        )
        return subscription

    def cancel_subscription(self, customer: int, ordinal: int, *, ends: date, now: datetime) -> Subscription:
        """End a subscription: ``ends`` is the first day without it."""
        subscription = self.subscription(customer, ordinal)
        if subscription.ended is not None:
            raise RuleBroken(f"subscription {ordinal} already ended on {subscription.ended}", field="subscription")
        if ends < subscription.started:
            raise BadValue(
                f"subscription {ordinal} cannot end before it started on {subscription.started}", field="ends"
            )
        return self._put_subscription(customer, replace(subscription, ended=ends), now)

    def pause_subscription(self, customer: int, ordinal: int, *, on: date, now: datetime) -> Subscription:
        """Charge no fees from ``on`` until the subscription is resumed."""
        subscription = self.subscription(customer, ordinal)
        if subscription.state_on(on) != "active":
            raise RuleBroken(f"subscription {ordinal} is {subscription.state_on(on)}, not active", field="subscription")
        return self._put_subscription(customer, replace(subscription, paused_on=on), now)

    def resume_subscription(self, customer: int, ordinal: int, *, on: date, now: datetime) -> Subscription:
        """Charge fees again, from the first of the month after ``on``."""
        subscription = self.subscription(customer, ordinal)
        if subscription.state_on(on) != "paused":
            raise RuleBroken(f"subscription {ordinal} is {subscription.state_on(on)}, not paused", field="subscription")
        fees_from = max(subscription.fees_from, next_first_of_month(on))
        return self._put_subscription(customer, replace(subscription, paused_on=None, fees_from=fees_from), now)

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
        """Record usage; it stays unrated if ``rated`` is false or the tariff has no price for it."""
        state = self.state_of(customer)
        if quantity <= 0:
            raise BadValue("a quantity used must be above zero", field="quantity")
        if started_at > now:
            raise RuleBroken(f"usage cannot start in the future: it is now {now.isoformat()}", field="started_at")
        subscribed = (
            self.subscription(customer, subscription)
            if subscription
            else _active_on(state, customer, started_at.date())
        )
        record = UsageRecord(state.usage_count + 1, subscribed.ordinal, service, country, quantity, started_at, rated)
        if rated and not can_be_rated(subscribed, record):
            record = replace(record, rated=False)
        self.store.put(
            customer,
            state.replace(
                usage=(*state.usage, record),
                usage_count=record.ordinal,
                changed_at=state.touched({subscribed.account}, now),
            ),
        )
        return record

    def rate_again(self, customer: int, now: datetime) -> int:
        """Rate unrated usage; returns how many records got a price."""
        state = self.state_of(customer)
        rated = tuple(
            record
            if record.rated
            else replace(record, rated=can_be_rated(self.subscription(customer, record.subscription), record))
            for record in state.usage
        )
        changed = [after for before, after in zip(state.usage, rated, strict=True) if before.rated != after.rated]
        accounts = {self.subscription(customer, record.subscription).account for record in changed}
        if changed:
            self.store.put(customer, state.replace(usage=rated, changed_at=state.touched(accounts, now)))
        return len(changed)

    def add_charge(
        self, customer: int, description: str, amount: Decimal, *, dated: date, now: datetime, account: int = 0
    ) -> OneOffCharge:
        """Add a one-off charge, net of tax, to an account; a negative amount is a credit."""
        state = self.state_of(customer)
        check_account(state, customer, account)
        if not amount:
            raise BadValue("a charge cannot be zero", field="amount")
        charge = OneOffCharge(state.charge_count + 1, account, description, amount, dated)
        self.store.put(
            customer,
            state.replace(
                charges=(*state.charges, charge),
                charge_count=charge.ordinal,
                changed_at=state.touched({account}, now),
            ),
        )
        return charge

    def _put_subscription(self, customer: int, changed: Subscription, now: datetime) -> Subscription:
        state = self.state_of(customer)
        subscriptions = tuple(changed if s.ordinal == changed.ordinal else s for s in state.subscriptions)
        changed_at = state.touched({changed.account}, now)
        self.store.put(customer, state.replace(subscriptions=subscriptions, changed_at=changed_at))
        return changed


def new_subscription(
    state: AccountState, tariff: Tariff, *, sims: int, starts: date, fees_from: date | None = None
) -> Subscription:
    """A subscription to ``tariff``. Raises ``BadValue`` if no account has its currency."""
    if sims < 0:
        raise BadValue("the number of SIMs cannot be negative", field="sims")
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


def _active_on(state: AccountState, customer: int, day: date) -> Subscription:
    for subscription in state.subscriptions:
        if subscription.state_on(day) == "active":
            return subscription
    raise RuleBroken(f"customer {customer} has no active subscription on {day}", field="customer")
