"""Formats and parses the ids and numbers of bills, accounts, payments, bills on demand and rates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from counterfoil.world.world import World

PER_CUSTOMER, PER_ACCOUNT = 1000, 1000
"""In ids, a customer's accounts and an account's bills are numbered below these."""
PER_PAYER = PER_CUSTOMER * PER_ACCOUNT
"""In ids, a customer's payments and requests are numbered below this."""


class Bill(Protocol):
    """An object that a reference to a bill can match: a bill, or a rate of one."""

    @property
    def account(self) -> int: ...
    @property
    def ordinal(self) -> int: ...
    @property
    def series(self) -> str | None: ...


class BillReference(NamedTuple):
    """The target of an id or number: a customer's account, and a bill by its ordinal or series, if it has one."""

    customer: int
    account: int
    ordinal: int | None = None
    series: str | None = None

    def matches(self, customer: int, bill: Bill) -> bool:
        """Whether it refers to this bill of this customer."""
        return (
            self.customer == customer
            and self.account == bill.account
            and (self.ordinal is None or self.ordinal == bill.ordinal)
            and (self.series is None or self.series == bill.series)
        )


def poid(kind: str, owner: int, ordinal: int, per_owner: int) -> str:
    """An id for the owner's ``ordinal``-th object of a kind.

    After each ``per_owner`` objects the database number (the last one in 0.0.0.1) increases by one, so that all ids differ.
    """
    database, number = divmod(ordinal, per_owner)
    return f"0.0.0.{1 + database}+-{kind}+{owner * per_owner + number}"


def bill_id(customer: int, account: int, ordinal: int, kind: str = "bill") -> str:
    return poid(kind, PER_CUSTOMER * customer + account, ordinal, PER_ACCOUNT)


def bill_number(customer: int, account: int, series: str) -> str:
    """``B1-28`` for run 1 and customer 28, ``D3-28`` for the customer's third bill, if it was made on demand; ``B1-28.1`` for
    the customer's second account, and so on."""
    return f"{series}-{customer}.{account}" if account else f"{series}-{customer}"


def series_on_demand(ordinal: int) -> str:
    """The first part of the number of a bill on demand."""
    return f"D{ordinal}"


def account_id(customer: int, account: int, kind: str = "account") -> str:
    return f"0.0.0.1+-{kind}+{PER_CUSTOMER * customer + account}"


def ids_of(world: World, customer: int) -> dict[str, str]:
    """The customer's account ids by name, for ``API.ids``; the first name has no number."""
    accounts = range(len(world.ledger.state_of(customer).accounts))
    return {
        f"billingAccount.id{f' {account + 1}' if account else ''}": account_id(customer, account)
        for account in accounts
    }


def account_number(customer: int, account: int) -> str:
    return f"A-{customer:06d}-{account}" if account else f"A-{customer:06d}"


# The lengths are bounded: no ledger has customers with longer numbers.
_BILL_ID = re.compile(r"0\.0\.0\.([1-9][0-9]{0,6})\+-bill\+([1-9][0-9]{0,15})", re.ASCII)
_REQUEST_ID = re.compile(r"0\.0\.0\.([1-9][0-9]{0,6})\+-billondemand\+([1-9][0-9]{0,15})", re.ASCII)
_RATE_ID = re.compile(r"0\.0\.0\.([1-9][0-9]{0,6})\+-(item-[a-z]+)\+([1-9][0-9]{0,15})-([0-9A-Za-z-]{1,80})", re.ASCII)
_BILL_NUMBER = re.compile(r"([BD][1-9][0-9]{0,9})-([1-9][0-9]{0,9})(?:\.([1-9][0-9]{0,2}))?", re.ASCII)
_ACCOUNT_ID = re.compile(r"0\.0\.0\.1\+-account\+([1-9][0-9]{0,12})", re.ASCII)
_ACCOUNT_NUMBER = re.compile(r"A-([0-9]{6,10})(?:-([1-9][0-9]{0,2}))?", re.ASCII)


def from_bill_id(text: str) -> BillReference | None:
    """The bill that an id refers to. A space stands for a plus sign that was not encoded
    (docs/vendors/oracle-brm.md#plus-in-poids)."""
    found = _BILL_ID.fullmatch(with_plus(text))
    return _bill(found[1], found[2]) if found else None


def _bill(database: str, number: str) -> BillReference:
    account, rest = divmod(int(number), PER_ACCOUNT)
    return BillReference(*divmod(account, PER_CUSTOMER), ordinal=(int(database) - 1) * PER_ACCOUNT + rest)


def from_bill_number(text: str) -> BillReference | None:
    """The bill that a bill number refers to."""
    found = _BILL_NUMBER.fullmatch(text)
    return BillReference(int(found[2]), int(found[3] or 0), series=found[1]) if found else None


def from_bill(text: str) -> BillReference | None:
    """The bill that an id or a bill number refers to."""
    return from_bill_id(text) or from_bill_number(text)


def from_account(text: str) -> BillReference | None:
    """The account that an account id or account number refers to."""
    found = _ACCOUNT_ID.fullmatch(with_plus(text))
    if found:
        return BillReference(*divmod(int(found[1]), PER_CUSTOMER))
    found = _ACCOUNT_NUMBER.fullmatch(text)
    if found is None or (len(found[1]) > 6 and found[1][0] == "0"):
        return None
    return BillReference(int(found[1]), int(found[2] or 0))


def request_id(customer: int, ordinal: int) -> str:
    return poid("billondemand", customer, ordinal, PER_PAYER)


def from_request_id(text: str) -> tuple[int, int] | None:
    """The customer and the ordinal of the request for a bill that an id refers to."""
    found = _REQUEST_ID.fullmatch(with_plus(text))
    if found is None:
        return None
    customer, rest = divmod(int(found[2]), PER_PAYER)
    return customer, (int(found[1]) - 1) * PER_PAYER + rest


def rate_id(customer: int, account: int, ordinal: int, kind: str, item: str) -> str:
    """The id of an applied rate: that of its bill with another type, and an item that is unique in the bill."""
    return f"{bill_id(customer, account, ordinal, kind)}-{item}"


def from_rate_id(text: str) -> tuple[BillReference, str, str] | None:
    """The bill, the kind and the item that the id of an applied rate refers to."""
    found = _RATE_ID.fullmatch(with_plus(text))
    return (_bill(found[1], found[3]), found[2], found[4]) if found else None


def with_plus(text: str) -> str:
    return text.replace(" ", "+")
