"""The commands of a world as Python methods, and its clock: what tests steer with.

Each method builds one command and has the world carry it out. A customer is its number, or its key in the scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from counterfoil.ledger.accounts import Subscription
from counterfoil.ledger.bill_requests import BillRequest
from counterfoil.ledger.documents import CreditNote, Invoice
from counterfoil.ledger.errors import UnknownRecord
from counterfoil.ledger.ledger import Ledger
from counterfoil.ledger.payments import Payment
from counterfoil.ledger.receivables import Bill, balance, bills_of
from counterfoil.ledger.runs import BillingRun
from counterfoil.ledger.usage import OneOffCharge, UsageRecord
from counterfoil.world.commands import Command, read_command
from counterfoil.world.fake_identity import Contact
from counterfoil.world.world import World

Customer = int | str
Amount = Decimal | str | int


class Clock:
    """A world's clock: it moves only when told."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    @property
    def now(self) -> datetime:
        """The world's time, a UTC instant."""
        return self._world().now

    def advance(
        self, *, to: datetime | str | None = None, months: int = 0, days: int = 0, hours: int = 0, minutes: int = 0
    ) -> datetime:
        """Let time pass; what falls due on the way happens, in order. Returns the new time.

        Raises ``RuleBroken`` for a time that has passed, ``BadValue`` for more than ten years at once.
        """
        moved = {"months": months, "days": days, "hours": hours, "minutes": minutes}
        if to is not None:
            moved = {"to": to}  # type: ignore[dict-item]
        now: datetime = self._world().execute(read_command({"command": "advance_clock", **moved}))
        return now


