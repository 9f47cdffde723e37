"""What the defects of emnify share: its operations, and how its requests and responses are read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from ... import wire
from ...plant import defects_of

Row = dict[str, Any]
LOGIN = "POST /authenticate"
PERIODS = "GET /organisation/{org_id}/billing"
BILL = "GET /organisation/{org_id}/billing/{billing_period}"
DATA_TARIFF, SMS_TARIFF = "traffic.data.tariff.*", "traffic.sms.tariff.*"
DATA_ZONE, SMS_ZONE = f"{DATA_TARIFF}.ratezone.*", f"{SMS_TARIFF}.ratezone.*"
defect = defects_of("emnify")


def changed_at(value: Any, path: Sequence[str], change: Callable[[Any], Any]) -> Any:
    """``value`` with ``change(part)`` at a path, where there is one; ``*`` stands for every item of a list."""
    if value is None or not path:
        return value if value is None else change(value)
    if path[0] == "*":
        return [changed_at(item, path[1:], change) for item in value]
    return {**value, path[0]: changed_at(value.get(path[0]), path[1:], change)}


def part_of_bill(*paths: str) -> Callable[[Callable[[Row], Row]], wire.Defect]:
    """``f(part) -> members that are different``, at these paths of a bill."""

    def made(function: Callable[[Row], Row]) -> wire.Defect:
        @wire.body(BILL)
        @functools.wraps(function)
        def changed(bill: Row) -> Row:
            for path in paths:
                bill = changed_at(bill, path.split("."), lambda part: {**part, **function(part)})
            return bill

        return changed

    return made


def amount_of(value: Any) -> Decimal:
    return Decimal(str(value))
