"""How a generated client calls each operation of a spec, and the results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterfoil import openapi


@dataclass(frozen=True)
class Task:
    """A spec, the base URL of its API, and headers with valid credentials."""

    spec: Path
    base: str
    headers: dict[str, str]

    @property
    def api(self) -> str:
        return self.spec.parent.name

    @property
    def name(self) -> str:
        """The API's name where a program needs an identifier."""
        return self.api.replace("-", "_")


Statuses = dict[str, dict[str, int]]
"""The status that each operation answered: by API, then by operationId."""


@dataclass(frozen=True)
class Call:
    """One operation as a client calls it: parameters by place and name, and a body, from the spec's examples."""

    operation: str
    path: dict[str, Any]
    query: dict[str, Any]
    body: Any
    statuses: list[int]


def calls(spec: Path) -> Iterator[Call]:
    """Each operation once, with its required parameters and body."""
    document = openapi.parse(spec.read_bytes(), str(spec))
    for operation in openapi.from_document("x", document).operations.values():
        required = [each for each in operation["parameters"] if each.get("required")]
        given = {
            where: {p["name"]: example(document, p) for p in required if p["in"] == where}
            for where in ("path", "query")
        }
        content = next(iter(operation.get("requestBody", {}).get("content", {}).values()), None)
        body = example(document, content) if content else None
        yield Call(
            operation["operationId"],
            given["path"],
            given["query"],
            body,
            [int(each) for each in operation["responses"]],
        )


def example(document: Any, node: Any) -> Any:
    """An example of a parameter or a body: its own, or its schema's."""
    if "example" in node:
        return node["example"]
    for each in node.get("examples", {}).values():
        return openapi.resolve(document, each)["value"]
    schema = openapi.resolve(document, node["schema"])
    assert "example" in schema, node
    return schema["example"]


def listed(spec: Path) -> list[dict[str, Any]]:
    """The calls as JSON."""
    return [vars(each) for each in calls(spec)]


def answered(done: Any, tasks: Sequence[Task]) -> Statuses:
    """A line of JSON for each API, in the order of the tasks."""
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    lines = done.stdout.splitlines()[-len(tasks) :]
    return {each.api: dict(json.loads(line)) for each, line in zip(tasks, lines, strict=True)}


def unexpected(spec: Path, statuses: dict[str, int]) -> list[str]:
    """What went wrong: an operation that was not called, or did not succeed.

    Of the control API, some operations of one world make the next fail as documented, such as deleting it.
    """
    wanted = {each.operation: [s for s in each.statuses if s < 300 or "control" in spec.parts] for each in calls(spec)}
    # orval 7.13 makes no function for OPTIONS
    found = [f"{name} was not called" for name in wanted if name not in statuses and not name.startswith("options")]
    return found + [f"{name} answered {s}" for name, s in statuses.items() if s not in wanted.get(name, [])]
