"""What is remembered of values that are sent again and again: their bytes, and the validator that found them valid.

A value is encoded and validated once as long as it lives, instead of once for each response that shows it. A handler that
makes a ``Kept`` stores it with the value, which must not be changed from then on, so that both are forgotten together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

Json = Any


class Kept(msgspec.Struct, eq=False):
    """What is known of one value: ``payload`` is its JSON, once it was encoded, and ``fragment`` the same for use in the JSON of
    a list; ``valid_for`` is the validator that it last fitted, as a whole response or as a member of a response's list."""

    payload: bytes | None = None
    fragment: Any = None
    valid_for: object = None


class KeptMembers(msgspec.Struct, frozen=True):
    """What is known of the members of the list at ``place`` in a response's body, in their order."""

    place: tuple[str | int, ...]
    members: Sequence[Kept]


def with_list(body: Json, place: tuple[str | int, ...], new: Json) -> Json:
    """The body with another list at a place; nothing of ``body`` is changed."""
    if not place:
        return new
    return {**body, place[0]: with_list(body[place[0]], place[1:], new)}


def list_at(body: Json, place: tuple[str | int, ...]) -> list[Json]:
    """The list at a place that is known to have one."""
    for step in place:
        body = body[step]
    return body  # type: ignore[no-any-return]
