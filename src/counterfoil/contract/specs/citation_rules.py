"""Lint rules about citations in a spec: each switch and clause cites its evidence, and every citation has a target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from counterfoil.contract.specs.citations import CITATION, FORM, Pages, broken_citations, root_for
from counterfoil.contract.specs.reading import LintedSpec, LintFinding, SpecUnreadable, read_yaml
from counterfoil.resources import docs_dir

CITING_SOURCES = frozenset({"vendor", "assumption"})
"""Values of a clause's ``x-source`` that need a citation. ``seed`` is the one document that the API's page names."""


def evidence_cited(spec: LintedSpec) -> list[LintFinding]:
    """The ``rule`` of every switch and clause is a citation or a URL, and every clause that needs one has it."""
    switches = _mappings(spec.document.get("x-assumptions"))
    findings = [
        spec.finding(f"#/x-assumptions/{i}", _not_a_citation(each["rule"]))
        for i, each in switches
        if isinstance(each.get("rule"), str) and each["rule"].strip() and not _is_citation(each["rule"])
    ]
    for _, clause in _mappings(_clauses(spec)):
        where = f"clauses.yaml {clause.get('id')}"
        if "rule" in clause and not _is_citation(clause["rule"]):
            findings.append(spec.finding(where, _not_a_citation(clause["rule"])))
        elif "rule" not in clause and clause.get("x-source") in CITING_SOURCES:
            findings.append(spec.finding(where, f"rule is missing: {FORM}, or give a URL"))
    return findings


def citations_resolve(spec: LintedSpec) -> list[LintFinding]:
    """Every citation in the spec and its clauses has a target."""
    return [finding for name in (spec.file, "clauses.yaml") for finding in _broken(spec, spec.folder / name)]


def printed_citations_resolve(spec: LintedSpec, folder: Path) -> list[LintFinding]:
    """Every citation in the printed answers has a target."""
    return [finding for path in sorted(folder.glob("*.json")) for finding in _broken(spec, path)]


def _broken(spec: LintedSpec, path: Path) -> Iterator[LintFinding]:
    """The broken citations of a file, checked against the pages of the file's project, or else counterfoil's own."""
    if path.is_file():
        for broken in broken_citations(path, Pages(root_for(path.parent, default=docs_dir().parent))):
            yield spec.finding(f"{path.name}:{broken.line}", f"{broken.citation}: {broken.message}")


def _clauses(spec: LintedSpec) -> Any:
    try:
        return read_yaml(spec.folder / "clauses.yaml")
    except SpecUnreadable:
        return None  # reported by the rule that reads the clauses


def _mappings(value: Any) -> list[tuple[int, dict[str, Any]]]:
    return [(i, each) for i, each in enumerate(value) if isinstance(each, dict)] if isinstance(value, list) else []


def _is_citation(value: Any) -> bool:
    text = str(value)
    return CITATION.fullmatch(text) is not None or re.fullmatch(r"https?://\S+", text) is not None


def _not_a_citation(value: Any) -> str:
    return f"rule {str(value)[:100]!r} is not a citation: {FORM}, or give a URL"
