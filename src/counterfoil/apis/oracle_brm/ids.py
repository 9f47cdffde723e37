"""Writes and reads the ids and numbers of bills and accounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from counterfoil.apis.oracle_brm.bills import ShownBill
    from counterfoil.world.world import World

PER_CUSTOMER, PER_ACCOUNT = 1000, 1000
"""In ids, a customer's accounts and an account's bills are numbered below these."""


class BillReference(NamedTuple):
    """What an id or number refers to: a customer's account, and a bill by its ordinal or run, as far as it says."""

    customer: int
    account: int
    ordinal: int | None = None
    run: int | None = None

    def matches(self, customer: int, bill: ShownBill) -> bool:
        """Whether it refers to this bill of this customer."""
        return (
            self.customer == customer
            and self.account == bill.account
            and (self.ordinal is None or self.ordinal == bill.ordinal)
            and (self.run is None or self.run == bill.run)
        )


def bill_key(customer: int, account: int, ordinal: int) -> int:
    """The number in a bill's id. Bills are listed in the order of these numbers."""
    return (PER_CUSTOMER * customer + account) * PER_ACCOUNT + ordinal


def bill_id(customer: int, account: int, ordinal: int) -> str:
    return f"0.0.0.1+-bill+{bill_key(customer, account, ordinal)}"


def bill_number(customer: int, account: int, run: int) -> str:
    """``B1-28`` for run 1 and customer 28; ``B1-28.1`` for the customer's second account, and so on."""
    return f"B{run}-{customer}.{account}" if account else f"B{run}-{customer}"


def account_id(customer: int, account: int) -> str:
    return f"0.0.0.1+-account+{PER_CUSTOMER * customer + account}"


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
_BILL_ID = re.compile(r"0\.0\.0\.1\+-bill\+([1-9][0-9]{0,15})", re.ASCII)
_BILL_NUMBER = re.compile(r"B([1-9][0-9]{0,9})-([1-9][0-9]{0,9})(?:\.([1-9][0-9]{0,2}))?", re.ASCII)
_ACCOUNT_ID = re.compile(r"0\.0\.0\.1\+-account\+([1-9][0-9]{0,12})", re.ASCII)
_ACCOUNT_NUMBER = re.compile(r"A-([0-9]{6,10})(?:-([1-9][0-9]{0,2}))?", re.ASCII)


def from_bill_id(text: str) -> BillReference | None:
    """The bill that an id refers to. A space stands for a plus sign that was not encoded
    (docs/vendors/oracle-brm.md#plus-in-poids)."""
    found = _BILL_ID.fullmatch(with_plus(text))
    if found is None:
        return None
    account, ordinal = divmod(int(found[1]), PER_ACCOUNT)
    return BillReference(*divmod(account, PER_CUSTOMER), ordinal=ordinal)


def from_bill_number(text: str) -> BillReference | None:
    """The bill that a bill number refers to."""
    found = _BILL_NUMBER.fullmatch(text)
    return BillReference(int(found[2]), int(found[3] or 0), run=int(found[1])) if found else None


def from_account(text: str) -> BillReference | None:
    """The account that an account id or account number refers to."""
    found = _ACCOUNT_ID.fullmatch(with_plus(text))
    if found:
        return BillReference(*divmod(int(found[1]), PER_CUSTOMER))
    found = _ACCOUNT_NUMBER.fullmatch(text)
    if found is None or (len(found[1]) > 6 and found[1][0] == "0"):
        return None
    return BillReference(int(found[1]), int(found[2] or 0))


def with_plus(text: str) -> str:
    return text.replace(" ", "+")
