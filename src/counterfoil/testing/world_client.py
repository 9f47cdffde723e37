"""The commands of a world as Python methods, and its clock, for tests.

Each method builds one command and executes it. Customers are named by number, or by their key in the scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    """A world's clock; it moves only through ``advance``."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    @property
    def now(self) -> datetime:
        """The world's time, a UTC instant."""
        return self._world().now

    def advance(
        self,
        *,
        to: datetime | str | None = None,
        months: int = 0,
        weeks: int = 0,
        days: int = 0,
        hours: int = 0,
        minutes: int = 0,
    ) -> datetime:
        """Advance the clock; everything that becomes due on the way happens, in order. Returns the new time.

        Raises ``RuleBroken`` for a time that has passed, ``BadValue`` for more than ten years at once.
        """
        moved = {"months": months, "days": days + 7 * weeks, "hours": hours, "minutes": minutes}
        if to is not None:
            moved = {"to": to}  # type: ignore[dict-item]
        now: datetime = self._world().execute(read_command({"command": "advance_clock", **moved}))
        return now


class WorldCommands:
    """Commands and look-ups on one world. A refused command raises a ``LedgerError`` with ``message`` and ``field``."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    # --- commands --------------------------------------------------------------------------------

    def execute(self, command: Command) -> Any:
        """Execute any command."""
        return self._world().execute(command)

    def add_customer(self, **members: Any) -> int:
        """Add a customer; members as in ``AddCustomer``: name, country, tariff, sims, … Returns its number."""
        return int(self._execute("add_customer", **members))

    def request_bill(
        self, customer: Customer, account: int = 0, *, minutes: int = 5, rated_only: bool = True, **members: Any
    ) -> BillRequest:
        """Request a bill on demand over the open charges of an account; optional members are ``name`` and ``description``."""
        result: BillRequest = self._execute(
            "request_bill", customer=customer, account=account, minutes=minutes, rated_only=rated_only, **members
        )
        return result

    def subscribe(self, customer: Customer, tariff: str, *, sims: int = 1, starts: date | None = None) -> Subscription:
        result: Subscription = self._execute("subscribe", customer=customer, tariff=tariff, sims=sims, starts=starts)
        return result

    def cancel_subscription(
        self, customer: Customer, subscription: int = 1, *, ends: date | None = None
    ) -> Subscription:
        result: Subscription = self._execute(
            "cancel_subscription", customer=customer, subscription=subscription, ends=ends
        )
        return result

    def pause_subscription(self, customer: Customer, subscription: int = 1) -> Subscription:
        result: Subscription = self._execute("pause_subscription", customer=customer, subscription=subscription)
        return result

    def resume_subscription(self, customer: Customer, subscription: int = 1) -> Subscription:
        result: Subscription = self._execute("resume_subscription", customer=customer, subscription=subscription)
        return result

    def record_usage(self, customer: Customer, country: str, quantity: Amount, **members: Any) -> UsageRecord:
        """Record usage; further members as in ``RecordUsage``: service, started_at, subscription, rated."""
        result: UsageRecord = self._execute(
            "record_usage", customer=customer, country=country, quantity=quantity, **members
        )
        return result

    def rate_again(self, customer: Customer) -> int:
        return int(self._execute("rate_again", customer=customer))

    def add_charge(
        self, customer: Customer, description: str, amount: Amount, *, dated: date | None = None, account: int = 0
    ) -> OneOffCharge:
        result: OneOffCharge = self._execute(
            "add_charge", customer=customer, description=description, amount=amount, dated=dated, account=account
        )
        return result

    def create_run(self, **members: Any) -> BillingRun:
        """Create a run; members as in ``CreateRun``: name, invoice_date, cutoff_date, transaction_cutoff_date, due_date, …"""
        result: BillingRun = self._execute("create_run", **members)
        return result

    def update_run(self, run: int, **members: Any) -> BillingRun:
        result: BillingRun = self._execute("update_run", run=run, **members)
        return result

    def request_bills(self, run: int) -> BillingRun:
        """Request a run's bills: Running after a minute of the world's clock, Complete after five."""
        result: BillingRun = self._execute("request_bills", run=run)
        return result

    def hold_bill(self, customer: Customer, bill: int, *, account: int = 0) -> Invoice:
        result: Invoice = self._execute("hold_bill", customer=customer, bill=bill, account=account)
        return result

    def release_bill(self, customer: Customer, bill: int, *, account: int = 0) -> Invoice:
        result: Invoice = self._execute("release_bill", customer=customer, bill=bill, account=account)
        return result

    def cancel_bill(self, customer: Customer, bill: int, *, account: int = 0) -> CreditNote:
        result: CreditNote = self._execute("cancel_bill", customer=customer, bill=bill, account=account)
        return result

    def record_payment(
        self, customer: Customer, bill: int, amount: Amount | None = None, *, account: int = 0, **members: Any
    ) -> Payment:
        """Pay ``amount``, or what remains on a bill; members as in ``RecordPayment``: state, method, overpay, further_bills."""
        result: Payment = self._execute(
            "record_payment", customer=customer, bill=bill, amount=amount, account=account, **members
        )
        return result

    def resolve_payment(self, customer: Customer, payment: int, *, succeeded: bool = True) -> Payment:
        result: Payment = self._execute("resolve_payment", customer=customer, payment=payment, succeeded=succeeded)
        return result

    def refund_payment(self, customer: Customer, payment: int, amount: Amount | None = None) -> Payment:
        result: Payment = self._execute("refund_payment", customer=customer, payment=payment, amount=amount)
        return result

    def issue_credit_note(
        self, customer: Customer, bill: int, amount: Amount | None = None, *, account: int = 0, **members: Any
    ) -> CreditNote:
        """Credit a bill, all of it or ``amount`` (tax included); members as in ``IssueCreditNote``: lines, reason, currency."""
        result: CreditNote = self._execute(
            "issue_credit_note", customer=customer, bill=bill, amount=amount, account=account, **members
        )
        return result

    def apply_credit(
        self, customer: Customer, bill: int, amount: Amount | None = None, *, account: int = 0, **members: Any
    ) -> Decimal:
        """Pay a bill with the customer's credit; members as in ``ApplyCredit``: payment, credit_note. Returns the amount."""
        result: Decimal = self._execute(
            "apply_credit", customer=customer, bill=bill, amount=amount, account=account, **members
        )
        return result

    def set_switch(self, name: str, value: bool | int | str) -> bool | int | str:
        result: bool | int | str = self._execute("set_switch", name=name, value=value)
        return result

    def write_resource(self, api: str, collection: str, id: str, value: Any = None, *, parent: str = "") -> str:
        """Write a resource of an API made from a document; without a value, delete it. Returns its id."""
        return str(self._execute("write_resource", api=api, collection=collection, id=id, value=value, parent=parent))

    def write_resources(self, writes: Sequence[Mapping[str, Any]]) -> list[str]:
        """Write or delete several resources, all or none; members of each as in ``write_resource``. Returns their ids."""
        return [str(id) for id in self._execute("write_resources", writes=[dict(write) for write in writes])]

    # --- look-ups --------------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        """The world's ledger; read-only."""
        return self._world().ledger

    def number(self, customer: Customer) -> int:
        """A customer's number, from its key in the scenario or its number. Raises ``UnknownRecord``."""
        if isinstance(customer, int):
            return customer
        number = self._world().customer_with_key(customer)
        if number is None:
            raise UnknownRecord(f"the scenario has no customer '{customer}'", field="customer")
        return number

    def party(self, customer: Customer) -> Contact:
        """The customer's contact data: name, address, e-mail."""
        return self._world().contact_of(self.number(customer))

    def bills(self, customer: Customer) -> tuple[Bill, ...]:
        """Every bill issued to the customer, oldest first, with its totals and payments."""
        return bills_of(self.ledger.state_of(self.number(customer)))

    def balance(self, customer: Customer, *, account: int = 0) -> Decimal:
        """The balance of the customer's account; negative for a credit."""
        return balance(self.ledger.state_of(self.number(customer)), account)

    def _execute(self, command: str, **members: Any) -> Any:
        if "customer" in members:
            members["customer"] = self.number(members["customer"])
        given = {name: value for name, value in members.items() if value is not None}
        return self._world().execute(read_command({"command": command, **given}))
