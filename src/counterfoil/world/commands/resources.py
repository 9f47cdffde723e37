"""The command that writes to APIs made from a document: one resource at a time."""

from __future__ import annotations

import binascii
from base64 import b64decode
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
"""Bytes of one resource as JSON."""
MAX_CONTENT_BYTES = 1024 * 1024
"""Bytes uploaded for one resource."""
Key = Annotated[str, Meta(min_length=1, max_length=2000)]


class WriteResource(Command, frozen=True, kw_only=True, tag="write_resource"):
    """Write the whole ``value`` of a resource, an object, or delete the resource with null.

    ``collection`` is the path of its collection in the API's document, ``parent`` the ids of the members that it is below
    of, joined with a slash; empty at the top. ``content`` is a file that was uploaded for it; without it, an earlier one stays.
    """

    api: Text
    collection: Key
    id: Key
    value: dict[str, Any] | None = None
    parent: Annotated[str, Meta(max_length=2000)] = ""
    content: Content | None = None

    def __post_init__(self) -> None:
        if self.value is not None:  # a fraction that was read exactly would be written to a capsule as a text
            msgspec.structs.force_setattr(self, "value", plain_numbers(self.value))

    def apply(self, world: WorldState) -> Any:
        if self.value is not None and len(msgspec.json.encode(self.value)) > MAX_VALUE_BYTES:
            raise BadValue(f"a resource has up to {MAX_VALUE_BYTES} bytes", field="value")
        if self.content is not None:
            _check_content(self.content)
        group = Group(self.api, self.collection, self.parent)
        world.resources = world.resources.with_value(group, self.id, self.value, self.content)
        return self.id


def _check_content(content: Content) -> None:
    try:
        size = len(b64decode(content.base64, validate=True))
    except (binascii.Error, ValueError):
        raise BadValue("what is uploaded is written in base64", field="content.base64") from None
    if size > MAX_CONTENT_BYTES:
        raise BadValue(f"a file has up to {MAX_CONTENT_BYTES} bytes", field="content.base64")


def plain_numbers(value: Any) -> Any:
    """``value`` with every ``Decimal`` in it as the int or float that is nearest."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, dict):
        return {name: plain_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain_numbers(member) for member in value]
    return value
