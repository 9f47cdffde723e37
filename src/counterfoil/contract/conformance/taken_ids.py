"""Recognizes refusals for reasons that a schema cannot express: an id is taken, or a cursor does not come from the target."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from counterfoil.contract.created import value_at
from counterfoil.contract.law import ClientId

JsonPath = Sequence[str | int]


class TakenIds:
    """The ids of the resources that this run created. ``places`` maps operations to the places of the id in request and response
    (``law.ClientId``). ``given`` maps operations to the query parameters and body members whose values only the target gives.
    ``created`` are the paths of the resources that the laws created before. ``is_there`` says for a request and its id
    whether the target has a member with it."""

    def __init__(
        self,
        places: Mapping[str, Sequence[Any]],
        given: Mapping[str, Sequence[str]] = {},
        created: Sequence[str] = (),
        is_there: Callable[[Any, Any], bool] = lambda case, id: False,
    ) -> None:
        self._is_there = is_there
        self._places = {name: ClientId(*each) for name, each in places.items()}
        self._given = given
        self._before = {unquote(path.rpartition("/")[2]) for path in created}
        self._taken: dict[tuple[str, str], list[Any]] = {}

    def note(self, case: Any, response: Any) -> None:
        """Remember the id of a request that was accepted."""
        place = self._places.get(_label(case))
        if place is None or response.status_code // 100 != 2:
            return
        try:
            answer = json.loads(response.content or b"null")
        except ValueError:
            answer = None
        for value in (value_at(case.body, place.sent), value_at(answer, place.shown)):
            if value is not None:
                self._taken.setdefault((place.collection, str(value)), []).append(case)

    def explain(self, failure: Any, case: Any, response: Any) -> bool:
        """Whether a valid request was refused (400 or 422) because its id is taken, or its cursor is made up."""
        if type(failure).__name__ != "RejectedPositiveData" or response.status_code not in (400, 422):
            return False
        if any(_has(case, name) for name in self._given.get(_label(case), ())):
            return True
        place = self._places.get(_label(case))
        if place is None:
            return False
        sent = value_at(case.body, place.sent)
        if sent is None:
            return False
        taken = self._taken.get((place.collection, str(sent)), ())
        return str(sent) in self._before or any(_is_near(case, each) for each in taken) or self._is_there(case, sent)


def _is_near(one: Any, other: Any) -> bool:
    """Whether two operations act below the same parents, as far as both name them in their paths."""
    ids, others = one.path_parameters or {}, other.path_parameters or {}
    if _label(one) == _label(other):
        return bool(ids == others)
    return all(others[name] == value for name, value in ids.items() if name in others)


def _has(case: Any, name: str) -> bool:
    """Whether a request has a query parameter, or a member of its body at a place such as ``page.cursor``."""
    return name in (case.query or {}) or value_at(case.body, name.split(".")) is not None


def _label(case: Any) -> str:
    return f"{case.method.upper()} {case.operation.path}"
