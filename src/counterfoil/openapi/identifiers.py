"""Finds schemas by their own names: ``$id`` and ``$anchor`` of JSON Schema 2020-12, and ``$self`` of OpenAPI 3.2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin

if TYPE_CHECKING:
    from counterfoil.openapi.nodes import Node

Json = Any

ANCHORS = ("$anchor", "$dynamicAnchor")
NAMING = (b"$id", b"$self", b"$anchor", b"$dynamicAnchor")
"""What a file holds in which a schema names itself."""
DATA = frozenset({"example", "examples", "default", "const", "enum", "value", "dataValue", "x-counterfoil"})
"""Members that hold data, in which nothing is a name."""


class Identifiers:
    """The named places of one file, each by the address that its name has in full. ``top`` is the whole file; None for
    one in which nothing names itself."""

    def __init__(self, top: Node | None) -> None:
        self._by_address: dict[str, Node] = {}
        waiting = [(top, _own_address(top, ""))] if top is not None else []
        while waiting:
            node, base = waiting.pop()
            for address in _names(node.value, base):
                self._by_address.setdefault(address, node)
            members = node.value.keys() if isinstance(node.value, dict) else range(len(node.value))
            for member in reversed(list(members)):  # of two with the same name, the first in the file counts
                child = node[member]
                if member not in DATA and isinstance(child.value, dict | list):
                    waiting.append((child, _own_address(child, base)))

    def find(self, reference: str, node: Node) -> Node | None:
        """What a reference that stands at ``node`` names: ``#leaf``, ``tree`` beside ``$id: https://a.example/tree``."""
        if not self._by_address:
            return None
        above = [node]
        while above[-1].parent is not None:
            above.append(above[-1].parent)
        base = ""
        for each in reversed(above):
            base = _own_address(each, base)
        wanted = _join(base, reference)
        return self._by_address.get(wanted) or self._by_address.get(wanted.removesuffix("#"))


def _own_address(node: Node, base: str) -> str:
    """The address of the schema, or the document, that begins at a node; ``base`` where none does."""
    value = node.value
    if not isinstance(value, dict):
        return base
    given = value.get("$self" if node.parent is None and "openapi" in value else "$id")
    return urldefrag(_join(base, given))[0] if isinstance(given, str) and given else base


def _names(value: Json, base: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    if isinstance(value.get("$id"), str) or isinstance(value.get("$self"), str):
        yield base
    for anchor in ANCHORS:
        if isinstance(value.get(anchor), str):
            yield f"{base}#{value[anchor]}"


def _join(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:  # as "http://[" is
        return reference
