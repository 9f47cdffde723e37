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
"""Keywords by which a schema names itself. A file without them is not searched."""
DATA = frozenset({"example", "examples", "default", "const", "enum", "value", "dataValue", "x-counterfoil"})
"""Members that hold data, in which these keywords mean nothing."""


class Identifiers:
    """The named schemas of one file, by absolute address. ``top`` is the file's root; None if no schema has a name."""

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
        """The schema that a reference at ``node`` names: ``#leaf``, or ``tree`` for ``$id: https://a.example/tree``."""
        if not self._by_address:
            return None
        ancestors = [node]
        while ancestors[-1].parent is not None:
            ancestors.append(ancestors[-1].parent)
        base = ""
        for ancestor in reversed(ancestors):
            base = _own_address(ancestor, base)
        address = _join(base, reference)
        return self._by_address.get(address) or self._by_address.get(address.removesuffix("#"))


def _own_address(node: Node, base: str) -> str:
    """The address that the schema or document at ``node`` gives itself; ``base`` if it gives none."""
    value = node.value
    if not isinstance(value, dict):
        return base
    name = value.get("$self" if node.parent is None and "openapi" in value else "$id")
    return urldefrag(_join(base, name))[0] if isinstance(name, str) and name else base


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
    except ValueError:  # such as "http://["
        return reference
