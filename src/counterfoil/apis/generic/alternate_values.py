"""Makes fields that identify members in paths fit the path parameter: digits if the parameter is an integer."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from counterfoil.apis.generic.data.numbers import bounds_of
from counterfoil.apis.generic.data.seeds import number_of
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.model import Collection, Place

Json = Any
MOST = 10**9
"""Made numbers are not above this one, so that they fit into 32 bits."""


class AlternateValues:
    """The fields other than the id that identify a member in a path with an integer parameter."""

    def __init__(self, document: Document) -> None:
        self.document = document
        found: dict[str, dict[Place, tuple[int, int]]] = {}
        for operation in document.model.operations.values():
            bounds = self._bounds(operation.name) if operation.key and not operation.id_at else None
            if bounds is not None and len(operation.key) == 1:
                found.setdefault(operation.collection, {})[operation.key] = bounds
        self._fields = found

    def _bounds(self, name: str) -> tuple[int, int] | None:
        """The bounds of an operation's last path parameter; None if it is not an integer."""
        definition = self.document.spec.operations[name]
        last = name.rpartition("{")[2].partition("}")[0]
        for each in definition.get("parameters") or ():
            if (each.get("in"), each.get("name")) == ("path", last) and isinstance(each.get("schema"), dict):
                if self.document.reader.types(each["schema"]) != {"integer"}:
                    return None
                least, most = bounds_of(self.document.reader.merged(each["schema"]))
                return int(max(1, least)), int(min(MOST, most))
        return None

    def make_valid(self, collection: Collection, value: dict[str, Json], key: str, sent: Container[str] = ()) -> None:
        """Replace made values of a member that are not valid in the path; ``sent`` fields stay unchanged."""
        fields: Mapping[Place, tuple[int, int]] = self._fields.get(collection.path, {})
        for (name,), (least, most) in fields.items():
            made = value.get(str(name))
            if name in sent or not isinstance(made, str) or made.isdecimal():
                continue
            number = least + number_of(f"{key}/{name}") % max(1, most - least + 1)
            value[str(name)] = str(number)
