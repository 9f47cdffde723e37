"""Looking at customers: a searched, sorted page of them, one of them in full, and why a bill is what it is.

A page is chosen by working on each distinct book once and never on each customer's objects, so that a hundred thousand
customers cost no more than their histories. Names are painted for the customers on the page only; a search by name
looks at painted names as well in worlds of up to ``PAINTED`` customers, and at names the scenario or a command gave in
larger ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from counterfoil.api import API, Json
from counterfoil.control import serializers
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.billing import Cutoffs, open_charges
from counterfoil.ledger.errors import BadValue
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.receivables import balance, bills_of
from counterfoil.world.fake_identity import Contact, IdentityOverrides
from counterfoil.world.world import World

PAINTED = 500
"""The largest world whose painted names are searched and sorted: painting a name costs about 0.1 ms, once."""

Only = Literal["all", "owing", "overdue"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is shown of one account in a list, and what lists are sorted by."""

    currency: str
    open: Decimal
    balance: Decimal
    overdue: Decimal
    bills: int
    last_bill: Decimal | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which customers a query means, in order."""

    numbers: Sequence[int]
    names_searched: str


# --- a page --------------------------------------------------------------------------------------


def page(
    world: World, apis: Iterable[API], *, search: str, sort: str, only: Only, offset: int, limit: int
) -> dict[str, Json]:
    """Customers ``offset`` to ``offset + limit`` of those meant. Raises ``BadValue`` for names that cannot be sorted."""
    wanted = world.cached(("sandbox.customers", search, sort, only), lambda: _select(world, search, sort, only))
    shown = wanted.numbers[offset : offset + limit]
    return {
        "total": len(wanted.numbers),
        "offset": offset,
        "limit": limit,
        "names_searched": wanted.names_searched,
        "customers": [row(world, apis, number) for number in shown],
    }


def row(world: World, apis: Iterable[API], number: int) -> dict[str, Json]:
    """One customer as it stands in a list."""
    book = world.ledger.state_of(number)
    party = world.party(number)
    return {
        "customer": number,
        "key": party.key,
        "name": party.name,
        "email": party.email,
        "country": party.country,
        "opened": book.opened.isoformat(),
        "billed_to": book.billed_to,
        "subscriptions": sum(each.state_on(world.today) == "active" for each in book.subscriptions),
        "accounts": [
            {
                "account": index,
                "currency": each.currency,
                "open": serializers.money(each.open, each.currency),
                "balance": serializers.money(each.balance, each.currency),
                "overdue": serializers.money(each.overdue, each.currency),
                "bills": each.bills,
                "last_bill": None if each.last_bill is None else serializers.money(each.last_bill, each.currency),
            }
            for index, each in enumerate(standings(world, book))
        ],
        "ids": {api.name: dict(api.ids(world, number)) for api in apis},
    }


def standings(world: World, book: AccountState) -> tuple[Standing, ...]:
    """How each account of a book stands now."""
    cutoffs = world.ledger.open_cutoffs(world.today)
    return book.cached("sandbox.standing", (cutoffs, world.now), lambda: _standings(world, book, cutoffs))


def _standings(world: World, book: AccountState, cutoffs: Cutoffs) -> tuple[Standing, ...]:
    bills = bills_of(book)
    standing = []
    for index, account in enumerate(book.accounts):
        mine = [bill for bill in bills if bill.invoice.account == index]
        standing.append(
            Standing(
                currency=account.currency,
                open=open_charges(book, index, cutoffs).net,
                balance=balance(book, index),
                overdue=sum((bill.remaining for bill in mine if bill.is_overdue(world.now)), ZERO),
                bills=len(mine),
                last_bill=mine[-1].total if mine else None,
            )
        )
    return tuple(standing)


# --- choosing ------------------------------------------------------------------------------------

_BY: Mapping[str, Callable[[World, AccountState], Json]] = {
    "balance": lambda world, book: standings(world, book)[0].balance,
    "open": lambda world, book: standings(world, book)[0].open,
    "overdue": lambda world, book: standings(world, book)[0].overdue,
    "bills": lambda world, book: sum(each.bills for each in standings(world, book)),
    "opened": lambda world, book: book.opened,
}
SORTS = ("number", "name", *_BY)
"""What customers can be sorted by; amounts are those of a customer's first account."""


