"""Every change to a world, as data: one class for each command, its members checked by type when read from JSON.

A command is carried out whole or refused with a ``LedgerError``. Decimals are ``Decimal`` in the account's currency,
instants are UTC. Members left out take the world's time or the ledger's default, as each says.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from counterfoil.ledger.accounts import Account
from counterfoil.ledger.errors import BadValue, RuleBroken
from counterfoil.ledger.money import checked_currency
from counterfoil.ledger.payments import PaymentState
from counterfoil.ledger.periods import add_months
from counterfoil.ledger.scheduler import next_due_at, run_due
from counterfoil.ledger.tariffs import Service
from counterfoil.world.to_json import to_json

if TYPE_CHECKING:
    from counterfoil.world.world import World

Instant = Annotated[datetime, Meta(tz=True)]
Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="command"):
    """One change to a world. ``apply`` checks, writes, and returns the fact that came of it."""

    def apply(self, world: World) -> Any:
        raise NotImplementedError


def _finite(amount: Decimal, field: str) -> Decimal:
    """Refuses NaN, infinities, and numbers no bill has: more than 15 digits before the point or 10 behind it."""
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 15 or int(amount.as_tuple().exponent) < -10:
        raise BadValue(f"{amount} is not an amount: at most 15 digits before the point and 10 behind it", field=field)
    return amount


# --- customers -----------------------------------------------------------------------------------


class AddCustomer(Command, frozen=True, kw_only=True, tag="add_customer"):
    """Take on a customer. Names and addresses not given are scenery. ``currencies`` get an account each, first is primary.

    With a ``tariff`` it is subscribed at once. ``billed_to`` is the customer who pays. ``tax_rate`` is in percent.
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

    def apply(self, world: World) -> int:
        ledger = world.ledger
        tariff = ledger.tariff(self.tariff) if self.tariff else None
        currencies = self.currencies or ((tariff.currency,) if tariff else (world.scenario.seller.currency,))
        if tariff and tariff.currency not in currencies:
            raise BadValue(
                f"tariff '{tariff.key}' is in {tariff.currency}, which is not among the currencies", field="tariff"
            )
        tax_rate = world.scenario.seller.tax_rate if self.tax_rate is None else _finite(self.tax_rate, "tax_rate")
        if not 0 <= tax_rate <= 100:
            raise BadValue("a tax rate is a percentage from 0 to 100", field="tax_rate")
        accounts = tuple(
            Account(checked_currency(currency, "currencies"), tax_rate, self.payment_method, self.group)
            for currency in currencies
        )
        number = ledger.add_customer(accounts, self.starts or world.today, world.now, billed_to=self.billed_to)
        world.identify(number, name=self.name, email=self.email, country=self.country)
        if tariff:
            ledger.subscribe(number, tariff.key, sims=self.sims, starts=self.starts or world.today)
        return number


class Subscribe(Command, frozen=True, kw_only=True, tag="subscribe"):
    """Put a customer on a tariff, from today unless ``starts`` says otherwise."""

    customer: Number
    tariff: Text
    sims: Annotated[int, Meta(ge=0, le=10**6)] = 1
    starts: date | None = None

    def apply(self, world: World) -> Any:
        return world.ledger.subscribe(self.customer, self.tariff, sims=self.sims, starts=self.starts or world.today)


class CancelSubscription(Command, frozen=True, kw_only=True, tag="cancel_subscription"):
    """End a subscription; ``ends`` (today) is the first day without it."""

    customer: Number
    subscription: Number = 1
    ends: date | None = None

    def apply(self, world: World) -> Any:
        return world.ledger.cancel_subscription(self.customer, self.subscription, ends=self.ends or world.today)


class PauseSubscription(Command, frozen=True, kw_only=True, tag="pause_subscription"):
    """Stop a subscription's fees from today, until it is resumed."""

    customer: Number
    subscription: Number = 1

    def apply(self, world: World) -> Any:
        return world.ledger.pause_subscription(self.customer, self.subscription, on=world.today)


class ResumeSubscription(Command, frozen=True, kw_only=True, tag="resume_subscription"):
    """Let a paused subscription's fees fall due again, from the first of next month."""

    customer: Number
    subscription: Number = 1

    def apply(self, world: World) -> Any:
        return world.ledger.resume_subscription(self.customer, self.subscription, on=world.today)


# --- usage and charges ---------------------------------------------------------------------------


