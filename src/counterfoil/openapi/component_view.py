"""Names the components of a user's document and leads its references to them.

Components of other files, and those that references find elsewhere, are written under ``#/components`` by a name that is
free.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any

from counterfoil import json_pointer
from counterfoil.openapi.nodes import Lost, Node, Notices, end_of, target
from counterfoil.openapi.schema_view import SchemaView
from counterfoil.openapi.sources import SourceFile, Sources, Steps
from counterfoil.openapi.spec import SchemaDialect

Json = Any

LOST: dict[str, Json] = {
    "responses": {"description": "", "content": {"*/*": {}}},
    "requestBodies": {"required": False, "content": {"*/*": {}}},
    "headers": {"required": False, "schema": {}},
}
"""What stands for a component that a reference does not find."""
_ODD_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def text_of(node: Node, member: str) -> str:
    """A member that must be text; empty if it is not."""
    value = node.value.get(member)
    return value if isinstance(value, str) else ""


class ComponentView:
    """What all parts of a document need to be written: its components by name, and where references end."""

    kinds: tuple[str, ...] = ("schemas", "parameters", "responses", "requestBodies", "headers")

    def __init__(self, sources: Sources, version: str) -> None:
        self.sources = sources
        self.top = Node(sources.root, sources.root.value)
        self.version = version
        self.dialect: SchemaDialect = "draft4" if version.startswith(("2", "3.0")) else "2020-12"
        self.notices = Notices()
        self.tell = self.notices.tell
        self.schemas = SchemaView(self.dialect, self.schema_reference, self.mapping_end, self.tell)
        self.writers: dict[str, Callable[[Node], Json]] = {"schemas": self.schemas.write}
        self._names: dict[tuple[str, SourceFile, Steps], str] = {}
        self._taken: dict[str, set[str]] = {kind: set() for kind in self.kinds}
        self._waiting: deque[tuple[str, str, Node]] = deque()

    def components(self) -> dict[str, Node]:
        """The place of each kind of component that the document has."""
        components = self.mapping(self.top, "components")
        found = {kind: self.mapping(components, kind) for kind in self.kinds}
        return {kind: node for kind, node in found.items() if node is not None}

    def mapping(self, node: Node | None, member: str) -> Node | None:
        """The place of a member that is a mapping. A reference may stand for all of it, as in documents that are split."""
        if node is None or member not in node.value:
            return None
        return self.end(node[member], member) if node.value[member] is not None else None

    def _name_components(self) -> None:
        """Give the document's own components their names before any reference asks for one."""
        elsewhere: list[tuple[str, str, Node]] = []
        for kind, here in self.components().items():
            for name in here.value:
                node = here[name]
                if kind != "schemas" and not isinstance(node.value, dict):
                    self.tell(node, "a component must be a mapping; left out")
                    continue
                self._taken[kind].add(name)
                self._names[kind, node.file, node.steps] = name
                if isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str):
                    elsewhere.append((kind, name, node))
                else:
                    self._waiting.append((kind, name, node))
        for kind, name, node in elsewhere:
            self._name_alias(kind, name, node)

    def _name_alias(self, kind: str, name: str, node: Node) -> None:
        """A component that only refers to another: what is in another file gets its name."""
        try:
            end = end_of(self.sources, node)
        except Lost as lost:
            if kind != "schemas":
                return
            self.tell(node, f"the reference '{node.value['$ref']}' {lost}; anything is valid here")
            end = Node(node.file, {}, node.parent, node.step)
        key = (kind, end.file, end.steps)
        if key not in self._names:
            self._names[key] = name
            self._waiting.append((kind, name, end))
        elif kind == "schemas":
            self._waiting.append((kind, name, node))
        # a parameter, response, body or header that is an alias is found at its end, and needs no name

    def named(self, kind: str, node: Node) -> str | None:
        """A reference in the view to what the ``$ref`` at ``node`` leads to; None, and a notice, if it leads nowhere."""
        reference = node.value["$ref"]
        try:
            found = target(self.sources, reference, node)
            end = end_of(self.sources, found)
        except Lost as lost:
            if kind == "schemas" and reference in self._taken[kind]:
                return json_pointer.join("components", kind, reference)
            self.tell(node, f"the reference '{reference}' {lost}; anything is valid here")
            return None
        if kind != "schemas" and not isinstance(end.value, dict):
            self.tell(node, f"the reference '{reference}' leads to no mapping; anything is valid here")
            return None
        key = (kind, found.file, found.steps)
        if kind != "schemas" or key not in self._names:
            key, found = (kind, end.file, end.steps), end
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._free_name(kind, found)
            self._waiting.append((kind, name, found))
        return json_pointer.join("components", kind, name)

    def schema_reference(self, node: Node) -> str | None:
        """As ``named``, for schemas."""
        return self.named("schemas", node)

    def _free_name(self, kind: str, node: Node) -> str:
        words = [each for each in node.steps if each not in ("schema", "schemas", "properties", "components", kind)]
        stem = node.file.path.name.partition(".")[0]
        base = _ODD_IN_NAME.sub("_", "_".join(map(str, words[-3:])) or stem).strip("_") or kind
        name, number = base, 1
        while name in self._taken[kind]:
            number += 1
            name = f"{base}_{number}"
        self._taken[kind].add(name)
        return name

    def end(self, node: Node, what: str) -> Node | None:
        """Where references from ``node`` end, if that is a mapping; else None, and a notice."""
        try:
            end = end_of(self.sources, node)
        except Lost as lost:
            self.tell(node, f"the reference '{node.value['$ref']}' {lost}; the {what} is left out")
            return None
        if not isinstance(end.value, dict):
            self.tell(node, f"the {what} must be a mapping; left out")
            return None
        return end

    def list_end(self, node: Node) -> Node | None:
        """Where references from ``node`` end, if that is a list."""
        return self._quiet_end(node, list)

    def mapping_end(self, node: Node) -> Node | None:
        """Where references from ``node`` end, if that is a mapping."""
        return self._quiet_end(node, dict)

    def _quiet_end(self, node: Node, kind: type) -> Node | None:
        try:
            end = end_of(self.sources, node)
        except Lost:
            return None
        return end if isinstance(end.value, kind) else None

    def written(self, kind: str, node: Node) -> Json:
        """What is written for the parameter, response, … at ``node``: a reference to a component, or the thing itself."""
        if isinstance(node.value.get("$ref"), str):
            reference = self.named(kind, node)
            return {"$ref": reference} if reference is not None else LOST[kind]
        return self.writers[kind](node)

    def _break_circles(self, schemas: dict[str, Json]) -> None:
        """A schema that is nothing but a reference to itself, by way of others, allows everything."""
        prefix = "#/components/schemas/"
        for start in schemas:
            seen, name = {start}, start
            while isinstance(reference := schemas[name].get("$ref"), str) and len(schemas[name]) == 1:
                name = json_pointer.split(reference)[-1] if reference.startswith(prefix) else start
                if name in seen:
                    schemas[start] = {}
                    break
                seen.add(name)
