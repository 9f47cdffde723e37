"""Reads customers: a searched and sorted page of them, one in detail, and the explanation of a bill.

Customers with the same history share one account state. A page is selected by evaluating each account state once, not each
customer, so that 100,000 customers cost no more than their histories. Names are generated for the customers of the page only;
in worlds of up to ``MAX_NAMES_GENERATED`` customers a search also covers generated names, in larger ones only the names that
the scenario or a command gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from counterfoil.api import API, Json
from counterfoil.control import serializers
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.allocation import Source
from counterfoil.ledger.billing import Cutoffs, open_charges
from counterfoil.ledger.errors import BadValue
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.receivables import balance, bills_of
from counterfoil.world.fake_identity import Contact, IdentityOverrides
from counterfoil.world.world import World

MAX_NAMES_GENERATED = 500
"""The largest world whose generated names are searched and sorted: generating a name costs about 0.1 ms, once."""

Only = Literal["all", "owing", "overdue"]


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """The figures of one account that a list of customers shows and is sorted by."""

    currency: str
    open: Decimal
    balance: Decimal
    overdue: Decimal
    bills: int
    last_bill: Decimal | None


@dataclass(frozen=True, slots=True)
class MatchingCustomers:
    """The customers that match a query, in order."""

    numbers: Sequence[int]
    names_searched: str


# --- a page --------------------------------------------------------------------------------------


def page(
    world: World, apis: Iterable[API], *, search: str, sort: str, only: Only, offset: int, limit: int
) -> dict[str, Json]:
    """Customers ``offset`` to ``offset + limit`` of those that match. Raises ``BadValue`` for names that cannot be sorted."""
    matching = world.cached(("control.customers", search, sort, only), lambda: _select(world, search, sort, only))
    shown = matching.numbers[offset : offset + limit]
    return {
        "total": len(matching.numbers),
        "offset": offset,
        "limit": limit,
        "names_searched": matching.names_searched,
        "customers": [row(world, apis, number) for number in shown],
    }


def row(world: World, apis: Iterable[API], number: int) -> dict[str, Json]:
    """One customer as a list shows it."""
    state = world.ledger.state_of(number)
    contact = world.contact_of(number)
    return {
        "customer": number,
        "key": contact.key,
        "name": contact.name,
        "email": contact.email,
        "country": contact.country,
        "opened": state.opened.isoformat(),
        "billed_to": state.billed_to,
        "subscriptions": sum(subscription.state_on(world.today) == "active" for subscription in state.subscriptions),
        "accounts": [
            {
                "account": index,
                "currency": account.currency,
                "open": serializers.money(account.open, account.currency),
                "balance": serializers.money(account.balance, account.currency),
                "overdue": serializers.money(account.overdue, account.currency),
                "bills": account.bills,
                "last_bill": None
                if account.last_bill is None
                else serializers.money(account.last_bill, account.currency),
            }
            for index, account in enumerate(account_summaries(world, state))
        ],
        "ids": {api.name: dict(api.ids(world, number)) for api in apis},
    }


def account_summaries(world: World, state: AccountState) -> tuple[AccountSummary, ...]:
    """The summary of each account as of now."""
    cutoffs = world.ledger.open_cutoffs(world.today)
    return state.cached(
        "control.account_summaries", (cutoffs, world.now), lambda: _account_summaries(world, state, cutoffs)
    )


def _account_summaries(world: World, state: AccountState, cutoffs: Cutoffs) -> tuple[AccountSummary, ...]:
    bills = bills_of(state)
    summaries = []
    for index, account in enumerate(state.accounts):
        own_bills = [bill for bill in bills if bill.invoice.account == index]
        summaries.append(
            AccountSummary(
                currency=account.currency,
                open=open_charges(state, index, cutoffs).net,
                balance=balance(state, index),
                overdue=sum((bill.remaining for bill in own_bills if bill.is_overdue(world.now)), ZERO),
                bills=len(own_bills),
                last_bill=own_bills[-1].total if own_bills else None,
            )
        )
    return tuple(summaries)


# --- selecting ------------------------------------------------------------------------------------

_SORT_VALUES: Mapping[str, Callable[[World, AccountState], Json]] = {
    "balance": lambda world, state: account_summaries(world, state)[0].balance,
    "open": lambda world, state: account_summaries(world, state)[0].open,
    "overdue": lambda world, state: account_summaries(world, state)[0].overdue,
    "bills": lambda world, state: sum(account.bills for account in account_summaries(world, state)),
    "opened": lambda world, state: state.opened,
}
SORTS = ("number", "name", *_SORT_VALUES)
"""The sort keys of customers; amounts are from a customer's first account."""


def _select(world: World, search: str, sort: str, only: Only) -> MatchingCustomers:
    numbers, names_searched = _search(world, search)
    if only != "all":
        owing_slots = _owing_slots(world, only)
        slots = world.ledger.store.slots()
        numbers = [number for number in numbers if slots[number - 1] in owing_slots]
    descending, by = sort.startswith("-"), sort.removeprefix("-")
    if by == "name":
        if not _names_are_searchable(world):
            raise BadValue(f"only worlds of up to {MAX_NAMES_GENERATED} customers can be sorted by name", field="sort")
        names = {number: world.contact_of(number).name.casefold() for number in numbers}
        return MatchingCustomers(sorted(numbers, key=names.__getitem__, reverse=descending), names_searched)
    if by == "number":
        return MatchingCustomers(numbers[::-1] if descending else numbers, names_searched)
    return MatchingCustomers(_sorted_by(world, numbers, _SORT_VALUES[by], descending), names_searched)


