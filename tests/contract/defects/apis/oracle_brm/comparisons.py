"""Defects of oracle-brm in filters that compare amounts and instants."""

from __future__ import annotations

import operator
import re
from decimal import Decimal
from typing import Any

from ... import wire
from ...lists import Row
from .shared import AMOUNTS, BILLS, BOUNDS, INSTANTS, LIST, TIMES, compares, defect, reads_texts, renamed, value_at


@defect("filtering")
@compares(AMOUNTS, "", lambda value, bound: abs(value - bound) < Decimal("0.01"))
def equal_compares_within_a_cent() -> None:
    """Amounts are found by a value up to a cent away."""


@defect("filtering")
@compares(INSTANTS, "", lambda value, bound: value.date() == bound.date())
def equal_compares_days() -> None:
    """Timestamps are found by any instant of the same day."""


@defect("filtering")
@compares((*AMOUNTS, *INSTANTS), ".gt", operator.ge)
def gt_includes_the_bound() -> None:
    """Only at the boundary: .gt is .gte."""


@defect("filtering")
@compares((*AMOUNTS, *INSTANTS), ".gte", operator.gt)
def gte_leaves_the_bound_out() -> None:
    """Only at the boundary: .gte is .gt."""


@defect("filtering")
@compares((*AMOUNTS, *INSTANTS), ".lt", operator.le)
def lt_includes_the_bound() -> None:
    """Only at the boundary: .lt is .lte."""


@defect("filtering")
@compares((*AMOUNTS, *INSTANTS), ".lte", operator.lt)
def lte_leaves_the_bound_out() -> None:
    """Only at the boundary: .lte is .lt."""


@defect("filtering")
@wire.query(LIST)
def last_update_gte_is_lt(query: dict[str, str]) -> dict[str, str]:
    """lastUpdate.gte does what the slip in the vendor's page says: it is .lt."""
    return renamed(query, {"lastUpdate.gte": "lastUpdate.lt"})


@defect("filtering")
@wire.query(LIST)
def remaining_filters_look_at_the_total(query: dict[str, str]) -> dict[str, str]:
    """Only for bills that were paid in part: remainingAmount.value compares amountDue."""
    return renamed(query, {f"remainingAmount.value{bound}": f"amountDue.value{bound}" for bound in BOUNDS})


@defect("filtering")
@compares(["amountDue.value"], ".gt", lambda value, bound: int(value) > int(bound))
def amount_filters_drop_the_cents() -> None:
    """amountDue.value.gt compares whole units."""


def _text(value: Any) -> str:
    """An amount without trailing zeros."""
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@defect("filtering")
@BILLS.matching(AMOUNTS)
def amounts_compare_as_texts(row: Row, name: str, given: str, was: bool) -> bool:
    """amountDue.value=12.0 does not find 12; nor does remainingAmount.value."""
    return _text(value_at(row, name)) == given


@defect("filtering")
@wire.query(LIST)
def period_start_filters_look_at_the_end(query: dict[str, str]) -> dict[str, str]:
    """billingPeriod.startDateTime.lt compares the end."""
    return renamed(query, {"billingPeriod.startDateTime.lt": "billingPeriod.endDateTime.lt"})


@defect("filtering")
@reads_texts(TIMES, lambda text: re.sub(r"(?<=\d)[+-]\d\d:\d\d$", "Z", text))
def offsets_are_ignored() -> None:
    """Only with offset timestamps: 02:00+02:00 is taken for 02:00Z."""


@defect("filtering")
@reads_texts(
    TIMES,
    lambda text: re.sub(r"([+-])(\d\d:\d\d)$", lambda found: {"+": "-", "-": "+"}[found[1]] + found[2], text),
)
def offsets_turn_the_wrong_way() -> None:
    """Only with offset timestamps: +02:00 is taken for -02:00."""


@defect("filtering")
@reads_texts(TIMES, lambda text: re.sub(r"([+-]\d\d):\d\d$", r"\1:00", text))
def half_hours_of_an_offset_are_lost() -> None:
    """Only with offset timestamps that have minutes: +05:30 is taken for +05:00."""


@defect("filtering")
@reads_texts(TIMES, lambda text: re.sub(r"\.\d+", "", text))
def fractions_of_a_second_are_lost() -> None:
    """Only for instants within a second: .gt passes over the milliseconds of its bound."""
