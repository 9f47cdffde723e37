"""The record of what caught each defect, written by ``python -m tests.contract.defects``, and its report.

``caught.json`` is that record. The tests choose by it which laws to try first, and check it; no test passes because of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .plant import DEFECTS, Defect

HERE = Path(__file__).parent
RECORD, REPORT = HERE / "caught.json", HERE / "REPORT.md"
COMMAND = "python -m tests.contract.defects"


@dataclass(frozen=True)
class Caught:
    """``laws`` that a defect breaks; ``conformance``: whether Schemathesis complains of it, None if that was not tried."""

    laws: tuple[str, ...]
    conformance: bool | None = None


def read() -> dict[str, Caught]:
    """The record by defect, without defects that no longer exist."""
    caught: dict[str, Any] = json.loads(RECORD.read_text()) if RECORD.is_file() else {}
    return {id: Caught(tuple(each["laws"]), each["conformance"]) for id, each in caught.items() if id in DEFECTS}


def write(record: Mapping[str, Caught]) -> None:
    caught = {id: {"conformance": each.conformance, "laws": list(each.laws)} for id, each in sorted(record.items())}
    lines = ",\n".join(f"{json.dumps(id)}: {json.dumps(each)}" for id, each in caught.items())
    RECORD.write_text(f"{{\n{lines}\n}}\n")


def laws_to_try(record: Mapping[str, Caught]) -> dict[str, list[str]]:
    """The laws to try for each defect, so that every law catches something and few laws are tried. A law is assigned to a
    defect that no other law catches, if possible, else to the defect that the fewest laws catch; a defect without a law gets the
    first law that caught it.
    """
    given: dict[str, list[str]] = {id: [] for id in record}
    for law in sorted({law for caught in record.values() for law in caught.laws}):
        by = [id for id, caught in record.items() if law in caught.laws]
        given[min(by, key=lambda id: (len(record[id].laws), id))].append(law)
    for id, caught in record.items():
        given[id] = given[id] or list(caught.laws[:1])
    return given


def laws_that_caught_nothing(record: Mapping[str, Caught], laws: Iterable[str]) -> list[str]:
    """The laws that never caught anything."""
    busy = {law for caught in record.values() for law in caught.laws}
    return [law for law in laws if law not in busy]


def report(record: Mapping[str, Caught], laws: Iterable[str]) -> str:
    """The report as Markdown."""
    known = [(defect, record.get(id, Caught(()))) for id, defect in DEFECTS.items()]
    apis, families = (sorted({getattr(defect, by) for defect, _ in known}) for by in ("api", "family"))
    survivors = [defect for defect, caught in known if not caught.laws and not caught.conformance]
    not_caught = [f"`{each.id}`" + (f" (wants the law `{each.wanting}`)" if each.wanting else "") for each in survivors]
    lines = [
        "# Planted defects, and what catches them",
        "",
        f"Written by `{COMMAND}`; `tests/contract/test_defects.py` plants every one of them again. Conformance is Schemathesis",
        "with its examples and coverage phases. Defects are planted on the wire, outside the stand-in's own validation.",
        "",
        *_table("API", apis, lambda defect: defect.api, known),
        "",
        *_table("family", families, lambda defect: defect.family, known),
        "",
        f"Not caught: {', '.join(not_caught) or 'none'}.",
        f"Laws that never caught anything: {', '.join(laws_that_caught_nothing(record, laws)) or 'none'}.",
        "",
        "| defect | what is wrong | caught by laws | by conformance alone |",
        "|---|---|---|---|",
    ]
    for defect, caught in known:
        few = ", ".join(f"`{law}`" for law in caught.laws[:3]) + (
            f" and {len(caught.laws) - 3} more" if len(caught.laws) > 3 else ""
        )
        alone = {True: "yes", False: "no", None: "not tried"}[caught.conformance]
        lines.append(f"| `{defect.id}` | {defect.says.replace('|', '/')} | {few or '–'} | {alone} |")
    return "\n".join(lines) + "\n"


def _table(title: str, names: Iterable[str], of: Any, known: list[tuple[Defect, Caught]]) -> list[str]:
    lines = [f"| {title} | defects | conformance alone | with laws |", "|---|---|---|---|"]
    planted, alone, all_ = Counter[str](), Counter[str](), Counter[str]()
    for defect, caught in known:
        for name in (of(defect), ""):
            planted[name] += 1
            alone[name] += bool(caught.conformance)
            all_[name] += bool(caught.laws or caught.conformance)
    for name in (*names, ""):
        counts = (
            f"{alone[name]} ({_share(alone[name], planted[name])})",
            f"{all_[name]} ({_share(all_[name], planted[name])})",
        )
        lines.append(f"| {name or '**all**'} | {planted[name]} | {counts[0]} | {counts[1]} |")
    return lines


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"
