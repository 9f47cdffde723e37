"""Tells which refusals of a conformance run are due to what a schema cannot say: an id is taken, or a cursor was not given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

JsonPath = Sequence[str | int]


class TakenIds:
    """Ids of what this run created. ``places`` says by operation where its request, and its response, have the id; ``given``
    which of its query parameters have values that only the target gives."""

    def __init__(self, places: Mapping[str, Sequence[JsonPath]], given: Mapping[str, Sequence[str]] = {}) -> None:
        self._places = places
        self._given = given
        self._taken: set[tuple[str, str]] = set()

    def note(self, case: Any, response: Any) -> None:
        """Remember the id of a request that was accepted."""
        places = self._places.get(_label(case))
        if places is None or response.status_code // 100 != 2:
            return
        try:
            answer = json.loads(response.content or b"null")
        except ValueError:
            answer = None
        for body, place in zip((case.body, answer), places, strict=True):
            value = _at(body, place)
            if value is not None:
                self._taken.add((_where(case), str(value)))

    def explain(self, failure: Any, case: Any, response: Any) -> bool:
        """Whether a valid request was refused (400 or 422) whose id had been taken in this run, or that has a made-up cursor."""
        if type(failure).__name__ != "RejectedPositiveData" or response.status_code not in (400, 422):
            return False
        if any(name in (case.query or {}) for name in self._given.get(_label(case), ())):
            return True
        places = self._places.get(_label(case))
        if places is None:
            return False
        return (_where(case), str(_at(case.body, places[0]))) in self._taken


def _label(case: Any) -> str:
    return f"{case.method.upper()} {case.operation.path}"


def _where(case: Any) -> str:
    return f"{_label(case)} {sorted((case.path_parameters or {}).items())}"


def _at(value: Any, place: JsonPath) -> Any:
    for part in place:
        in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if not in_list and not (isinstance(value, dict) and part in value):
            return None
        value = value[part]
    return None if isinstance(value, dict | list) else value
