"""Defects of oracle-brm in the other filters."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import BILLS, FILTERS, LIKES, LIST, NOT_YET_NUMBERED, defect, party_of, passes_over, value_at


@defect("filtering", scenario="demo")
@BILLS.matching(["billNo"], lambda given: given != NOT_YET_NUMBERED)
def bill_number_is_a_prefix(row: Row, name: str, given: str, was: bool) -> bool:
    """billNo=B2-1 finds B2-10 to B2-19, too."""
    return (row.get("billNo") or "").startswith(given)


@defect("filtering")
@BILLS.matching(["billNo"], lambda given: given == NOT_YET_NUMBERED)
def bill_in_progress_is_a_number_like_others(row: Row, name: str, given: str, was: bool) -> bool:
    """billNo=bill in progress finds nothing."""
    return False


def _likes(expression: Callable[[str], str]) -> Callable[[Callable[[], None]], wire.Defect]:
    """Patterns are ``expression(text)``, a regular expression."""

    def made(function: Callable[[], None]) -> wire.Defect:
        @BILLS.matching(LIKES)
        @functools.wraps(function)
        def changed(row: Row, name: str, given: str, was: bool) -> bool:
            text = str(value_at(row, name.removesuffix(".like")) or "")
            try:
                return any(re.fullmatch(expression(each), text) for each in given.split(","))
            except re.error:  # a pattern such as "%(" is no regular expression
                return was

        return changed

    return made


@defect("filtering")
@_likes(lambda text: re.escape(text).replace("%", "."))
def percent_stands_for_one_character() -> None:
    """In patterns a percent sign is a single character."""


@defect("filtering")
@_likes(lambda text: text.replace("%", ".*"))
def patterns_are_regular_expressions() -> None:
    """Only where a pattern holds a dot: it stands for any character."""


@defect("filtering")
@_likes(lambda text: re.escape(text).replace("%", ".*") + ".*")
def patterns_are_not_held_to_the_end() -> None:
    """A pattern without a percent sign at its end finds longer texts, too."""


@defect("filtering")
@_likes(lambda text: re.escape(text).replace("%", ".*", 1))
def patterns_count_one_percent_sign_only() -> None:
    """Only with two percent signs: the second is a character."""


@defect("filtering")
@BILLS.matching(["remainingAmount.value.like"])
def remaining_like_looks_at_the_total(row: Row, name: str, given: str, was: bool) -> bool:
    """Only for bills that were paid: remainingAmount.value.like is asked of the total."""
    total = str(row["amountDue"]["value"])
    return any(re.fullmatch(re.escape(each).replace("%", ".*"), total) for each in given.split(","))


def _finds(name: str, of: Callable[[Row], Any], change: Callable[[Any], Any] = lambda key: key) -> Any:
    """The filter ``name`` finds all bills of which ``of(bill)`` is ``change(of(right bill))``."""

    def made(function: Callable[[], None]) -> wire.Defect:
        @wire.exchange(LIST)
        @functools.wraps(function)
        async def changed(request: Request, ask: Ask) -> Response:
            response = await ask(request)
            if response.status != 200 or name not in request.query:
                return response
            keys = {change(of(full)) for full, _ in await BILLS.all(request, ask)}
            everything = await BILLS.all(request.without(name), ask)
            return BILLS.answer(response, request, [shown for full, shown in everything if of(full) in keys])

        return changed

    return made


@defect("filtering", scenario="multi-currency")
@_finds("billingAccount.id", party_of)
def account_filter_finds_all_of_a_customer() -> None:
    """Only for a customer's second account: billingAccount.id finds the bills of the first, too."""


@defect("filtering")
@_finds("billingAccount.id", party_of, lambda party: str(int(party) + 1))
def account_filter_finds_the_neighbour() -> None:
    """billingAccount.id finds the next account's bills."""


@defect("filtering")
@BILLS.matching(["billingAccount.id"], lambda given: given.startswith("A-"))
def accounts_have_no_number(row: Row, name: str, given: str, was: bool) -> bool:
    """billingAccount.id takes ids only, no account numbers."""
    return False


@defect("filtering")
@_finds("id", lambda bill: bill["billingAccount"]["id"])
def id_filter_finds_the_account() -> None:
    """id finds all bills of the same account."""


@defect("filtering")
@BILLS.matching(["id", "billingAccount.id"], lambda given: " " in given)
def a_plus_is_a_space(row: Row, name: str, given: str, was: bool) -> bool:
    """An id whose plus signs arrive as spaces is not found."""
    return False


@defect("filtering")
@BILLS.matching(["state"], lambda given: "settled" in given)
def settled_finds_partially_paid(row: Row, name: str, given: str, was: bool) -> bool:
    """state=settled finds bills that are paid in part, too."""
    return was or row["state"] == "partiallyPaid"


@defect("filtering")
@wire.query(LIST)
def only_the_last_filter_counts(query: dict[str, str]) -> dict[str, str]:
    """Only under a second filter: the last one decides."""
    last = [name for name in query if name in FILTERS][-1:]
    return {name: value for name, value in query.items() if name not in FILTERS or name in last}


@defect("filtering")
@wire.query(LIST)
def only_the_last_bound_counts(query: dict[str, str]) -> dict[str, str]:
    """Only with two bounds on billDate: the first is ignored."""
    first = [name for name in query if name.startswith("billDate.")][:-1]
    return {name: value for name, value in query.items() if name not in first}


@defect("filtering")
@passes_over(lambda request: len(set(FILTERS) & set(request.query)) > 1, "state")
def state_counts_alone_only() -> None:
    """Only under a second filter: state is ignored."""


@defect("filtering")
@wire.exchange(LIST)
async def an_unknown_number_finds_everything(request: Request, ask: Ask) -> Response:
    """billNo with a number that no bill has filters nothing."""
    response = await ask(request)
    is_unknown = "billNo" in request.query and response.headers.get("x-total-count") == "0"
    return await ask(request.without("billNo")) if is_unknown else response
