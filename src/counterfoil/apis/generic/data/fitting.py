"""Makes a value that a validator accepts: makes one, and changes it at the place of the validator's first error.

At that place, or the nearest above it with a choice, a given value is not used, another alternative is taken, or an optional
value is omitted. The number of tries is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.data.tweaks import Path, Record, Tweaks
from counterfoil.apis.generic.data.values import Unmakeable, Values

Json = Any

MAX_TRIES = 24
MAX_WAYS = 40
"""How many alternatives are tried at one place."""


OTHERWISE = ("type", "enum", "const")
"""An error of these keywords means that an alternative describes something else."""


class Checks(Protocol):
    """A compiled schema."""

    def is_valid(self, value: Json) -> bool: ...

    def first_error(self, value: Json) -> tuple[list[str | int], Any]: ...

    def cause(self, value: Json) -> Any: ...

    def errors(self, value: Json) -> Iterator[tuple[list[str | int], Any]]: ...


def fit(
    values: Values,
    schema: Json,
    checks: Checks,
    key: str,
    *,
    given: Json = UNSET,
    anchor: int = 0,
    row: int = 1,
    examples: Iterable[Json] = (),
    sent: bool = False,
) -> Json:
    """A valid value, with as much of ``given`` as fits. Without ``given``, ``examples`` are tried first. ``sent``: the value is
    for a request.

    Raises ``Unmakeable`` with the reason.
    """
    if given is UNSET:
        for example in examples:
            if checks.is_valid(example):
                return example
    reason = ""
    for bare in (False, True):
        tweaks = Tweaks()
        tweaks.bare, tweaks.sent = bare, sent
        try:
            made, reason = _try_to_fit(values, schema, checks, key, given, anchor, row, tweaks)
        except Unmakeable as error:
            reason = str(error)
            continue
        if made is not UNSET:
            return made
        row = max(row, 1)
    raise Unmakeable(reason)


def _try_to_fit(
    values: Values, schema: Json, checks: Checks, key: str, given: Json, anchor: int, row: int, tweaks: Tweaks
) -> tuple[Json, str]:
    reason = ""
    for _ in range(MAX_TRIES):
        made, record = values.making(schema, key, given=given, tweaks=tweaks, anchor=anchor, row=row)
        if checks.is_valid(made):
            return made, ""
        path, error = checks.first_error(made)
        reason = f"#/{'/'.join(map(str, path))}: {error.message}"
        if not _adjust(tweaks, record, tuple(path), error):
            break
    return UNSET, reason


def _adjust(tweaks: Tweaks, record: Record, path: Path, error: Any) -> bool:
    """Change a choice at the place of the error, or above; False if no choice is left."""
    return any(_adjust_at(tweaks, record, place, inner) for place, inner in _closest_errors(path, error))


def _closest_errors(path: Path, error: Any) -> Iterator[tuple[Path, Any]]:
    """The errors inside the alternative that fits best, then the error itself."""
    branches = getattr(error.kind, "context", None)
    if branches:
        outside = len(error.instance_path)

        def distance(errors: list[Any]) -> tuple[bool, int]:
            return any(len(each.instance_path) <= outside and each.kind.name in OTHERWISE for each in errors), len(
                errors
            )

        for each in min(branches, key=distance):
            yield from _closest_errors(tuple(list(each.instance_path)[1:]), each)
    yield path, error


def _adjust_at(tweaks: Tweaks, record: Record, path: Path, error: Any) -> bool:
    unexpected = getattr(error.kind, "unexpected", None)
    if isinstance(unexpected, list) and unexpected:
        new = {(*path, name) for name in unexpected} - tweaks.omitted
        tweaks.omitted |= new
        if new:
            return True
    missed = (*path, error.kind.property) if error.kind.name == "required" else path
    if missed in tweaks.omitted and tweaks.branches:
        tweaks.omitted.discard(missed)
        tweaks.required.add(missed)
        return True
    for length in range(len(path), -1, -1):
        place = path[:length]
        if length and length == len(path) and place in record.given and place not in tweaks.ignored:
            tweaks.ignored.add(place)
            return True
        ways = record.choices.get(place, 1)
        tried = tweaks.branches.get(place, 0)
        if tried + 1 < min(ways, MAX_WAYS):
            tweaks.branches[place] = tried + 1
            return True
        if place in record.optional and place not in tweaks.omitted | tweaks.required:
            tweaks.omitted.add(place)
            return True
    return False