def _select(world: World, search: str, sort: str, only: Only) -> Selection:
    numbers, names_searched = _found(world, search)
    if only != "all":
        kept = _kept(world, only)
        places = world.ledger.store.slots()
        numbers = [number for number in numbers if places[number - 1] in kept]
    backwards, by = sort.startswith("-"), sort.removeprefix("-")
    if by == "name":
        if not _all_named(world):
            raise BadValue(f"only worlds of up to {PAINTED} customers can be sorted by name", field="sort")
        names = {number: world.party(number).name.casefold() for number in numbers}
        return Selection(sorted(numbers, key=names.__getitem__, reverse=backwards), names_searched)
    if by == "number":
        return Selection(numbers[::-1] if backwards else numbers, names_searched)
    return Selection(_by_book(world, numbers, _BY[by], backwards), names_searched)


def _by_book(
    world: World, numbers: Iterable[int], value: Callable[[World, AccountState], Json], backwards: bool
) -> list[int]:
    """Sorted by a value of the book, then by number: each book is valued once, and customers are dealt into its place."""
    books, places = world.ledger.store.states(), world.ledger.store.slots()
    dealt: dict[int, list[int]] = {}
    for number in numbers:
        dealt.setdefault(places[number - 1], []).append(number)
    same: dict[Json, list[int]] = {}
    for place, mine in dealt.items():
        same.setdefault(value(world, books[place]), []).extend(mine)
    return [number for key in sorted(same, reverse=backwards) for number in sorted(same[key])]


def _kept(world: World, only: Only) -> set[int]:
    def keeps(book: AccountState) -> bool:
        accounts = standings(world, book)
        return any((each.overdue if only == "overdue" else each.balance) > 0 for each in accounts)

    used = set(world.ledger.store.slots())
    return {place for place, book in enumerate(world.ledger.store.states()) if place in used and keeps(book)}


def _found(world: World, search: str) -> tuple[Sequence[int], str]:
    """Customers by number (exactly), key, name or email (any part, whatever its case); all of them for no search."""
    everyone = range(1, world.ledger.customers + 1)
    painted = _all_named(world)
    names_searched = "all" if painted else "known"
    wanted = search.strip().casefold()
    if not wanted:
        return everyone, names_searched
    found = set()
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 12 and int(wanted) in everyone:
        found.add(int(wanted))
    named: Iterable[tuple[int, Contact | IdentityOverrides]] = (
        ((number, world.party(number)) for number in everyone) if painted else world.known.items()
    )
    for number, each in named:
        if any(text and wanted in text.casefold() for text in (each.name, each.email, each.key)):
            found.add(number)
    return sorted(found), names_searched


def _all_named(world: World) -> bool:
    return world.ledger.customers <= PAINTED


# --- one customer --------------------------------------------------------------------------------


def in_full(world: World, apis: Iterable[API], number: int) -> dict[str, Json]:
    """Everything the ledger has of one customer. Raises ``UnknownRecord``."""
    book = world.ledger.state_of(number)
    party = world.party(number)
    head = row(world, apis, number)
    return {
        **head,
        "contact": party.contact,
        "phone": party.phone,
        "street": party.street,
        "zipcode": party.zipcode,
        "city": party.city,
        "pays_for": list(world.ledger.payees_of(number)),
        "accounts": [
            {**short, **serializers.account(index, book.accounts[index]), "open_charges": _open(world, book, index)}
            for index, short in enumerate(head["accounts"])
        ],
        "subscriptions": [serializers.subscription(each, world.today) for each in book.subscriptions],
        "bills": [serializers.bill(each, world.now) for each in reversed(bills_of(book))],
        "payments": [
            serializers.payment(each, book.accounts[each.account].currency) for each in reversed(book.payments)
        ],
        "credit_notes": [serializers.credit_note(each) for each in reversed(book.credit_notes)],
        "refunds": [serializers.refund(each, book.accounts[each.account].currency) for each in reversed(book.refunds)],
    }


def _open(world: World, book: AccountState, account: int) -> dict[str, Json]:
    """What is open today on one account."""
    run = world.ledger.open_run()
    collected = open_charges(book, account, world.ledger.open_cutoffs(world.today))
    currency = book.accounts[account].currency
    return {
        "run": run.number if run else None,
        "net": serializers.money(collected.net, currency),
        "fully_rated": collected.fully_rated,
        "lines": [serializers.line(line, currency) for line in collected.lines],
        "usage": [serializers.usage(record) for record in collected.usage],
    }


def why(world: World, number: int, account: int, bill: int) -> dict[str, Json]:
    """One bill down to its usage records. Raises ``UnknownRecord``."""
    return {"customer": number, **serializers.why(world.ledger.bill(number, account, bill), world.now)}
