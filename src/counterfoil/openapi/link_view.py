"""Writes the links of a user's document, and leaves out those that name what the document does not have."""

from __future__ import annotations

import re
from typing import Any

from counterfoil import json_pointer
from counterfoil.openapi.component_view import ComponentView
from counterfoil.openapi.nodes import Lost, Node, end_of
from counterfoil.openapi.path_templates import PARAMETER
from counterfoil.openapi.spec import METHODS

Json = Any

_QUALIFIED = re.compile(r"(?:path|query|header|cookie)\.(.+)")


class LinkView(ComponentView):
    """Writes links. Each operation is known by its ``operationId`` and by its JSON pointer, with its parameters' names."""

    _operations: dict[str, frozenset[str]] | None = None

    def links(self, node: Node) -> dict[str, Json]:
        """The links at ``node`` by name, references replaced by what they lead to."""
        out = {}
        for name in node.value:
            end = self.end(node[name], "link")
            if end is None:
                continue
            wrong = self._wrong(end.value)
            if wrong:
                self.tell(node[name], f"{wrong}; the link is left out")
            else:
                out[name] = end.value
        return out

    def _wrong(self, link: dict[str, Json]) -> str:
        """What a link names that is not there; empty if all is."""
        if self._operations is None:
            self._operations = self._named_operations()
        wanted = link.get("operationId", link.get("operationRef"))
        names = self._operations.get(wanted) if isinstance(wanted, str) else None
        if names is None:
            return f"no operation is called '{wanted}'"
        parameters = link.get("parameters")
        for key in parameters if isinstance(parameters, dict) else ():
            qualified = _QUALIFIED.fullmatch(key)
            if key not in names and (qualified is None or qualified[1] not in names):
                return f"the operation '{wanted}' has no parameter '{key}'"
        return ""

    def _named_operations(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        paths = self.mapping(self.top, "paths")
        for path in paths.value if paths is not None else ():
            try:
                item = end_of(self.sources, paths[path]) if paths is not None else None
            except Lost:
                continue
            if item is None or not isinstance(item.value, dict):
                continue
            for method in METHODS:
                if isinstance(item.value.get(method), dict):
                    operation = item[method]
                    names = {*PARAMETER.findall(path), *self._names_at(item), *self._names_at(operation)}
                    found[json_pointer.join("paths", path, method)] = frozenset(names)
                    if isinstance(operation.value.get("operationId"), str):
                        found[operation.value["operationId"]] = frozenset(names)
        return found

    def _names_at(self, node: Node) -> set[str]:
        declared = node.value.get("parameters")
        names = set()
        for index in range(len(declared) if isinstance(declared, list) else 0):
            try:
                end = end_of(self.sources, node["parameters"][index])
            except Lost:
                continue
            if isinstance(end.value, dict) and isinstance(end.value.get("name"), str):
                names.add(end.value["name"])
        return names
