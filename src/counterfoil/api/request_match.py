"""Compares the query, the path parameters and the JSON body of a request with those that a test names.

What is given must be there; more may be. That holds for the query, the path and, in a body, for each object.
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
    """Stands for a value that was left out; None is JSON's null."""

    def __repr__(self) -> str:
        return "nothing"


NOT_GIVEN: Any = _NotGiven()


def decoded_query(query: str) -> Query:
    """The names and values of a query, decoded; a list where a name is there several times."""
    found: Query = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        before = found.get(name)
        found[name] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    return found


def query_differences(given: Mapping[str, Any], query: Query) -> list[str]:
    """How a request's query differs from the given members; empty if it does not."""
    return _flat_differences("query", given, query)


def path_differences(given: Mapping[str, Any], path: Mapping[str, str]) -> list[str]:
    """How a request's path parameters differ from the given ones; empty if they do not."""
    return _flat_differences("path", given, path)


def _flat_differences(where: str, given: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    differences = []
    for name, value in given.items():
        several = isinstance(value, Iterable) and not isinstance(value, str)
        expected = [as_text(each) for each in value] if several else as_text(value)
        if name not in found:
            differences.append(f"{where} {name}: expected {expected!r}, was not given")
        elif found[name] != expected:
            differences.append(f"{where} {name}: expected {expected!r}, was {found[name]!r}")
    return differences[:MAX_DIFFERENCES]


def body_differences(given: Json, body: Json, where: str = "body") -> list[str]:
    """How a JSON body differs from the given one; empty if it does not. Lists must be the same, member by member."""
    if isinstance(given, Mapping) and isinstance(body, Mapping):
        differences = []
        for name, value in given.items():
            if name in body:
                differences += body_differences(value, body[name], f"{where}.{name}")
            else:
                differences.append(f"{where}.{name}: expected {_shown(value)}, was not given")
        return differences[:MAX_DIFFERENCES]
    if isinstance(given, (list, tuple)) and isinstance(body, list) and len(given) == len(body):
        pairs = enumerate(zip(given, body, strict=True))
        found = [each for at, (one, other) in pairs for each in body_differences(one, other, f"{where}[{at}]")]
        return found[:MAX_DIFFERENCES]
    given = float(given) if isinstance(given, Decimal) else given
    if given == body and isinstance(given, bool) == isinstance(body, bool):
        return []
    return [f"{where}: expected {_shown(given)}, was {_shown(body)}"]


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 200 else f"{shown[:200]}…"
