"""Makes the times of a generated row consistent: an end is not before its start, and only a cancelled row has ``cancelled_at``.

Only the row's own values are used, so additional rows change no other row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from counterfoil.apis.generic.data.values import DELETIONS, Unmakeable, Values
from counterfoil.apis.generic.inference.relations import CREATED, UPDATED, state_field
from counterfoil.apis.generic.names import letters, word_set, words

Json = Any

PAIRS: Mapping[str, tuple[str, ...]] = {
    "start": ("end", "finish", "stop"), "starts": ("ends",), "starting": ("ending",),
    "started": ("ended", "finished", "completed", "stopped"), "begin": ("end",), "begins": ("ends",),
    "began": ("ended",), "begun": ("ended",), "beginning": ("ending", "end"), "from": ("to", "until", "till", "thru"),
    "since": ("until", "till"), "after": ("before",), "open": ("close",), "opens": ("closes",), "opening": ("closing",),
    "opened": ("closed",), "departure": ("arrival",), "departs": ("arrives",), "departed": ("arrived",),
    "effective": ("expiration", "expiry"),
}  # fmt: skip
"""Words in the names of start times, each with the words in the names of the matching end times."""
LATER = (
    "deleted", "canceled", "cancelled", "archived", "ended", "paid", "voided", "finalized", "completed", "expired", "closed",
)  # fmt: skip
"""Final events that a state may name: they have not happened to a row in another state."""
IRREGULAR = word_set("frozen paid sent lost won held withdrawn given sold built shut taken broken")
WHEN = frozenset(["at", "on", "date", "time", "timestamp"])
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?|\d\d:\d\d(?::.*)?")
_LEAST_EPOCH = 10**8
"""The smallest integer that is read as a time, in seconds since 1970: a time in 1973."""


class AgreeingTimes:
    """The times in the rows of one document."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.reader = values.reader

    def put_right(self, schemas: Sequence[Json], value: dict[str, Json], key: str, fixed: Collection[str]) -> None:
        """Change the times of a row with these schemas, except the ``fixed`` fields."""
        properties: dict[str, Json] = {}
        required: frozenset[str] = frozenset()
        for schema in schemas:
            required |= self.reader.required(schema)
            for name, each in self.reader.properties(schema).items():
                properties.setdefault(name, each)
        events = {name: each for name, each in properties.items() if _participle(name) and name not in fixed}
        if events:
            self._set_event_times(schemas[0], events, required, value, key)
        _order_times(value, fixed)
        for name, each in value.items():
            inner = properties.get(name)
            if isinstance(each, dict) and inner is not None:
                self.put_right([inner], each, f"{key}/{name}", ())
            elif isinstance(each, list) and inner is not None:
                for index, item in enumerate(each):
                    if isinstance(item, dict):
                        self.put_right([self.reader.items(inner)], item, f"{key}/{name}/{index}", ())

    def _set_event_times(
        self, schema: Json, events: Mapping[str, Json], required: Collection[str], value: dict[str, Json], key: str
    ) -> None:
        """Set ``cancelled_at`` if the state is ``cancelled``; otherwise remove it or set it to null, if allowed."""
        state, own = state_field(self.reader, schema), self.reader.merged(schema).get("properties") or {}
        for name, each in events.items():
            happened = _has_happened(name, state, value)
            if happened and value.get(name) is None and (name in value or name in own):
                with suppress(Unmakeable):
                    value[name] = self.values.make(each, f"{key}/{name}", name=name)
            elif happened is False and name not in required:
                value.pop(name, None)
            elif happened is False and self.reader.is_nullable(each):
                value[name] = None


def _has_happened(name: str, state: tuple[str, tuple[str, ...]], value: Mapping[str, Json]) -> bool | None:
    """Whether the event of a time field has happened to a row, by the row's state or a flag; None if neither tells."""
    done = _participle(name)
    now, listed = value.get(state[0]), {_spelt(each) for each in state[1]}
    is_lifecycle = bool(listed) or letters(state[0]) == "status"  # ``state`` may be part of an address
    if isinstance(now, str) and (done in listed or (done in LATER and is_lifecycle)) and done not in PAIRS:
        return _spelt(now) == done
    flags = (each for other, each in value.items() if _spelt(other).removeprefix("is") == done)
    flag = next((each for each in flags if isinstance(each, bool)), None)
    return flag if flag is not None else False if letters(name) in DELETIONS else None


@lru_cache(maxsize=16384)
def _participle(name: str) -> str:
    """The event in the name of a time field: ``canceled`` for ``cancelledAt`` and ``date_cancelled``; otherwise empty."""
    parts = words(name)
    if len(parts) != 2 or letters(name) in CREATED | UPDATED:
        return ""
    done = parts[0] if parts[1] in WHEN else parts[1] if parts[0] == "date" else ""
    return _spelt(done) if done.endswith("ed") or done in IRREGULAR else ""


def _spelt(word: str) -> str:
    return letters(word).replace("cancelled", "canceled")


def _order_times(value: dict[str, Json], fixed: Collection[str]) -> None:
    """Swap start and end times, and times of creation and change, that are in the wrong order."""
    by_letters = {letters(name): name for name in value}
    for name in list(value):
        for end in _ends(name, by_letters):
            one, other = value[name], value[end]
            if name not in fixed and end not in fixed and _are_times(one, other) and one > other:
                value[name], value[end] = other, one


def _ends(name: str, by_letters: Mapping[str, str]) -> Iterator[str]:
    """The fields with the end times that match the start time in a field."""
    if letters(name) in CREATED:
        yield from (each for key, each in by_letters.items() if key in UPDATED)
    parts = words(name)
    for index, word in enumerate(parts):
        for end in PAIRS.get(word, ()):
            found = by_letters.get("".join((*parts[:index], end, *parts[index + 1 :])))
            if found is not None:
                yield found


def _are_times(one: Json, other: Json) -> bool:
    """Whether two values are times in the same notation."""
    if isinstance(one, str) and isinstance(other, str):
        alike = len(one) == len(other) or (one[10:11] == other[10:11] == "T")
        return alike and bool(_TIME.fullmatch(one)) and bool(_TIME.fullmatch(other))
    is_whole = isinstance(one, int) and isinstance(other, int) and not isinstance(one, bool)
    return is_whole and min(one, other) >= _LEAST_EPOCH
