"""The statuses and examples that a spec documents for each operation; faults may produce only these."""

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
    """The documented statuses of one operation. ``5XX`` means 500 to 599, ``default`` means 400 to 599."""

    def __init__(self, responses: Mapping[str, Json]) -> None:
        self.names = tuple(sorted(str(status) for status in responses))
        self._statuses: set[int] = set()
        self.examples: dict[str, list[Example]] = {}
        """The named examples; several statuses may have examples with the same name."""
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
            for name, example in (named if isinstance(named, dict) else {}).items():
                if isinstance(example, dict) and "value" in example and code:
                    self.examples.setdefault(str(name), []).append(Example(code, media_type, example["value"]))

    def example(self, name: str, status: int | None) -> Example | None:
        """The example with that name and status; without a status, the one with the lowest status."""
        matching = [example for example in self.examples.get(name, ()) if status in (None, example.status)]
        return min(matching, key=lambda example: example.status, default=None)

    def has(self, status: int) -> bool:
        return status in self._statuses

    def __str__(self) -> str:
        return ", ".join(self.names)


def documented(spec: Spec) -> dict[str, DocumentedStatuses]:
    """The documented statuses by operation (``GET /customerBill/{id}``)."""
    return {name: DocumentedStatuses(operation["responses"]) for name, operation in spec.operations.items()}
