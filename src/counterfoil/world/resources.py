"""Resources that were written to a world through APIs made from a document, by API, collection, parent and id.

Other resources are generated from the seed when they are read. A published map never changes: a write copies the one group
that it changes and shares the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from counterfoil.ledger.errors import RuleBroken

Json = Any

MAX_WRITTEN = 100_000
"""Limit on resources written or deleted in one world."""
MAX_IN_GROUP = 10_000
"""Limit on resources written or deleted below one parent of one collection; a write copies their map (100 µs at the limit)."""
MAX_WRITTEN_BYTES = 64 * 2**20
"""Limit on the JSON of all values ever written to one world: all stay in its history and its store until a reset."""


class Group(NamedTuple):
    """A collection of an API below one parent. ``parent`` joins the ids of the parents with a slash."""

    api: str
    collection: str
    parent: str


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file that was uploaded for a resource: its bytes in base64, its media type and its name (empty if not sent)."""

    base64: Annotated[str, Meta(max_length=1_500_000, description="Its bytes, up to 1 MiB, in base64.")]
    media_type: Annotated[str, Meta(max_length=200, description="Its media type.")] = ""
    name: Annotated[str, Meta(max_length=1000, description="Its name.")] = ""


class Resource(msgspec.Struct, frozen=True, eq=False, weakref=True):
    """A written resource: its ``value``, None if it was deleted, and the file that was uploaded for it.

    ``number`` counts the resources of its group in the order in which they were first written.
    """

    value: Json
    number: int
    content: Content | None = None


NO_RESOURCES: Mapping[str, Resource] = {}


class Resources:
    """All that was written to one world."""

    __slots__ = ("_bytes", "_count", "_groups")

    def __init__(self) -> None:
        self._groups: dict[Group, dict[str, Resource]] = {}
        self._count = 0
        self._bytes = 0

    def group(self, api: str, collection: str, parent: str) -> Mapping[str, Resource]:
        """The resources written in a group by id, in the order in which they were first written. Must not be changed."""
        return self._groups.get(Group(api, collection, parent), NO_RESOURCES)

    def groups(self) -> Iterator[tuple[Group, Mapping[str, Resource]]]:
        yield from self._groups.items()

    @property
    def bytes_written(self) -> int:
        """The bytes of every value ever written, including those overwritten or deleted since."""
        return self._bytes

    def __len__(self) -> int:
        return self._count

    def with_value(self, group: Group, id: str, value: Json, content: Content | None = None) -> Resources:
        """A copy in which one resource has ``value`` (None: it is deleted). Without ``content`` it keeps its file.

        Raises ``RuleBroken`` when a limit is reached.
        """
        before = self._groups.get(group, {})
        old = before.get(id)
        if old is None and (self._count >= MAX_WRITTEN or len(before) >= MAX_IN_GROUP):
            raise RuleBroken(
                f"a world keeps {MAX_WRITTEN} written resources, and {MAX_IN_GROUP} below one parent: reset it",
                field="id",
            )
        changed = Resources()
        number = len(before) if old is None else old.number
        kept = None if value is None else content if content is not None or old is None else old.content
        changed._groups = {**self._groups, group: {**before, id: Resource(value, number, kept)}}
        changed._count = self._count + (old is None)
        changed._bytes = self._bytes + bytes_of_write(id, value, content)
        return changed

    def __repr__(self) -> str:
        return repr(
            [
                (
                    tuple(group),
                    [(id, one.number, _canonical(one.value), one.content) for id, one in members.items()],
                )
                for group, members in sorted(self._groups.items())
            ]
        )


def bytes_of_write(id: str, value: Json, content: Content | None = None) -> int:
    """The bytes that one write adds to a world: its value as JSON, its file, and an estimated overhead."""
    return len(msgspec.json.encode(value)) + len(content.base64 if content else "") + len(id) + 200


def check_bytes(before: Resources, after: Resources) -> None:
    """Raise ``RuleBroken`` for a write after which more than ``MAX_WRITTEN_BYTES`` were written to a world.

    Only new changes are checked: a world rebuilt from a store keeps everything it had.
    """
    if after.bytes_written > max(MAX_WRITTEN_BYTES, before.bytes_written):
        raise RuleBroken(too_many_bytes(MAX_WRITTEN_BYTES), field="value")


def too_many_bytes(most: int) -> str:
    """The message for a write after which more than ``most`` bytes were written to a world."""
    return f"a world takes {most} bytes of written resources: reset it, or make another"


def _canonical(value: Json) -> str:
    return msgspec.json.encode(value).decode()
