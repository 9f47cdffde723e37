"""The data of a ledger, and the lookups in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Self

from counterfoil.ledger.accounts import AccountState, Subscription
from counterfoil.ledger.billing import Cutoffs, open_cutoffs
from counterfoil.ledger.chunks import Numbered
from counterfoil.ledger.documents import CreditNote
from counterfoil.ledger.errors import BadValue, UnknownRecord
from counterfoil.ledger.money import minor_unit
from counterfoil.ledger.payments import Payment
from counterfoil.ledger.receivables import Bill, bill_of
from counterfoil.ledger.runs import BillingRun, RunStatus
from counterfoil.ledger.store import AccountStore
from counterfoil.ledger.tariffs import Tariff


class LedgerBase:
    """Tariffs by key, billing runs by number, and one account state for each customer, numbered from 1."""

    def __init__(self, tariffs: Mapping[str, Tariff]) -> None:
        self.tariffs = dict(tariffs)
        self.runs: Numbered[BillingRun] = Numbered()
        self.store = AccountStore()
        self._payees: Numbered[tuple[int, ...]] = Numbered()

    def fork(self) -> Self:
        """An equal ledger; changes to either do not show in the other. Takes about 1 µs at any size."""
        copy = self.__new__(type(self))
        copy.tariffs = self.tariffs  # never changed
        copy.runs = self.runs.fork()
        copy.store = self.store.fork()
        copy._payees = self._payees  # forked when it is written to, which is rare
        return copy

    @property
    def customers(self) -> int:
        """How many customers there are; their numbers are 1 to this."""
        return len(self.store)

    def knows(self, customer: int) -> bool:
        """Whether there is a customer with that number."""
        return 1 <= customer <= len(self.store)

    def state_of(self, customer: int) -> AccountState:
        """Everything the customer did and owes. Raises ``UnknownRecord``."""
        if not self.knows(customer):
            raise UnknownRecord(
                f"there is no customer {customer}: they are numbered 1 to {self.customers}", field="customer"
            )
        return self.store[customer]

    def run(self, number: int) -> BillingRun:
        """The billing run with that number. Raises ``UnknownRecord``."""
        if number not in self.runs:
            raise UnknownRecord(f"there is no billing run {number}", field="run")
        return self.runs[number]

    def payees_of(self, customer: int) -> tuple[int, ...]:
        """The customers whose bills ``customer`` pays."""
        return self._payees.get(customer, ())

    def payees_below(self, payer: int) -> tuple[int, ...]:
        """``payer`` and, recursively, the customers whose bills it pays; empty if ``payer`` is unknown."""
        payees = [payer] if self.knows(payer) else []
        for number in payees:  # ends: a payer is always older than its payees
            payees.extend(self.payees_of(number))
        return tuple(payees)

    def pays_for(self, payer: int, customer: int) -> bool:
        """Whether ``customer`` is ``payer`` or one of the customers below it."""
        current: int | None = customer
        while current not in (payer, None):
            current = self.state_of(current).billed_to if current and self.knows(current) else None
        return current == payer

    def tariff(self, key: str) -> Tariff:
        """The tariff with that key. Raises ``UnknownRecord``."""
        if key not in self.tariffs:
            raise UnknownRecord(
                f"there is no tariff '{key}'; there are: {', '.join(sorted(self.tariffs))}", field="tariff"
            )
        return self.tariffs[key]

    def subscription(self, customer: int, ordinal: int) -> Subscription:
        """The customer's subscription number ``ordinal``. Raises ``UnknownRecord``."""
        for subscription in self.state_of(customer).subscriptions:
            if subscription.ordinal == ordinal:
                return subscription
        raise UnknownRecord(f"customer {customer} has no subscription {ordinal}", field="subscription")

    def bill(self, customer: int, account: int, ordinal: int) -> Bill:
        """The account's bill number ``ordinal``. Raises ``UnknownRecord``."""
        state = self.state_of(customer)
        check_account(state, customer, account)
        bill = bill_of(state, account, ordinal)
        if bill is None:
            raise UnknownRecord(f"customer {customer} has no bill {ordinal} on account {account}", field="bill")
        return bill

    def payment(self, customer: int, ordinal: int) -> Payment:
        """The customer's payment number ``ordinal``. Raises ``UnknownRecord``."""
        payments = self.state_of(customer).payments
        if not 1 <= ordinal <= len(payments):
            raise UnknownRecord(f"customer {customer} has no payment {ordinal}", field="payment")
        return payments[ordinal - 1]

    def credit_note(self, customer: int, ordinal: int) -> CreditNote:
        """The customer's credit note number ``ordinal``. Raises ``UnknownRecord``."""
        notes = self.state_of(customer).credit_notes
        if not 1 <= ordinal <= len(notes):
            raise UnknownRecord(f"customer {customer} has no credit note {ordinal}", field="credit_note")
        return notes[ordinal - 1]

    def open_run(self) -> BillingRun | None:
        """The oldest run that is not complete."""
        return next((run for run in self.runs.values() if run.status is not RunStatus.COMPLETE), None)

    def open_cutoffs(self, today: date) -> Cutoffs:
        """The cutoffs of the charges that are open today; planned runs do not matter."""
        return open_cutoffs(today)


def check_account(state: AccountState, customer: int, account: int) -> None:
    """Raise ``UnknownRecord`` unless the customer has that account."""
    if not 0 <= account < len(state.accounts):
        raise UnknownRecord(f"customer {customer} has no account {account}", field="account")


def check_minor_unit(amount: Decimal, currency: str) -> None:
    """Raise ``BadValue`` if ``amount`` has more decimals than ``currency``."""
    if amount % minor_unit(currency):
        raise BadValue(f"{amount} is finer than the smallest unit of {currency}", field="amount")
