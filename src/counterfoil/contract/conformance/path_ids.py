"""Tells which refusals of a conformance run are due to an id that its client chose and that no path can have.

The schema of a body often takes any text as an id; in the path of the member it has a narrower one, and a slash ends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from counterfoil.contract.conformance.described import schemas_in
from counterfoil.contract.law import ClientId
from counterfoil.openapi import SpecError, resolve
from counterfoil.openapi.path_templates import PARAMETER


class PathIds:
    """``places`` says by operation where its request has the id of what it creates (``law.ClientId``)."""

    def __init__(self, places: Mapping[str, Sequence[Any]], document: Mapping[str, Any] | None) -> None:
        self._places = {name: ClientId(*each) for name, each in places.items()}
        self._document = document
        self._schemas = schemas_in(document)

    def explain(self, failure: Any, case: Any, response: Any) -> bool:
        """Whether a valid request was refused (400 or 422) whose id the path of a member cannot have."""
        place = self._places.get(f"{case.method.upper()} {case.operation.path}")
        if self._schemas is None or type(failure).__name__ != "RejectedPositiveData" or place is None:
            return False
        ids = [each for each in _all_at(case.body, place.sent) if isinstance(each, str | int)]
        return response.status_code in (400, 422) and any(
            not self._takes(schema, each) for schema in self._of_members(place.collection) for each in ids
        )

    def _of_members(self, collection: str) -> Iterator[Any]:
        """The schemas of the parameter that names a member in a path."""
        paths = (self._document or {}).get("paths") or {}
        for path, item in paths.items():
            if not path.startswith(f"{collection}/{{") or "/" in path.removeprefix(f"{collection}/"):
                continue
            operations = [each for each in item.values() if isinstance(each, dict)]
            listed = [each for of in (item, *operations) for each in of.get("parameters") or ()]
            for each in (resolve(self._document, each) for each in listed):
                if (each.get("in"), each.get("name")) == ("path", PARAMETER.findall(path)[-1]):
                    yield each.get("schema") or {}

    def _takes(self, schema: Any, id: str | int) -> bool:
        text = str(id)
        if "/" in text or text in ("", ".", ".."):
            return False
        assert self._schemas is not None
        try:
            check = self._schemas.validator(schema, "request")
        except SpecError:
            return True
        return bool(check.is_valid(id) or check.is_valid(text) or (text.isdecimal() and check.is_valid(int(text))))


def _all_at(value: Any, place: Sequence[str | int]) -> Iterator[Any]:
    """The values at a place, of every item where that leads into a list."""
    if not place:
        yield value
    elif isinstance(place[0], int):
        for each in value if isinstance(value, list) else ():
            yield from _all_at(each, place[1:])
    elif isinstance(value, dict) and place[0] in value:
        yield from _all_at(value[place[0]], place[1:])