class RecordUsage(Command, frozen=True, kw_only=True, tag="record_usage"):
    """Record use of a service: ``quantity`` in megabytes or messages, now unless ``started_at`` says when.

    With ``rated: false`` it arrives without a price, as from a partner network, until it is rated again.
    """

    customer: Number
    service: Service = Service.DATA
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    quantity: Decimal
    started_at: Instant | None = None
    subscription: Number | None = None
    rated: bool = True

    def apply(self, world: World) -> Any:
        return world.ledger.record_usage(
            self.customer,
            Service(self.service),  # built in Python it may be a plain string
            self.country,
            _finite(self.quantity, "quantity"),
            started_at=self.started_at or world.now,
            now=world.now,
            subscription=self.subscription,
            rated=self.rated,
        )


class RateAgain(Command, frozen=True, kw_only=True, tag="rate_again"):
    """Put a price on a customer's use that has none yet; returns how many records now have one."""

    customer: Number

    def apply(self, world: World) -> int:
        return world.ledger.rate_again(self.customer)


class AddCharge(Command, frozen=True, kw_only=True, tag="add_charge"):
    """Put a one-off charge, net of tax, on a customer's account; a negative ``amount`` is a credit."""

    customer: Number
    description: Text
    amount: Decimal
    dated: date | None = None
    account: Annotated[int, Meta(ge=0, le=8)] = 0

    def apply(self, world: World) -> Any:
        return world.ledger.add_charge(
            self.customer,
            self.description,
            _finite(self.amount, "amount"),
            dated=self.dated or world.today,
            account=self.account,
        )


# --- billing runs --------------------------------------------------------------------------------

_RunText = Annotated[str, Meta(max_length=200)] | None | UnsetType


class _RunFields(Command, frozen=True, kw_only=True):
    name: _RunText = UNSET
    subrun: _RunText = UNSET
    message: _RunText = UNSET
    invoice_date: date | UnsetType | None = UNSET
    cutoff_date: date | UnsetType | None = UNSET
    transaction_cutoff_date: date | UnsetType | None = UNSET
    due_date: date | UnsetType | None = UNSET

    def fields(self) -> dict[str, Any]:
        """The members that were given, null ones included."""
        names = ("name", "subrun", "message", "invoice_date", "cutoff_date", "transaction_cutoff_date", "due_date")
        return {name: value for name in names if (value := getattr(self, name)) is not UNSET}


class CreateRun(_RunFields, frozen=True, kw_only=True, tag="create_run"):
    """Plan a billing run. Calls before ``cutoff_date`` count, other charges up to and including ``transaction_cutoff_date``."""

    def apply(self, world: World) -> Any:
        return world.ledger.create_run(self.fields(), world.now)


class UpdateRun(_RunFields, frozen=True, kw_only=True, tag="update_run"):
    """Change the given members of a run; the dates and the message only until its bills are requested."""

    run: Number

    def apply(self, world: World) -> Any:
        return world.ledger.update_run(self.run, self.fields(), world.now)


class RequestBills(Command, frozen=True, kw_only=True, tag="request_bills"):
    """Order a run's bills. It is Running a minute later and Complete four minutes after that, by the world's clock."""

    run: Number

    def apply(self, world: World) -> Any:
        return world.ledger.request_bills(self.run, world.now)


# --- bills and payments --------------------------------------------------------------------------


class _OfBill(Command, frozen=True, kw_only=True):
    customer: Number
    bill: Number
    account: Annotated[int, Meta(ge=0, le=8)] = 0


class HoldBill(_OfBill, frozen=True, kw_only=True, tag="hold_bill"):
    """Put a bill on hold: it cannot be paid until it is released."""

    def apply(self, world: World) -> Any:
        return world.ledger.hold_bill(self.customer, self.account, self.bill, world.now)


class ReleaseBill(_OfBill, frozen=True, kw_only=True, tag="release_bill"):
    """Take a bill off hold."""

    def apply(self, world: World) -> Any:
        return world.ledger.release_bill(self.customer, self.account, self.bill, world.now)


class CancelBill(_OfBill, frozen=True, kw_only=True, tag="cancel_bill"):
    """Cancel a bill nothing was paid on, by a credit note over all of it."""

    def apply(self, world: World) -> Any:
        return world.ledger.cancel_bill(self.customer, self.account, self.bill, world.now)


class RecordPayment(_OfBill, frozen=True, kw_only=True, tag="record_payment"):
    """Record money for a bill: what remains of it, unless ``amount`` is given; more than that only with ``overpay``."""

    amount: Decimal | None = None
    method: Text | None = None
    state: PaymentState = PaymentState.SUCCEEDED
    overpay: bool = False

    def apply(self, world: World) -> Any:
        return world.ledger.record_payment(
            self.customer,
            self.account,
            self.bill,
            None if self.amount is None else _finite(self.amount, "amount"),
            now=world.now,
            method=self.method,
            state=self.state,
            overpay=self.overpay,
        )