def _sorted_by(
    world: World, numbers: Iterable[int], value: Callable[[World, AccountState], Json], descending: bool
) -> list[int]:
    """``numbers`` sorted by a value of the account state, then by number. Each state is evaluated once."""
    states, slots = world.ledger.store.states(), world.ledger.store.slots()
    by_slot: dict[int, list[int]] = {}
    for number in numbers:
        by_slot.setdefault(slots[number - 1], []).append(number)
    by_value: dict[Json, list[int]] = {}
    for slot, numbers_in_slot in by_slot.items():
        by_value.setdefault(value(world, states[slot]), []).extend(numbers_in_slot)
    return [number for key in sorted(by_value, reverse=descending) for number in sorted(by_value[key])]


def _owing_slots(world: World, only: Only) -> set[int]:
    def matches(state: AccountState) -> bool:
        accounts = account_summaries(world, state)
        return any((account.overdue if only == "overdue" else account.balance) > 0 for account in accounts)

    used = set(world.ledger.store.slots())
    return {slot for slot, state in enumerate(world.ledger.store.states()) if slot in used and matches(state)}


def _search(world: World, search: str) -> tuple[Sequence[int], str]:
    """The customers whose number equals the search, or whose key, name or email contains it in any case; all if it is empty."""
    everyone = range(1, world.ledger.customers + 1)
    generated = _names_are_searchable(world)
    names_searched = "all" if generated else "known"
    needle = search.strip().casefold()
    if not needle:
        return everyone, names_searched
    matching = set()
    if needle.isascii() and needle.isdigit() and len(needle) < 12 and int(needle) in everyone:
        matching.add(int(needle))
    named: Iterable[tuple[int, Contact | IdentityOverrides]] = (
        ((number, world.contact_of(number)) for number in everyone) if generated else world.identity_overrides.items()
    )
    for number, contact in named:
        if any(text and needle in text.casefold() for text in (contact.name, contact.email, contact.key)):
            matching.add(number)
    return sorted(matching), names_searched


def _names_are_searchable(world: World) -> bool:
    return world.ledger.customers <= MAX_NAMES_GENERATED


# --- one customer --------------------------------------------------------------------------------


def details(world: World, apis: Iterable[API], number: int) -> dict[str, Json]:
    """One customer with accounts, bills, payments, credit notes and refunds. Raises ``UnknownRecord``."""
    state = world.ledger.state_of(number)
    contact = world.contact_of(number)
    head = row(world, apis, number)
    return {
        **head,
        "contact": contact.person,
        "phone": contact.phone,
        "street": contact.street,
        "zipcode": contact.zipcode,
        "city": contact.city,
        "pays_for": list(world.ledger.payees_of(number)),
        "accounts": [
            {
                **short,
                **serializers.account(index, state.accounts[index]),
                "credit": serializers.money(_credit(state, index), short["currency"]),
                "open_charges": _open_charges(world, state, index),
            }
            for index, short in enumerate(head["accounts"])
        ],
        "subscriptions": [serializers.subscription(subscription, world.today) for subscription in state.subscriptions],
        "bills": [serializers.bill(bill, world.now) for bill in reversed(bills_of(state))],
        "payments": _payments(state),
        "credit_notes": [
            {**serializers.credit_note(note), "credit": _unallocated(state, note, note.currency)}
            for note in reversed(state.credit_notes)
        ],
        "refunds": [
            serializers.refund(refund, state.accounts[refund.account].currency) for refund in reversed(state.refunds)
        ],
    }


def _payments(state: AccountState) -> list[dict[str, Json]]:
    shown = []
    for payment in reversed(state.payments):
        currency = state.accounts[payment.account].currency
        shown.append({**serializers.payment(payment, currency), "credit": _unallocated(state, payment, currency)})
    return shown


def _unallocated(state: AccountState, source: Source, currency: str) -> str:
    """The unallocated amount of a payment or credit note."""
    return serializers.money(state.receivables.unallocated(source), currency)


def _credit(state: AccountState, account: int) -> Decimal:
    """The unallocated amount of an account's payments and credit notes."""
    return sum((amount for _, amount in state.receivables.credits(account)), ZERO)


def _open_charges(world: World, state: AccountState, account: int) -> dict[str, Json]:
    """The open charges of one account today."""
    run = world.ledger.open_run()
    collected = open_charges(state, account, world.ledger.open_cutoffs(world.today))
    currency = state.accounts[account].currency
    return {
        "run": run.number if run else None,
        "net": serializers.money(collected.net, currency),
        "fully_rated": collected.fully_rated,
        "lines": [serializers.line(line, currency) for line in collected.lines],
        "usage": [serializers.usage(record) for record in collected.usage],
    }


def explained_bill(world: World, number: int, account: int, bill: int) -> dict[str, Json]:
    """One bill with its usage records and its computation. Raises ``UnknownRecord``."""
    return {"customer": number, **serializers.explained_bill(world.ledger.bill(number, account, bill), world.now)}
