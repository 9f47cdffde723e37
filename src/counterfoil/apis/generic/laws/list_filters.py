"""Describes the filters of a list for the families of laws: what a parameter selects, and which values to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from counterfoil.apis.generic.data.fitting import Checks
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.laws.list_fields import ListFields
from counterfoil.apis.generic.model import Filter as ModelFilter
from counterfoil.contract.fields import DATE, DATE_TIME, INTEGER, NUMBER, TEXT, observed
from counterfoil.contract.filters import Filter, above, below, equal
from counterfoil.contract.law import NotTried

Json = Any
STEPS: Mapping[str, tuple[Any, ...]] = {
    NUMBER: (Decimal("0.01"), Decimal(1)),
    INTEGER: (Decimal(1),),
    DATE_TIME: (timedelta(seconds=1),),
    DATE: (timedelta(days=1),),
}
"""Differences of the values that are tried next to an observed one, by kind."""


def filter_of(param: str, selects: ModelFilter, fields: ListFields, schema: Json, document: Document) -> Filter | None:
    """The filter of a query parameter with this schema; None if its effect on the list is not documented."""
    found, reader = fields.field(selects.field), document.reader
    is_array = reader.is_array(schema)
    schema = reader.items(schema) if is_array else schema
    types = reader.types(schema)
    if found is None or "object" in types or (types & {"integer", "number"} and found.kind not in (INTEGER, NUMBER)):
        return None
    if found.kind == DATE_TIME and reader.merged(schema).get("format") == "date":
        return None  # not documented: whether a day means its start, its end or all of it
    if selects.operator in ("equal", "in"):
        # a list of one value is sent as that value
        is_list = selects.operator == "in" or is_array
        same = equal(found, param, draw=_documented(document.schemas.validator(schema, "request"), is_list))
        return replace(same, write=_number) if found.kind in (INTEGER, NUMBER) else same
    if found.kind == TEXT:
        return None  # not documented: how a server orders texts
    make = {"above": above, "from": above, "below": below, "to": below}.get(selects.operator)
    if make is None:
        return None
    ordered = make(found, param, inclusive=selects.operator in ("from", "to"))
    ordered = replace(ordered, draw=_around(document.schemas.validator(schema, "request")))
    return replace(ordered, write=_number) if found.kind in (INTEGER, NUMBER) else ordered


def _documented(parameter: Checks, is_list: bool) -> Any:
    """Draws observed values that the parameter's schema allows; for a list, without commas, which separate its values."""

    def is_accepted(value: Json) -> bool:
        if is_list and isinstance(value, str) and "," in value:
            return False
        if value in ("true", "false") and parameter.is_valid(value == "true"):
            return True
        return parameter.is_valid(int(value) if isinstance(value, Decimal) and value == int(value) else value)

    def draw(selects: Filter, items: Any) -> Any:
        from hypothesis import strategies as st

        values = [
            value
            for value in observed(selects.field, items)
            if is_accepted(selects.field.write(value) if isinstance(value, date) else value)
        ]
        if not values:
            raise NotTried(f"no value in the list is valid for {selects.param}")
        return st.sampled_from(values)

    return draw


def _number(value: Decimal) -> str:
    """A number as the text of a parameter: 2.0 as 2, which is valid for integers and numbers."""
    return str(int(value)) if value == int(value) else format(value, "f")


def _around(parameter: Checks) -> Any:
    """Draws observed numbers or times, and some just below and above them, if the parameter's schema allows them."""

    def is_taken(selects: Filter, value: Any) -> bool:
        if isinstance(value, Decimal):
            return parameter.is_valid(int(value) if value == int(value) else value)
        return parameter.is_valid(selects.write(value))

    def draw(selects: Filter, items: Any) -> Any:
        from hypothesis import strategies as st

        values = observed(selects.field, items)
        near = [value + way * step for value in values[:20] for step in STEPS[selects.field.kind] for way in (1, -1)]
        whole = [Decimal(int(value)) for value in values[:20] if isinstance(value, Decimal)]
        usable = dict.fromkeys([*values[:3], *near, *values[3:], *whole])
        taken = [value for value in usable if is_taken(selects, value)]
        if not taken:
            raise NotTried(f"no value near those in the list is valid for {selects.param}")
        return st.sampled_from(taken)

    return draw
