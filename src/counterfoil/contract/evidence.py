"""Where a finding comes from: the sentences of its clauses, the statements of the vendor's page they cite, a line of the spec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from counterfoil.catalog import entries
from counterfoil.contract.specs.citations import CITATION
from counterfoil.contract.specs.reading import SpecUnreadable, read_yaml
from counterfoil.contract.verdict import Finding
from counterfoil.openapi import SpecError, parse_with_lines
from counterfoil.resources import docs_dir
from counterfoil.yaml_reader import Document

TAGS = {"vendor": "the vendor's other pages", "assumption": "our assumption: the vendor does not say"}
"""The remark after a clause, by its ``x-source``; a clause of the seed document has none."""


@dataclass(frozen=True)
class SpecLine:
    """A line of a spec: ``file`` is relative to the current directory, or ``specs/<api>/…`` if the spec is elsewhere."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def with_evidence(finding: Finding) -> Finding:
    """``finding`` with the sentences of its clauses, the statements they cite, and the place in the spec."""
    names = finding.clauses or _clauses_at(finding.api, finding.pointer)
    clauses = [clause for name in names if (clause := _clauses(finding.api).get(name))]
    cited = dict.fromkeys(citation_of(finding.api, clause) for clause in clauses)
    place = place_of(finding)
    return replace(
        finding,
        clauses=tuple(names),
        sentences=tuple(_sentence(finding.api, clause) for clause in clauses),
        statements=tuple(f"{citation}: {text}" for citation in cited if (text := statement(citation))),
        place=str(place) if place else "",
    )


def citation_of(api: str, clause: Mapping[str, Any]) -> str:
    """The statement a clause comes from, or a URL; the seed document when the clause names none."""
    return str(clause.get("rule") or f"docs/vendors/{api}.md#document")


def _sentence(api: str, clause: Mapping[str, Any]) -> str:
    tag = TAGS.get(str(clause.get("x-source")))
    says = " ".join(str(clause["says"]).split())
    return f"{clause['id']}: {says} ({f'{tag}; ' if tag else ''}{citation_of(api, clause)})"


@lru_cache
def statement(citation: str) -> str:
    """The text of the statement that ``docs/vendors/<api>.md#<anchor>`` names, without markup; "" when there is none."""
    match = CITATION.fullmatch(citation)
    page = docs_dir() / "vendors" / match["page"] if match else None
    if match is None or page is None or not page.is_file():
        return ""
    mark = f'<a id="{match["anchor"]}"></a>'
    after = page.read_text(encoding="utf-8").partition(mark)[2].splitlines()
    return next((text for line in after[:3] if (text := _plain(line))), "")  # an anchor may precede its heading


def _plain(line: str) -> str:
    """A line of Markdown without anchors, bullets, code marks, links and our tags for a statement's source."""
    text = re.sub(r"<a id=\"[^\"]*\"></a>|^\s*[-*|#]+\s*|[`|]|\s*\[[SVA]\]", "", line)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).strip()


def place_of(finding: Finding) -> SpecLine | None:
    """The line of the spec that the finding contradicts: of its schema or its first clause, else of its operation."""
    api = entries().get(finding.api)
    lines = _lines(api.openapi) if api else None
    if api is None or lines is None:
        return None
    pointers = [str(_clauses(finding.api).get(name, {}).get("spec") or "") for name in finding.clauses]
    pointer = (
        f"#{finding.pointer}" if finding.pointer else next((text for text in pointers if text.startswith("#/")), "")
    )
    path = [_unescape(part) for part in pointer[2:].split("/")] if pointer else _operation_path(finding.operation)
    document, text = lines
    line = document.line_of(path)
    return SpecLine(_shown(api.openapi, finding.api), line, text[line - 1].strip() if line <= len(text) else "")


def _operation_path(operation: str) -> list[str]:
    method, _, path = operation.partition(" ")
    return ["paths", path, method.lower()] if path.startswith("/") else []


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _shown(spec: Path, api: str) -> str:
    here = Path.cwd()
    return spec.relative_to(here).as_posix() if spec.is_relative_to(here) else f"specs/{api}/{spec.name}"


def _clauses_at(api: str, pointer: str) -> list[str]:
    """The ids of the clauses about the schema at ``pointer``, or about the nearest one around it."""
    about: dict[str, list[str]] = {}
    for name, clause in _clauses(api).items():
        at = str(clause.get("spec") or "")
        if pointer and f"#{pointer}/".startswith(f"{at}/"):
            about.setdefault(at, []).append(name)
    return about[max(about, key=len)] if about else []


@lru_cache
def _lines(spec: Path) -> tuple[Document, list[str]] | None:
    try:
        content = spec.read_bytes()
        return parse_with_lines(content, str(spec))[1], content.decode("utf-8").splitlines()
    except (OSError, SpecError, UnicodeDecodeError):
        return None


@lru_cache
def _clauses(api: str) -> Mapping[str, Mapping[str, Any]]:
    known = entries().get(api)
    try:
        clauses = read_yaml(known.specs / "clauses.yaml") if known else []
    except SpecUnreadable:
        return {}
    return {clause["id"]: clause for clause in clauses}