class ResolvePayment(Command, frozen=True, kw_only=True, tag="resolve_payment"):
    """A pending payment succeeds, or fails."""

    customer: Number
    payment: Number
    succeeded: bool = True

    def apply(self, world: World) -> Any:
        state = PaymentState.SUCCEEDED if self.succeeded else PaymentState.FAILED
        return world.ledger.resolve_payment(self.customer, self.payment, state, world.now)


class RefundPayment(Command, frozen=True, kw_only=True, tag="refund_payment"):
    """Give back a payment, or ``amount`` of it; the bill is owed again by as much."""

    customer: Number
    payment: Number
    amount: Decimal | None = None

    def apply(self, world: World) -> Any:
        amount = None if self.amount is None else _finite(self.amount, "amount")
        return world.ledger.refund_payment(self.customer, self.payment, amount, world.now)


# --- the clock, switches, tokens -----------------------------------------------------------------

_STEP_LIMIT = timedelta(days=3660)


class AdvanceClock(Command, frozen=True, kw_only=True, tag="advance_clock"):
    """Let time pass: to an instant, or by months, then days, hours and minutes. All that falls due happens, in order."""

    to: Instant | None = None
    months: Annotated[int, Meta(ge=0, le=120)] = 0
    days: Annotated[int, Meta(ge=0, le=3660)] = 0
    hours: Annotated[int, Meta(ge=0, le=10**5)] = 0
    minutes: Annotated[int, Meta(ge=0, le=10**7)] = 0

    def apply(self, world: World) -> datetime:
        target = self._target(world.now)
        if target < world.now:
            raise RuleBroken(f"time cannot run backwards: it is {world.now.isoformat()}", field="to")
        if target - world.now > _STEP_LIMIT:
            raise BadValue("the clock moves ten years at a time, at most", field="to")
        while (instant := next_due_at(world.ledger)) is not None and instant <= target:
            world.now = max(instant, world.now)
            run_due(world.ledger, instant)
        world.now = target
        return target

    def _target(self, now: datetime) -> datetime:
        if self.to is not None:
            return self.to
        moved = datetime.combine(add_months(now.date(), self.months), now.timetz())
        return moved + timedelta(days=self.days, hours=self.hours, minutes=self.minutes)


class SetSwitch(Command, frozen=True, kw_only=True, tag="set_switch"):
    """Choose an assumption otherwise; ``counterfoil specs show API`` lists the switches."""

    name: Text
    value: bool | int | str

    def apply(self, world: World) -> Any:
        world.switches = world.switches.with_value(self.name, self.value)
        return world.switches[self.name]


class IssueToken(Command, frozen=True, kw_only=True, tag="issue_token"):
    """Issue an access token for an API in exchange for a credential; it expires by the world's clock."""

    api: Text
    key: Text
    minutes: Annotated[int, Meta(ge=1, le=10**6)]

    def apply(self, world: World) -> Any:
        return world.tokens.issue(self.api, self.key, world.now, timedelta(minutes=self.minutes), world.seed)


class NoteLogin(Command, frozen=True, kw_only=True, tag="note_login"):
    """Note that a login at an API failed, or succeeded and so wiped out the failures before it."""

    api: Text
    succeeded: bool

    def apply(self, world: World) -> int:
        return world.tokens.note_login(self.api, self.succeeded, world.now)


AnyCommand = (
    AddCustomer
    | Subscribe
    | CancelSubscription
    | PauseSubscription
    | ResumeSubscription
    | RecordUsage
    | RateAgain
    | AddCharge
    | CreateRun
    | UpdateRun
    | RequestBills
    | HoldBill
    | ReleaseBill
    | CancelBill
    | RecordPayment
    | ResolvePayment
    | RefundPayment
    | AdvanceClock
    | SetSwitch
    | IssueToken
    | NoteLogin
)

COMMANDS: dict[str, type[Command]] = {str(kind.__struct_config__.tag): kind for kind in AnyCommand.__args__}
"""Every command by the name it has in JSON and in scenarios."""


def read_command(data: Any) -> Command:
    """The command a JSON object stands for. Raises ``BadValue`` naming the member that is wrong."""
    try:
        command: Command = msgspec.convert(data, AnyCommand, str_keys=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise BadValue(message, field=path.strip(".`") or "command") from None
    return command


def write_command(command: Command) -> dict[str, Any]:
    """The JSON object that stands for ``command``: members at their default are left out."""
    members: dict[str, Any] = to_json(command)
    defaults = dict(zip(command.__struct_fields__[::-1], command.__struct_defaults__[::-1], strict=False))
    return {
        name: value
        for name, value in members.items()
        if name == "command" or name not in defaults or getattr(command, name) != defaults[name]
    }
