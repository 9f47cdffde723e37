"""Which statuses a spec documents for each operation: only those are made on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.openapi import Spec

Json = Any


class Documented:
    """The statuses of one operation, of which ``5XX`` is a hundred and ``default`` is every error."""

    def __init__(self, responses: Mapping[str, Json]) -> None:
        self.names = tuple(sorted(str(each) for each in responses))
        self._statuses: set[int] = set()
        for name in self.names:
            if name == "default":
                self._statuses.update(range(400, 600))
            elif name.upper().endswith("XX"):
                self._statuses.update(range(int(name[0]) * 100, int(name[0]) * 100 + 100))
            else:
                self._statuses.add(int(name))

    def has(self, status: int) -> bool:
        return status in self._statuses

    def __str__(self) -> str:
        return ", ".join(self.names)


def documented(spec: Spec) -> dict[str, Documented]:
    """By operation, ``GET /customerBill/{id}``."""
    return {name: Documented(operation["responses"]) for name, operation in spec.operations.items()}
