"""Infers which date or time field a parameter such as ``from``, ``since`` or ``end_date`` filters by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from counterfoil.apis.generic.inference.relations import CREATED
from counterfoil.apis.generic.model import Filter, Operator
from counterfoil.apis.generic.names import letters, words
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

WINDOWS: Mapping[str, Operator] = {
    **dict.fromkeys(("startdate", "starttime", "startat", "begin", "begintime", "begindate", "after"), "from"),
    **dict.fromkeys(("from", "fromdate", "fromtime", "since"), "from"),
    **dict.fromkeys(("enddate", "endtime", "to", "todate", "totime", "until", "end", "endat", "before"), "to"),
}  # fmt: skip
"""The filter operator of a parameter with this name."""
_BEGINS = re.compile(r"(?i)(?:start|begin|begun|opened|placed|issued|occurred|date$|time$|timestamp$)")
"""Names of fields with the time at which something began or happened."""


def time_span(reader: SchemaReader, parameter: Mapping[str, Json], entity: Json) -> Filter | None:
    """The filter of a parameter that is the start or end of a time span (``start_date``, ``until``); None for others.

    The field is the entity's only time field, else the one that the parameter's description mentions, else the time of creation,
    else the time of the beginning.
    """
    schema = parameter.get("schema", {})
    operator = WINDOWS.get(letters(str(parameter.get("name"))))
    merged = reader.merged(schema)
    if operator is None or not (reader.types(schema) & {"string", "integer"} or not reader.types(schema)):
        return None
    fields = reader.properties(entity)
    instants = [name for name, each in fields.items() if _is_instant(reader, each) or letters(name) in CREATED]
    described = words(f"{parameter.get('description') or ''} {merged.get('description') or ''}")
    chosen = (
        (instants if len(instants) == 1 else [])
        or [each for each in instants if _stem(each) and _stem(each) in described]
        or [each for each in instants if letters(each) in CREATED]
        or [each for each in instants if _BEGINS.match(each)]
    )
    is_text = "string" in reader.types(schema)
    if not chosen or (is_text and merged.get("format") not in ("date", "date-time", None)):
        return None
    return Filter((chosen[0],), operator)


def _stem(field: str) -> str:
    """The word for the event in the name of a time field: ``started`` for ``startedAt``; empty if there is none."""
    parts = [each for each in words(field) if each not in ("at", "on", "date", "time", "timestamp")]
    return parts[0] if len(parts) == 1 else ""


def _is_instant(reader: SchemaReader, member: Json) -> bool:
    """Whether a field has a date or time, or a list of them."""
    merged = reader.merged(reader.items(member) if reader.is_array(member) else member)
    return merged.get("format") in ("date", "date-time", "unix-time")
