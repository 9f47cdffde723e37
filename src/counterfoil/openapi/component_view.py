"""Names the components of a user's document and points its references at them.

Components of other files, and referenced values outside ``components``, are written under ``#/components`` with a new name.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any

from counterfoil import json_pointer
from counterfoil.openapi.nodes import Lost, Node, Notices, follow_references, target
from counterfoil.openapi.schema_view import SchemaView
from counterfoil.openapi.sources import SourceFile, Sources, Steps
from counterfoil.openapi.spec import SchemaDialect

Json = Any

LOST: dict[str, Json] = {
    "responses": {"description": "", "content": {"*/*": {}}},
    "requestBodies": {"required": False, "content": {"*/*": {}}},
    "headers": {"required": False, "schema": {}},
}
"""What replaces a component that a reference does not find."""
_ODD_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def text_of(node: Node, member: str) -> str:
    """A member that must be text; empty if it is not."""
    value = node.value.get(member)
    return value if isinstance(value, str) else ""


class ComponentView:
    """What the writers of all parts share: named components and resolved references."""

    kinds: tuple[str, ...] = ("schemas", "parameters", "responses", "requestBodies", "headers")

    def __init__(self, sources: Sources, version: str) -> None:
        self.sources = sources
        self.top = Node(sources.root, sources.root.value)
        self.version = version
        self.dialect: SchemaDialect = "draft4" if version.startswith(("2", "3.0")) else "2020-12"
        self.notices = Notices()
        self.add_notice = self.notices.add
        self.schemas = SchemaView(self.dialect, self.schema_reference, self.resolve_mapping, self.add_notice)
        self.writers: dict[str, Callable[[Node], Json]] = {"schemas": self.schemas.write}
        self._names: dict[tuple[str, SourceFile, Steps], str] = {}
        self._taken: dict[str, set[str]] = {kind: set() for kind in self.kinds}
        self._waiting: deque[tuple[str, str, Node]] = deque()

    def components(self) -> dict[str, Node]:
        """The node of each kind of component that the document has."""
        components = self.mapping(self.top, "components")
        nodes = {kind: self.mapping(components, kind) for kind in self.kinds}
        return {kind: node for kind, node in nodes.items() if node is not None}

    def mapping(self, node: Node | None, member: str) -> Node | None:
        """The node of a member that is a mapping, or a reference to one, as in documents split into files."""
        if node is None or member not in node.value:
            return None
        return self.resolve(node[member], member) if node.value[member] is not None else None

    def _name_components(self) -> None:
        """Reserve the names of the document's own components before references to other values get names."""
        aliases: list[tuple[str, str, Node]] = []
        for kind, here in self.components().items():
            for name in here.value:
                node = here[name]
                if kind != "schemas" and not isinstance(node.value, dict):
                    self.add_notice(node, "a component must be a mapping; left out")
                    continue
                self._taken[kind].add(name)
                self._names[kind, node.file, node.steps] = name
                if isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str):
                    aliases.append((kind, name, node))
                else:
                    self._waiting.append((kind, name, node))
        for kind, name, node in aliases:
            self._name_alias(kind, name, node)

    def _name_alias(self, kind: str, name: str, node: Node) -> None:
        """Name a component that is only a reference: a target in another file gets the component's name."""
        try:
            resolved = follow_references(self.sources, node)
        except Lost as lost:
            if kind != "schemas":
                return
            self.add_notice(node, f"the reference '{node.value['$ref']}' {lost}; anything is valid here")
            resolved = Node(node.file, {}, node.parent, node.step)
        key = (kind, resolved.file, resolved.steps)
        if key not in self._names:
            self._names[key] = name
            self._waiting.append((kind, name, resolved))
        elif kind == "schemas":
            self._waiting.append((kind, name, node))
        # references to an alias of another kind are written as references to its target, so the alias needs no name

    def named(self, kind: str, node: Node) -> str | None:
        """The view's reference for the ``$ref`` at ``node``; None, and a notice, if it leads nowhere."""
        reference = node.value["$ref"]
        try:
            named = target(self.sources, reference, node)
            resolved = follow_references(self.sources, named)
        except Lost as lost:
            if kind == "schemas" and reference in self._taken[kind]:
                return json_pointer.join("components", kind, reference)
            self.add_notice(node, f"the reference '{reference}' {lost}; anything is valid here")
            return None
        if kind != "schemas" and not isinstance(resolved.value, dict):
            self.add_notice(node, f"the reference '{reference}' does not lead to a mapping; anything is valid here")
            return None
        key = (kind, named.file, named.steps)
        if kind != "schemas" or key not in self._names:
            key, named = (kind, resolved.file, resolved.steps), resolved
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._free_name(kind, named)
            self._waiting.append((kind, name, named))
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

    def resolve(self, node: Node, what: str) -> Node | None:
        """``node`` with its references followed, if that is a mapping; else None, and a notice."""
        try:
            resolved = follow_references(self.sources, node)
        except Lost as lost:
            self.add_notice(node, f"the reference '{node.value['$ref']}' {lost}; the {what} is left out")
            return None
        if not isinstance(resolved.value, dict):
            self.add_notice(node, f"the {what} must be a mapping; left out")
            return None
        return resolved

    def resolve_list(self, node: Node) -> Node | None:
        """``node`` with its references followed, if that is a list; else None."""
        return self._resolve_as(node, list)

    def resolve_mapping(self, node: Node) -> Node | None:
        """``node`` with its references followed, if that is a mapping; else None."""
        return self._resolve_as(node, dict)

    def _resolve_as(self, node: Node, kind: type) -> Node | None:
        try:
            resolved = follow_references(self.sources, node)
        except Lost:
            return None
        return resolved if isinstance(resolved.value, kind) else None

    def written(self, kind: str, node: Node) -> Json:
        """What is written for the parameter, response, … at ``node``: a reference to a component, or the value itself."""
        if isinstance(node.value.get("$ref"), str):
            reference = self.named(kind, node)
            return {"$ref": reference} if reference is not None else LOST[kind]
        return self.writers[kind](node)

    def _break_cycles(self, schemas: dict[str, Json]) -> None:
        """Let a schema that only refers to itself, directly or through others, allow everything."""
        prefix = "#/components/schemas/"
        for start in schemas:
            seen, name = {start}, start
            while isinstance(reference := schemas[name].get("$ref"), str) and len(schemas[name]) == 1:
                name = json_pointer.split(reference)[-1] if reference.startswith(prefix) else start
                if name in seen:
                    schemas[start] = {}
                    break
                seen.add(name)
