"""Selects members by conditions (``{"field": "name", "operator": "=", "value": "Ann"}``) and by OData's ``$filter``.

A condition on a field that members do not have, or with an unknown operator, selects nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from counterfoil.apis.generic.comparing import matches
from counterfoil.apis.generic.model import NESTED
from counterfoil.apis.generic.names import letters, word_set
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any
Predicate = Callable[[Mapping[str, Json]], bool]

FIELD = word_set("field property attribute key column fieldname propertyname")
OPERATOR = word_set("operator op comparator comparison operation condition predicate")
VALUE = word_set("value values operand")
MAX_DEPTH = 8
MAX_CONDITIONS = 200
"""Conditions in one request."""
_OPERATORS: Mapping[str, tuple[str, bool]] = {
    **dict.fromkeys(("=", "==", "eq", "equals", "equal", "is", "equalto", "exact"), ("equal", True)),
    **dict.fromkeys(("!=", "<>", "ne", "neq", "not", "isnot", "notequals", "notequal", "notequalto"), ("equal", False)),
    **dict.fromkeys((">", "gt", "greaterthan", "after"), ("above", True)),
    **dict.fromkeys(
        (">=", "gte", "ge", "greaterthanequal", "greaterthanorequal", "greaterthanorequalto"), ("from", True)
    ),
    **dict.fromkeys(("<", "lt", "lessthan", "before"), ("below", True)),
    **dict.fromkeys(("<=", "lte", "le", "lessthanequal", "lessthanorequal", "lessthanorequalto"), ("to", True)),
    **dict.fromkeys(("in", "anyof", "oneof"), ("in", True)),
    **dict.fromkeys(("nin", "notin", "noneof"), ("in", False)),
    **dict.fromkeys(("~", "contains", "like", "ilike", "includes"), ("contains", True)),
    **dict.fromkeys(("!~", "notcontains", "notlike", "doesnotcontain"), ("contains", False)),
    **dict.fromkeys(("^", "startswith", "beginswith", "prefix"), ("begins", True)),
    **dict.fromkeys(("$", "endswith", "suffix"), ("ends", True)),
}
"""The comparison of each operator, and the expected result of the comparison."""


class UnknownFilter(ValueError):
    """A filter cannot be read; the message is one line."""


def is_condition(reader: SchemaReader, schema: Json, depth: int = 0) -> bool:
    """Whether a schema describes a condition or a list of conditions."""
    if depth > MAX_DEPTH:
        return False
    if reader.is_array(schema):
        return is_condition(reader, reader.items(schema), depth + 1)
    names = {letters(name) for name in reader.properties(schema)}
    return bool(names & FIELD) and bool(names & OPERATOR) and bool(names & VALUE)


def predicate_for(asked: Json) -> Predicate:
    """A function that tells whether the sent conditions select a member: those of a request body, or a ``$filter`` text.

    Raises ``UnknownFilter``.
    """
    return _odata(asked) if isinstance(asked, str) else _read(asked, 0, iter(range(MAX_CONDITIONS)))


def _read(asked: Json, depth: int, left: Iterator[int]) -> Predicate:
    if depth > MAX_DEPTH or next(left, None) is None:
        raise UnknownFilter(f"a filter has up to {MAX_CONDITIONS} conditions, {MAX_DEPTH} deep")
    if isinstance(asked, list):
        return _all([_read(each, depth + 1, left) for each in asked])
    if not isinstance(asked, dict):
        return lambda value: True
    by_letters = {letters(name): each for name, each in asked.items()}
    field = next((by_letters[each] for each in sorted(FIELD) if isinstance(by_letters.get(each), str)), None)
    operator = next((by_letters[each] for each in sorted(OPERATOR) if isinstance(by_letters.get(each), str)), "eq")
    value = next((by_letters[each] for each in ("value", "values", "operand") if each in by_letters), None)
    if field is not None:
        return _condition(field, operator, _plain(value))
    if operator.lower() in ("and", "or") and isinstance(value, list):
        parts = [_read(each, depth + 1, left) for each in value]
        return _all(parts) if operator.lower() == "and" else _any(parts)
    joined = [
        (_any if name == "or" else _all)([_read(each, depth + 1, left) for each in by_letters[name]])
        for name in ("and", "or")
        if isinstance(by_letters.get(name), list)
    ]
    return _all(joined)


def _plain(value: Json) -> Json:
    """The value itself, if it is sent under the name of its type: ``{"string": "Ann", "number": null}``."""
    if isinstance(value, dict):
        return next((each for each in value.values() if each not in (None, "", [])), None)
    return value


def _condition(field: str, operator: str, wanted: Json) -> Predicate:
    compared, expected = _OPERATORS.get(operator.lower(), _OPERATORS.get(letters(operator), ("", True)))
    keys = [letters(part) for part in re.split(r"[./]", field)]

    def keeps(value: Mapping[str, Json]) -> bool:
        found, known = _field(value, keys)
        return known and compared != "" and _compare(compared, found, wanted) is expected

    return keeps


def _compare(operator: str, value: Json, wanted: Json) -> bool:
    if operator in ("begins", "ends"):
        text, end = str(value).lower(), str(wanted).lower()
        return value is not None and (text.startswith(end) if operator == "begins" else text.endswith(end))
    if value is None and wanted is None and operator == "equal":
        return True
    return matches(operator, value, wanted)


def _field(value: Mapping[str, Json], keys: list[str]) -> tuple[Json, bool]:
    """The value of a field, which may be in a ``NESTED`` object; and whether the member has the field."""
    places: list[Json] = [value, *(value.get(group) for group in NESTED)]
    for place in places:
        found: Json = place
        for key in keys:
            inner = found if isinstance(found, dict) else {}
            name = next((each for each in inner if letters(each) == key), None)
            if name is None:
                break
            found = inner[name]
        else:
            return found, True
    return None, False


def _all(parts: Iterable[Predicate]) -> Predicate:
    listed = list(parts)
    return lambda value: all(each(value) for each in listed)


def _any(parts: Iterable[Predicate]) -> Predicate:
    listed = list(parts)
    return lambda value: any(each(value) for each in listed)


# --- OData ---------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[(),]|[^\s(),']+)")


def _odata(text: str) -> Predicate:
    """OData's ``$filter``: comparisons, ``and``, ``or``, ``not``, ``contains``, ``startswith``, ``endswith``, parentheses."""
    tokens: list[str] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or len(tokens) > 4 * MAX_CONDITIONS:
            raise UnknownFilter(f"'{text[:80]}' is not a filter that can be read")
        tokens.append(found[1])
        place = found.end()
    parser = _Parser(tokens)
    keeps = parser.either(0)
    if parser.rest():
        raise UnknownFilter(f"'{parser.rest()[0][:40]}' is not expected in a filter")
    return keeps


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._place = 0

    def rest(self) -> list[str]:
        return self._tokens[self._place :]

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise UnknownFilter("the filter ends too early")
        self._place += 1
        return self._tokens[self._place - 1]

    def _accept(self, word: str) -> bool:
        if self._place < len(self._tokens) and self._tokens[self._place].lower() == word:
            self._place += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise UnknownFilter(f"'{word}' is expected in the filter")

    def either(self, depth: int) -> Predicate:
        parts = [self._both(depth)]
        while self._accept("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else _any(parts)

    def _both(self, depth: int) -> Predicate:
        parts = [self._one(depth)]
        while self._accept("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else _all(parts)

    def _one(self, depth: int) -> Predicate:
        if depth > MAX_DEPTH:
            raise UnknownFilter(f"a filter is up to {MAX_DEPTH} deep")
        if self._accept("not"):
            inner = self._one(depth + 1)
            return lambda value: not inner(value)
        if self._accept("("):
            keeps = self.either(depth + 1)
            self._expect(")")
            return keeps
        name = self._next()
        if self._accept("("):
            field = self._next()
            self._expect(",")
            wanted = _literal(self._next())
            self._expect(")")
            return _condition(field, name, wanted)
        operator = self._next()
        if letters(operator) not in _OPERATORS:
            raise UnknownFilter(f"'{operator[:40]}' is not a comparison operator")
        if operator.lower() == "in":
            self._expect("(")
            values = [_literal(self._next())]
            while self._accept(","):
                values.append(_literal(self._next()))
            self._expect(")")
            return _condition(name, "in", values)
        return _condition(name, operator, _literal(self._next()))


def _literal(token: str) -> Json:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    return {"true": True, "false": False, "null": None}.get(token, token)