class Steering:
    """Commands and look-ups on one world. Every refusal is a ``LedgerError`` with ``message`` and ``field``."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    # --- commands --------------------------------------------------------------------------------

    def execute(self, command: Command) -> Any:
        """Carry out any command."""
        return self._world().execute(command)

    def add_customer(self, **members: Any) -> int:
        """Take on a customer; members as in ``AddCustomer``: name, country, tariff, sims, … Returns its number."""
        return int(self._do("add_customer", **members))

    def request_bill(
        self, customer: Customer, account: int = 0, *, minutes: int = 5, rated_only: bool = True, **members: Any
    ) -> BillRequest:
        """Request a bill on demand over what is open on an account; members ``name`` and ``description`` go with it."""
        fact: BillRequest = self._do(
            "request_bill", customer=customer, account=account, minutes=minutes, rated_only=rated_only, **members
        )
        return fact

    def subscribe(self, customer: Customer, tariff: str, *, sims: int = 1, starts: date | None = None) -> Subscription:
        fact: Subscription = self._do("subscribe", customer=customer, tariff=tariff, sims=sims, starts=starts)
        return fact

    def cancel_subscription(
        self, customer: Customer, subscription: int = 1, *, ends: date | None = None
    ) -> Subscription:
        fact: Subscription = self._do("cancel_subscription", customer=customer, subscription=subscription, ends=ends)
        return fact

    def pause_subscription(self, customer: Customer, subscription: int = 1) -> Subscription:
        fact: Subscription = self._do("pause_subscription", customer=customer, subscription=subscription)
        return fact

    def resume_subscription(self, customer: Customer, subscription: int = 1) -> Subscription:
        fact: Subscription = self._do("resume_subscription", customer=customer, subscription=subscription)
        return fact

    def record_usage(self, customer: Customer, country: str, quantity: Amount, **members: Any) -> UsageRecord:
        """Record use; further members as in ``RecordUsage``: service, started_at, subscription, rated."""
        fact: UsageRecord = self._do("record_usage", customer=customer, country=country, quantity=quantity, **members)
        return fact

    def rate_again(self, customer: Customer) -> int:
        return int(self._do("rate_again", customer=customer))

    def add_charge(
        self, customer: Customer, description: str, amount: Amount, *, dated: date | None = None, account: int = 0
    ) -> OneOffCharge:
        fact: OneOffCharge = self._do(
            "add_charge", customer=customer, description=description, amount=amount, dated=dated, account=account
        )
        return fact

    def create_run(self, **members: Any) -> BillingRun:
        """Plan a run; members as in ``CreateRun``: name, invoice_date, cutoff_date, transaction_cutoff_date, due_date, …"""
        fact: BillingRun = self._do("create_run", **members)
        return fact

    def update_run(self, run: int, **members: Any) -> BillingRun:
        fact: BillingRun = self._do("update_run", run=run, **members)
        return fact

    def request_bills(self, run: int) -> BillingRun:
        """Order a run's bills: Running after a minute of the world's clock, Complete after five."""
        fact: BillingRun = self._do("request_bills", run=run)
        return fact

    def hold_bill(self, customer: Customer, bill: int, *, account: int = 0) -> Invoice:
        fact: Invoice = self._do("hold_bill", customer=customer, bill=bill, account=account)
        return fact

    def release_bill(self, customer: Customer, bill: int, *, account: int = 0) -> Invoice:
        fact: Invoice = self._do("release_bill", customer=customer, bill=bill, account=account)
        return fact

    def cancel_bill(self, customer: Customer, bill: int, *, account: int = 0) -> CreditNote:
        fact: CreditNote = self._do("cancel_bill", customer=customer, bill=bill, account=account)
        return fact

    def record_payment(
        self, customer: Customer, bill: int, amount: Amount | None = None, *, account: int = 0, **members: Any
    ) -> Payment:
        """Pay what remains of a bill, or ``amount``; members as in ``RecordPayment``: state, method, overpay, further_bills."""
        fact: Payment = self._do(
            "record_payment", customer=customer, bill=bill, amount=amount, account=account, **members
        )
        return fact

    def resolve_payment(self, customer: Customer, payment: int, *, succeeded: bool = True) -> Payment:
        fact: Payment = self._do("resolve_payment", customer=customer, payment=payment, succeeded=succeeded)
        return fact

    def refund_payment(self, customer: Customer, payment: int, amount: Amount | None = None) -> Payment:
        fact: Payment = self._do("refund_payment", customer=customer, payment=payment, amount=amount)
        return fact

    def issue_credit_note(
        self, customer: Customer, bill: int, amount: Amount | None = None, *, account: int = 0, **members: Any
    ) -> CreditNote:
        """Credit a bill, all of it or ``amount`` (tax included); members as in ``IssueCreditNote``: lines, reason, currency."""
        fact: CreditNote = self._do(
            "issue_credit_note", customer=customer, bill=bill, amount=amount, account=account, **members
        )
        return fact

    def apply_credit(
        self, customer: Customer, bill: int, amount: Amount | None = None, *, account: int = 0, **members: Any
    ) -> Decimal:
        """Pay a bill with the customer's credit; members as in ``ApplyCredit``: payment, credit_note. Returns how much."""
        fact: Decimal = self._do(
            "apply_credit", customer=customer, bill=bill, amount=amount, account=account, **members
        )
        return fact

    def set_switch(self, name: str, value: bool | int | str) -> bool | int | str:
        fact: bool | int | str = self._do("set_switch", name=name, value=value)
        return fact

    def write_resource(self, api: str, collection: str, id: str, value: Any = None, *, parent: str = "") -> str:
        """Write a resource of an API that is made from a document, or, without a value, delete it. Returns its id."""
        return str(self._do("write_resource", api=api, collection=collection, id=id, value=value, parent=parent))

    # --- look-ups --------------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        """The ledger itself, for reading."""
        return self._world().ledger

    def number(self, customer: Customer) -> int:
        """A customer's number from its key in the scenario; a number is itself. Raises ``UnknownRecord``."""
        if isinstance(customer, int):
            return customer
        found = self._world().customer_with_key(customer)
        if found is None:
            raise UnknownRecord(f"the scenario has no customer '{customer}'", field="customer")
        return found

    def party(self, customer: Customer) -> Contact:
        """Who the customer is: name, address, e-mail."""
        return self._world().party(self.number(customer))

    def bills(self, customer: Customer) -> tuple[Bill, ...]:
        """Every bill issued to the customer, oldest first, with its totals and payments."""
        return bills_of(self.ledger.state_of(self.number(customer)))

    def balance(self, customer: Customer, *, account: int = 0) -> Decimal:
        """What the customer's account owes; negative is a credit."""
        return balance(self.ledger.state_of(self.number(customer)), account)

    def _do(self, command: str, **members: Any) -> Any:
        if "customer" in members:
            members["customer"] = self.number(members["customer"])
        given = {name: value for name, value in members.items() if value is not None}
        return self._world().execute(read_command({"command": command, **given}))
