"""Compares the query, the path parameters and the JSON body of a request with those that a test expects.

The request must have all expected members and may have others: in the query, in the path and in each object of the body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from counterfoil.plain_text import as_text

Json = Any
Query = dict[str, "str | list[str]"]
MAX_DIFFERENCES = 10


class _NotGiven:
    """The default of an argument that was left out; None is JSON's null."""

    def __repr__(self) -> str:
        return "nothing"


NOT_GIVEN: Any = _NotGiven()


def decoded_query(query: str) -> Query:
    """The names and values of a query, decoded; a list for a name that is repeated."""
    decoded: Query = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        before = decoded.get(name)
        decoded[name] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    return decoded


def query_differences(expected: Mapping[str, Any], query: Query) -> list[str]:
    """How a request's query differs from the expected members; empty if it does not."""
    return _flat_differences("query", expected, query)


def path_differences(expected: Mapping[str, Any], path: Mapping[str, str]) -> list[str]:
    """How a request's path parameters differ from the expected ones; empty if they do not."""
    return _flat_differences("path", expected, path)


def _flat_differences(where: str, expected: Mapping[str, Any], sent: Mapping[str, Any]) -> list[str]:
    differences = []
    for name, value in expected.items():
        several = isinstance(value, Iterable) and not isinstance(value, str)
        text = [as_text(each) for each in value] if several else as_text(value)
        if name not in sent:
            differences.append(f"{where} {name}: expected {text!r}, was not given")
        elif sent[name] != text:
            differences.append(f"{where} {name}: expected {text!r}, was {sent[name]!r}")
    return differences[:MAX_DIFFERENCES]


def body_differences(expected: Json, body: Json, where: str = "body") -> list[str]:
    """How a JSON body differs from the expected one; empty if it does not. Lists are compared member by member."""
    if isinstance(expected, Mapping) and isinstance(body, Mapping):
        differences = []
        for name, value in expected.items():
            if name in body:
                differences += body_differences(value, body[name], f"{where}.{name}")
            else:
                differences.append(f"{where}.{name}: expected {_shown(value)}, was not given")
        return differences[:MAX_DIFFERENCES]
    if isinstance(expected, (list, tuple)) and isinstance(body, list) and len(expected) == len(body):
        pairs = enumerate(zip(expected, body, strict=True))
        differences = [each for at, (one, other) in pairs for each in body_differences(one, other, f"{where}[{at}]")]
        return differences[:MAX_DIFFERENCES]
    expected = float(expected) if isinstance(expected, Decimal) else expected
    if expected == body and isinstance(expected, bool) == isinstance(body, bool):
        return []
    return [f"{where}: expected {_shown(expected)}, was {_shown(body)}"]


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 200 else f"{shown[:200]}…"
