"""Computes a customer's billing summary: the values of its open and previous bill run, and its statuses.

The functions depend on an account state and ``SummaryInputs`` alone, so customers that share a state share the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Literal

import msgspec

from counterfoil.ledger.accounts import AccountState, Subscription
from counterfoil.ledger.billing import Cutoffs, open_charges
from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.receivables import bills_of, tax_on
from counterfoil.ledger.runs import BillingRun, RunStatus

if TYPE_CHECKING:
    from counterfoil.world.world import World

BillingStatus = Literal["ACTIVE", "FIRST_INVOICE", "CEASED", "RESURRECTED", "NEVER_BILLED"]

PRIMARY = 0
"""The account whose values are shown: a response has no currency, so accounts in two currencies cannot be added."""

_HUNDREDTH = Decimal("0.01")
_WIDE = Context(prec=60)  # a quotient of two amounts has more digits than Decimal keeps by default


class SummaryInputs(msgspec.Struct, frozen=True):
    """What a summary depends on in addition to the account state.

    ``open`` says what is open today, whatever runs are planned. ``previous`` has the newest complete run of each subrun, as
    ``(subrun, completed at, run number)``. A subrun is a group of accounts, None means all accounts. ``today`` decides which
    subscriptions have started and ended.
    """

    today: date
    open: Cutoffs
    previous: tuple[tuple[str | None, datetime, int], ...]
    gross: bool
    less_credit: bool


class Summary(msgspec.Struct, frozen=True):
    """A customer's summary. Values are in the primary account's currency, rounded to its minor unit."""

    status: BillingStatus
    fully_rated: bool
    open_value: Decimal
    previous_value: Decimal

    @property
    def difference(self) -> Decimal:
        return self.open_value - self.previous_value

    @property
    def percentage(self) -> Decimal | None:
        """The difference in percent of the previous value, rounded half up to two places; None if that value is zero."""
        if not self.previous_value:
            return None
        exact = _WIDE.divide(self.difference * 100, self.previous_value)
        return exact.quantize(_HUNDREDTH, ROUND_HALF_UP, _WIDE)


def summary_inputs(world: World) -> SummaryInputs:
    """The inputs for the world's current date, runs and switches."""
    return SummaryInputs(
        today=world.today,
        open=world.ledger.open_cutoffs(world.today),
        previous=_newest_complete(world.ledger.runs.values()),
        gross=world.switches["elevate.values"] == "gross",
        less_credit=world.switches["elevate.credit_notes"] == "subtract",
    )


def summarize(state: AccountState, inputs: SummaryInputs) -> Summary:
    """The summary of every customer with this account state."""
    collected = [open_charges(state, index, inputs.open) for index in range(len(state.accounts))]
    account = state.accounts[PRIMARY]
    net = to_minor_unit(collected[PRIMARY].net, account.currency)
    tax = to_minor_unit(tax_on(net, account.tax_rate), account.currency) if inputs.gross else ZERO
    return Summary(
        status=_status(state, inputs.today, anything_open=any(each.lines or each.usage for each in collected)),
        fully_rated=all(each.fully_rated for each in collected),
        open_value=net + tax,
        previous_value=_previous_value(state, inputs),
    )


def _newest_complete(runs: Iterable[BillingRun]) -> tuple[tuple[str | None, datetime, int], ...]:
    newest: dict[str | None, tuple[datetime, int]] = {}
    for run in runs:
        if run.status is RunStatus.COMPLETE and run.completed_at is not None:
            newest[run.subrun] = max(newest.get(run.subrun, (run.completed_at, 0)), (run.completed_at, run.number))
    return tuple((subrun, *newest[subrun]) for subrun in newest)


def _previous_value(state: AccountState, inputs: SummaryInputs) -> Decimal:
    """What the newest complete run that covers the primary account billed to it."""
    covering_runs = [
        (at, run) for subrun, at, run in inputs.previous if subrun in (None, state.accounts[PRIMARY].group)
    ]
    if not covering_runs:
        return ZERO
    _, newest = max(covering_runs)
    billed = [bill for bill in bills_of(state) if bill.invoice.run == newest and bill.invoice.account == PRIMARY]
    value = sum((bill.total if inputs.gross else bill.net for bill in billed), ZERO)
    if inputs.less_credit:  # docs/vendors/elevate.md#credit-notes
        notes = [note for bill in billed for note in bill.credit_notes]
        value -= sum((note.total if inputs.gross else note.net for note in notes), ZERO)
    return value


def _status(state: AccountState, today: date, *, anything_open: bool) -> BillingStatus:
    """The billing status. The vendor lists five values and explains none (docs/vendors/elevate.md#billing-status); the
    meanings are assumptions.

    The first that applies: ``NEVER_BILLED``: no run has billed the customer, and the open run has nothing for it or all
    its subscriptions are yet to start. ``CEASED``: every started subscription has ended. ``RESURRECTED``: one is active
    again after at least one day without any. ``FIRST_INVOICE``: at most one run has billed it. ``ACTIVE``: otherwise.
    A cancelled bill counts as billed; bills in several currencies from one run count once.
    """
    runs = {invoice.run for invoice in state.invoices}
    started = [each for each in state.subscriptions if each.started <= today]
    if not runs and (not anything_open or (state.subscriptions and not started)):
        return "NEVER_BILLED"
    if started and all(each.ended is not None and each.ended <= today for each in started):
        return "CEASED"
    if _came_back(started):
        return "RESURRECTED"
    return "FIRST_INVOICE" if len(runs) <= 1 else "ACTIVE"


def _came_back(started: list[Subscription]) -> bool:
    """Whether a subscription started later than the day on which all earlier ones had ended.

    One that starts on that day itself follows them without a gap.
    """
    ended_since = date.max
    for index, each in enumerate(sorted(started, key=lambda subscription: subscription.started)):
        if index and each.started > ended_since:
            return True
        ended = each.ended or date.max
        ended_since = max(ended_since, ended) if index else ended
    return False
