"""Writes the links of a user's document, and leaves out links to operations or parameters that do not exist."""

from __future__ import annotations

import re
from typing import Any

from counterfoil import json_pointer
from counterfoil.openapi.component_view import ComponentView
from counterfoil.openapi.nodes import Lost, Node, follow_references
from counterfoil.openapi.path_templates import PARAMETER
from counterfoil.openapi.spec import METHODS

Json = Any

_QUALIFIED = re.compile(r"(?:path|query|header|cookie)\.(.+)")


class LinkView(ComponentView):
    """Writes links."""

    _operations: dict[str, frozenset[str]] | None = None
    """The names of each operation's parameters, by its ``operationId`` and by its JSON pointer."""

    def links(self, node: Node) -> dict[str, Json]:
        """The links at ``node`` by name, references replaced by what they lead to."""
        out = {}
        for name in node.value:
            resolved = self.resolve(node[name], "link")
            if resolved is None:
                continue
            wrong = self._wrong(resolved.value)
            if wrong:
                self.add_notice(node[name], f"{wrong}; the link is left out")
            else:
                out[name] = resolved.value
        return out

    def _wrong(self, link: dict[str, Json]) -> str:
        """Which operation or parameter of a link does not exist; empty if all do."""
        if self._operations is None:
            self._operations = self._named_operations()
        operation = link.get("operationId", link.get("operationRef"))
        names = self._operations.get(operation) if isinstance(operation, str) else None
        if names is None:
            return f"no operation is called '{operation}'"
        parameters = link.get("parameters")
        for key in parameters if isinstance(parameters, dict) else ():
            qualified = _QUALIFIED.fullmatch(key)
            if key not in names and (qualified is None or qualified[1] not in names):
                return f"the operation '{operation}' has no parameter '{key}'"
        return ""

    def _named_operations(self) -> dict[str, frozenset[str]]:
        operations: dict[str, frozenset[str]] = {}
        paths = self.mapping(self.top, "paths")
        for path in paths.value if paths is not None else ():
            try:
                item = follow_references(self.sources, paths[path]) if paths is not None else None
            except Lost:
                continue
            if item is None or not isinstance(item.value, dict):
                continue
            for method in METHODS:
                if isinstance(item.value.get(method), dict):
                    operation = item[method]
                    names = {*PARAMETER.findall(path), *self._names_at(item), *self._names_at(operation)}
                    operations[json_pointer.join("paths", path, method)] = frozenset(names)
                    if isinstance(operation.value.get("operationId"), str):
                        operations[operation.value["operationId"]] = frozenset(names)
        return operations

    def _names_at(self, node: Node) -> set[str]:
        declared = node.value.get("parameters")
        names = set()
        for index in range(len(declared) if isinstance(declared, list) else 0):
            try:
                resolved = follow_references(self.sources, node["parameters"][index])
            except Lost:
                continue
            if isinstance(resolved.value, dict) and isinstance(resolved.value.get("name"), str):
                names.add(resolved.value["name"])
        return names
