"""Bills on demand: requests one, and issues it when it is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.base import LedgerBase, check_account
from counterfoil.ledger.bill_requests import BillRequest, RequestState
from counterfoil.ledger.billing import InvoiceTerms, collect, issue_invoice, no_cutoffs, open_since
from counterfoil.ledger.errors import UnknownRecord
from counterfoil.ledger.money import to_minor_unit
from counterfoil.ledger.periods import DAY, bounded


class BillRequests(LedgerBase):
    """The method checks first and then writes everything; after a ``LedgerError`` nothing has changed."""

    def request_bill(
        self,
        customer: int,
        account: int,
        *,
        due_at: datetime,
        now: datetime,
        rated_only: bool = True,
        name: str | None = None,
        description: str | None = None,
    ) -> BillRequest:
        """Request a bill over everything open on an account, to be issued at ``due_at``, or now if that is past."""
        state = self.state_of(customer)
        check_account(state, customer, account)
        request = BillRequest(
            ordinal=len(state.requests) + 1,
            account=account,
            requested_at=now,
            due_at=due_at,
            changed_at=now,
            rated_only=rated_only,
            name=name,
            description=description,
        )
        state = state.replace(requests=(*state.requests, request), changed_at=state.touched({account}, now))
        self.store.put(customer, produce_requested(state, now))
        return self.bill_request(customer, request.ordinal)

    def bill_request(self, customer: int, ordinal: int) -> BillRequest:
        """The customer's request number ``ordinal``. Raises ``UnknownRecord``."""
        requests = self.state_of(customer).requests
        if not 1 <= ordinal <= len(requests):
            raise UnknownRecord(f"customer {customer} has no bill request {ordinal}", field="request")
        return requests[ordinal - 1]


def pending_request(state: AccountState, account: int) -> BillRequest | None:
    """The account's next request in progress; None if there is none."""
    pending = [
        request
        for request in state.requests
        if request.account == account and request.state is RequestState.IN_PROGRESS
    ]
    return min(pending, key=lambda request: request.due_at, default=None)


def next_request_due(state: AccountState) -> datetime | None:
    """When the next request in progress is due; None if there is none."""
    pending = [request for request in state.requests if request.state is RequestState.IN_PROGRESS]
    return min((request.due_at for request in pending), default=None)


def produce_requested(state: AccountState, now: datetime) -> AccountState:
    """The state after all requests that are due at ``now`` were billed, rejected or failed, oldest first."""
    for request in state.requests:
        if request.state is RequestState.IN_PROGRESS and request.due_at <= now:
            state = _complete_request(state, request, now)
    return state


def terms_of(state: AccountState, request: BillRequest) -> InvoiceTerms:
    """The dates of a requested bill: issued on the day the request is due, for the period up to that day."""
    day = bounded(request.due_at.date())
    return InvoiceTerms.of(None, day, period_end=max(open_since(state, request.account) + DAY, day))


def _complete_request(state: AccountState, request: BillRequest, now: datetime) -> AccountState:
    cutoffs = no_cutoffs(now.date())
    collected = collect(state, request.account, cutoffs)
    if request.rated_only and not collected.fully_rated:
        return _with_request(state, replace(request, state=RequestState.FAILED, changed_at=now), now)
    if to_minor_unit(collected.net, state.accounts[request.account].currency) <= 0:
        return _with_request(state, replace(request, state=RequestState.REJECTED, changed_at=now), now)
    state = issue_invoice(state, request.account, collected, cutoffs, terms_of(state, request), now)
    done = replace(request, state=RequestState.DONE, changed_at=now, invoice=state.invoices[-1].ordinal)
    return _with_request(state, done, now)


def _with_request(state: AccountState, changed: BillRequest, now: datetime) -> AccountState:
    requests = tuple(changed if request.ordinal == changed.ordinal else request for request in state.requests)
    return state.replace(requests=requests, changed_at=state.touched({changed.account}, now))
