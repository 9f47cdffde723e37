"""Makes the fields by which paths name members fit those paths: digits where the path's parameter is a number."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from counterfoil.apis.generic.data.numbers import bounds_of
from counterfoil.apis.generic.data.seeds import number_of
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.model import Collection, Place

Json = Any
MOST = 10**9
"""Made numbers are below it, so that they fit 32 bits."""


class AlternateValues:
    """The fields, other than the id, by which paths of one document name a member with a whole number."""

    def __init__(self, document: Document) -> None:
        self.document = document
        found: dict[str, dict[Place, tuple[int, int]]] = {}
        for operation in document.model.operations.values():
            bounds = self._bounds(operation.name) if operation.key and not operation.id_at else None
            if bounds is not None and len(operation.key) == 1:
                found.setdefault(operation.collection, {})[operation.key] = bounds
        self._fields = found

    def _bounds(self, name: str) -> tuple[int, int] | None:
        """The least and the greatest number that an operation's last path parameter takes; None if it takes other values."""
        definition = self.document.spec.operations[name]
        last = name.rpartition("{")[2].partition("}")[0]
        for each in definition.get("parameters") or ():
            if (each.get("in"), each.get("name")) == ("path", last) and isinstance(each.get("schema"), dict):
                if self.document.reader.types(each["schema"]) != {"integer"}:
                    return None
                least, most = bounds_of(self.document.reader.merged(each["schema"]))
                return int(max(1, least)), int(min(MOST, most))
        return None

    def put_into(self, collection: Collection, value: dict[str, Json], key: str, sent: Container[str] = ()) -> None:
        """Replace those made values of a member that the path does not take; what was ``sent`` stays."""
        fields: Mapping[Place, tuple[int, int]] = self._fields.get(collection.path, {})
        for (name,), (least, most) in fields.items():
            made = value.get(str(name))
            if name in sent or not isinstance(made, str) or made.isdecimal():
                continue
            number = least + number_of(f"{key}/{name}") % max(1, most - least + 1)
            value[str(name)] = str(number)
