"""Commands that write resources of APIs made from a document: one resource, or all resources of one request."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from counterfoil.ledger.errors import BadValue
from counterfoil.world.commands.command import Command, Text
from counterfoil.world.resources import Content, Group

if TYPE_CHECKING:
    from counterfoil.world.state import WorldState

MAX_VALUE_BYTES = 1024 * 1024
"""Limit on the JSON of one resource."""
MAX_CONTENT_BYTES = 1024 * 1024
"""Limit on the file uploaded for one resource."""
MAX_WRITES = 10_000
"""Limit on the resources that one command writes."""
Key = Annotated[str, Meta(min_length=1, max_length=2000)]


class ResourceWrite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One resource that is written, alone or with others."""

    api: Text
    collection: Key
    id: Key
    value: dict[str, Any] | None = None
    parent: Annotated[str, Meta(max_length=2000)] = ""
    content: Content | None = None

    def __post_init__(self) -> None:
        if self.value is not None:  # a capsule would write a Decimal as a string
            msgspec.structs.force_setattr(self, "value", plain_numbers(self.value))


class WriteResource(ResourceWrite, Command, frozen=True, kw_only=True, tag="write_resource"):
    """Write the whole ``value`` of a resource, an object, or delete the resource with null.

    ``collection`` is the path of its collection in the API's document, ``parent`` the ids of the resources
    above it, joined with a slash; empty at the top. ``content`` is an uploaded file; without it, an earlier one stays.
    """

    def apply(self, world: WorldState) -> Any:
        _write(world, self)
        return self.id


class WriteResources(Command, frozen=True, kw_only=True, tag="write_resources"):
    """Write or delete several resources, in this order: all of them, or none if one is refused.

    Each of the ``writes`` has the members of ``write_resource``. A request that changes several resources executes one of these.
    """

    writes: Annotated[tuple[ResourceWrite, ...], Meta(min_length=1, max_length=MAX_WRITES)]

    def apply(self, world: WorldState) -> Any:
        for write in self.writes:
            _write(world, write)
        return [write.id for write in self.writes]


def _write(world: WorldState, write: ResourceWrite) -> None:
    if write.value is not None and len(msgspec.json.encode(write.value)) > MAX_VALUE_BYTES:
        raise BadValue(f"a resource has up to {MAX_VALUE_BYTES} bytes", field="value")
    if write.content is not None:
        _check_content(write.content)
    group = Group(write.api, write.collection, write.parent)
    world.resources = world.resources.with_value(group, write.id, write.value, write.content)


def in_one(writes: Sequence[WriteResource]) -> WriteResource | WriteResources:
    """One command that makes all ``writes``. Raises ``BadValue`` for more than ``MAX_WRITES``."""
    if len(writes) == 1:
        return writes[0]
    if len(writes) > MAX_WRITES:
        raise BadValue(f"one command writes up to {MAX_WRITES} resources", field="writes")
    names = ResourceWrite.__struct_fields__
    return WriteResources(
        writes=tuple(ResourceWrite(**{name: getattr(write, name) for name in names}) for write in writes)
    )


def _check_content(content: Content) -> None:
    try:
        size = len(b64decode(content.base64, validate=True))
    except (binascii.Error, ValueError):
        raise BadValue("uploaded content must be base64", field="content.base64") from None
    if size > MAX_CONTENT_BYTES:
        raise BadValue(f"a file has up to {MAX_CONTENT_BYTES} bytes", field="content.base64")


def plain_numbers(value: Any) -> Any:
    """``value`` with every ``Decimal`` in it replaced by the nearest int or float."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, dict):
        return {name: plain_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain_numbers(member) for member in value]
    return value
