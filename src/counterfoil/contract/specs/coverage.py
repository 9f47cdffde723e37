"""Counts the clauses of each document by what covers them: a law, a part of the spec, or a reason why they are untestable.

Reads ``specs/<api>/clauses.yaml``; ``specs.lint`` has the rules for these files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from counterfoil.contract.specs.reading import read_yaml


@dataclass(frozen=True, slots=True)
class Coverage:
    """Clauses of one API, counted by what covers them best. ``untestable`` are the ids of clauses that no request can show."""

    api: str
    clauses: int
    by_law: int
    by_spec: int
    untestable: tuple[str, ...]
    open: int
    laws: int

    @property
    def share(self) -> float:
        """The share of the clauses that are accounted for, from 0 to 1."""
        return 1 - self.open / self.clauses if self.clauses else 0.0

    @property
    def share_by_law(self) -> float:
        """The share of the testable clauses that a law watches, from 0 to 1."""
        testable = self.clauses - len(self.untestable)
        return self.by_law / testable if testable else 0.0


def coverage(folder: Path) -> Coverage:
    """The coverage of the API whose spec is in ``folder``. Raises ``SpecUnreadable``."""
    clauses = read_yaml(folder / "clauses.yaml")
    by_law = [clause for clause in clauses if clause.get("laws")]
    rest = [clause for clause in clauses if not clause.get("laws")]
    by_spec = [clause for clause in rest if clause.get("spec")]
    untestable = [clause for clause in rest if not clause.get("spec") and clause.get("untestable")]
    return Coverage(
        api=folder.name,
        clauses=len(clauses),
        by_law=len(by_law),
        by_spec=len(by_spec),
        untestable=tuple(clause["id"] for clause in untestable),
        open=len(rest) - len(by_spec) - len(untestable),
        laws=len({law for clause in by_law for law in clause["laws"]}),
    )


def as_markdown(coverages: Iterable[Coverage]) -> str:
    """The table for README, and the ids of the clauses that no request can show."""
    found = list(coverages)
    lines = [
        "| API | clauses | watched by a law | by the spec alone | no request can show | accounted for | laws that watch |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {c.api} | {c.clauses} | {c.by_law} ({c.share_by_law:.0%}) | {c.by_spec} | {len(c.untestable)} | {c.share:.0%} "
        f"| {c.laws} |"
        for c in found
    ]
    named = ", ".join(f"`{id}`" for c in found for id in c.untestable)
    lines += ["", f"The share is of the clauses that a request can show. No request can show: {named or 'none'}."]
    return "\n".join(lines)
