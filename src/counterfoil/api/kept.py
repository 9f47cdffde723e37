"""Caches the encoded bytes and the validation result of values that many responses contain.

A value is encoded and validated once instead of once for each response. A handler stores the ``Kept`` together with its
value, so that both are freed together; the value must not be changed from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

Json = Any


class Kept(msgspec.Struct, eq=False):
    """The cache of one value: ``payload`` is its JSON, ``fragment`` the same for use in the JSON of a list, ``valid_for`` the
    validator that last accepted it, as a whole response or as a member of a response's list."""

    payload: bytes | None = None
    fragment: Any = None
    valid_for: object = None


class KeptMembers(msgspec.Struct, frozen=True):
    """The caches of the members of the list at ``place`` in a response's body, in order."""

    place: tuple[str | int, ...]
    members: Sequence[Kept]


def with_list(body: Json, place: tuple[str | int, ...], new: Json) -> Json:
    """A copy of ``body`` with ``new`` as the list at ``place``; ``body`` itself is not changed."""
    if not place:
        return new
    return {**body, place[0]: with_list(body[place[0]], place[1:], new)}


def list_at(body: Json, place: tuple[str | int, ...]) -> list[Json]:
    """The list at ``place``, which must exist."""
    for step in place:
        body = body[step]
    return body  # type: ignore[no-any-return]
