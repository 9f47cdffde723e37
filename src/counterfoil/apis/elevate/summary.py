"""Where one customer stands: what its open and its previous bill run come to, whether all is rated, and its status.

Pure functions of a state and ``SummaryInputs``. It knows no customer numbers: customers with one history share one state.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Literal

import msgspec

from counterfoil.ledger.billing import Cutoffs, cutoffs_of, no_cutoffs
from counterfoil.ledger.ledger import open_charges
from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.receivables import bills_of, tax_on
from counterfoil.ledger.records import Account, AccountState, BillingRun, RunStatus, Subscription

if TYPE_CHECKING:
    from counterfoil.world.world import World

BillingStatus = Literal["ACTIVE", "FIRST_INVOICE", "CEASED", "RESURRECTED", "NEVER_BILLED"]

PRIMARY = 0
"""The account the values are of: an answer carries no currency, so amounts of two cannot be added."""

_HUNDREDTH = Decimal("0.01")
_WIDE = Context(prec=60)  # a quotient of two amounts has more digits than Decimal keeps by default


class SummaryInputs(msgspec.Struct, frozen=True):
    """What a standing depends on besides the state. ``open`` has the oldest run not complete of each subrun, as ``(subrun,
    cutoffs)``, oldest first; ``previous`` the newest complete one, as ``(subrun, completed at, run number)``. A subrun is a
    group of accounts, None all of them. ``today`` decides which subscriptions have started and ended."""

    today: date
    open: tuple[tuple[str | None, Cutoffs], ...]
    previous: tuple[tuple[str | None, datetime, int], ...]
    gross: bool


class Summary(msgspec.Struct, frozen=True):
    """``open_value`` and ``previous_value`` are in major units of the primary account's currency, to its minor unit."""

    status: BillingStatus
    fully_rated: bool
    open_value: Decimal
    previous_value: Decimal

    @property
    def difference(self) -> Decimal:
        return self.open_value - self.previous_value

    @property
    def percentage(self) -> Decimal | None:
        """The difference as a percentage of the previous value, to two places, half up; None without a previous value."""
        if not self.previous_value:
            return None
        exact = _WIDE.divide(self.difference * 100, self.previous_value)
        return exact.quantize(_HUNDREDTH, ROUND_HALF_UP, _WIDE)


def summary_inputs(world: World) -> SummaryInputs:
    return SummaryInputs(
        today=world.today,
        open=_open_cutoffs(world.ledger.runs.values(), world.today),
        previous=_newest_complete(world.ledger.runs.values()),
        gross=world.switches["elevate.values"] == "gross",
    )


def summarize(state: AccountState, inputs: SummaryInputs) -> Summary:
    collected = [
        open_charges(state, index, _cutoffs_for(account, inputs)) for index, account in enumerate(state.accounts)
    ]
    account = state.accounts[PRIMARY]
    net = to_minor_unit(collected[PRIMARY].net, account.currency)
    tax = to_minor_unit(tax_on(net, account.tax_rate), account.currency) if inputs.gross else ZERO
    return Summary(
        status=_status(state, inputs.today, anything_open=any(each.lines or each.usage for each in collected)),
        fully_rated=all(each.fully_rated for each in collected),
        open_value=net + tax,
        previous_value=_previous_value(state, inputs),
    )


def _open_cutoffs(runs: Iterable[BillingRun], today: date) -> tuple[tuple[str | None, Cutoffs], ...]:
    """Up to the first run for everyone: it is older, for everyone, than those after it. Without a run, all so far is open."""
    oldest: dict[str | None, Cutoffs] = {}
    for run in runs:
        if run.status is not RunStatus.COMPLETE and run.subrun not in oldest:
            oldest[run.subrun] = cutoffs_of(run, today)
            if run.subrun is None:
                break
    oldest.setdefault(None, no_cutoffs(today))
    return tuple(oldest.items())


def _cutoffs_for(account: Account, inputs: SummaryInputs) -> Cutoffs:
    """Those of the oldest open run that bills the account: a customer's bill runs are those it is billed in."""
    return next(cutoffs for subrun, cutoffs in inputs.open if subrun in (None, account.group))


def _newest_complete(runs: Iterable[BillingRun]) -> tuple[tuple[str | None, datetime, int], ...]:
    newest: dict[str | None, tuple[datetime, int]] = {}
    for run in runs:
        if run.status is RunStatus.COMPLETE and run.completed_at is not None:
            newest[run.subrun] = max(newest.get(run.subrun, (run.completed_at, 0)), (run.completed_at, run.number))
    return tuple((subrun, *newest[subrun]) for subrun in newest)


def _previous_value(state: AccountState, inputs: SummaryInputs) -> Decimal:
    """What the newest complete run billed to the primary account; a subrun's counts for accounts of its group only."""
    mine = [(at, run) for subrun, at, run in inputs.previous if subrun in (None, state.accounts[PRIMARY].group)]
    if not mine:
        return ZERO
    _, newest = max(mine)
    billed = [bill for bill in bills_of(state) if bill.invoice.run == newest and bill.invoice.account == PRIMARY]
    return sum((bill.total if inputs.gross else bill.net for bill in billed), ZERO)


def _status(state: AccountState, today: date, *, anything_open: bool) -> BillingStatus:
    """The vendor lists five values and explains none (1.6 rule 16); these readings are ours, the first that fits holds.

    ``NEVER_BILLED``: no run has billed the customer yet, and the open one holds nothing for it, or all its subscriptions
    are still to start. ``CEASED``: every subscription that started has ended. ``RESURRECTED``: it has one now, and there
    was a day without any since its first. ``FIRST_INVOICE``: no run has billed it yet, or just one. ``ACTIVE``: the rest.
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
    """Whether a subscription started later than the day all before it had ended; on that very day it takes over from them."""
    gone_since = date.max
    for index, each in enumerate(sorted(started, key=lambda subscription: subscription.started)):
        if index and each.started > gone_since:
            return True
        ended = each.ended or date.max
        gone_since = max(gone_since, ended) if index else ended
    return False
