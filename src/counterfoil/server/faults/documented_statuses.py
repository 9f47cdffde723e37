"""Which statuses and examples a spec documents for each operation: only those are made on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from counterfoil.openapi import Spec

Json = Any


class Example(NamedTuple):
    """One example of a response."""

    status: int
    media_type: str
    value: Json


class DocumentedStatuses:
    """The documented statuses of one operation. ``5XX`` stands for 500 to 599, ``default`` for all of 400 to 599."""

    def __init__(self, responses: Mapping[str, Json]) -> None:
        self.names = tuple(sorted(str(each) for each in responses))
        self._statuses: set[int] = set()
        self.examples: dict[str, list[Example]] = {}
        """The named examples; several statuses may have one of the same name."""
        for name in self.names:
            if name == "default":
                self._statuses.update(range(400, 600))
            elif name.upper().endswith("XX"):
                self._statuses.update(range(int(name[0]) * 100, int(name[0]) * 100 + 100))
            else:
                self._statuses.add(int(name))

        for name, response in responses.items():
            self._add_examples(str(name), response)

    def _add_examples(self, status: str, response: Json) -> None:
        code = int(status) if status.isdigit() else 0
        content = response.get("content") if isinstance(response, dict) else None
        for media_type, media in (content or {}).items():
            named = media.get("examples") if isinstance(media, dict) else None
            for name, each in (named if isinstance(named, dict) else {}).items():
                if isinstance(each, dict) and "value" in each and code:
                    self.examples.setdefault(str(name), []).append(Example(code, media_type, each["value"]))

    def example(self, name: str, status: int | None) -> Example | None:
        """The example of that name: of that status, or else of the lowest one."""
        found = [each for each in self.examples.get(name, ()) if status in (None, each.status)]
        return min(found, key=lambda each: each.status, default=None)

    def has(self, status: int) -> bool:
        return status in self._statuses

    def __str__(self) -> str:
        return ", ".join(self.names)


def documented(spec: Spec) -> dict[str, DocumentedStatuses]:
    """The documented statuses by operation (``GET /customerBill/{id}``)."""
    return {name: DocumentedStatuses(operation["responses"]) for name, operation in spec.operations.items()}
