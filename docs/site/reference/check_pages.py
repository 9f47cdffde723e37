"""The reference of laws and clauses, of the baseline and of the reports."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from md import code, fence, page, prose, section, slug, table

from counterfoil import yaml_reader
from counterfoil.catalog import entries
from counterfoil.contract import baseline, verdict
from counterfoil.contract.baseline import BaselineEntry
from counterfoil.contract.evidence import citation_of
from counterfoil.contract.finding import Finding
from counterfoil.contract.law_books import law_book
from counterfoil.contract.verdict import Record, Verdict

SOURCES = {"seed": "seed document", "vendor": "vendor", "assumption": "assumption"}
FILES = {
    "report.html": "people: one page without anything from elsewhere",
    "junit.xml": "CI: a suite for each API, a test case for each operation and law or check",
    "report.sarif": "code scanning: each result points at a line of the spec; what a baseline accepts is suppressed",
    "report.json": "programs: everything",
}
JSON_TEXTS = {
    "version": "Of this format.",
    "verdict": "The verdict in one line.",
    "exit_code": "See [Exit codes](exit-codes.md).",
    "seed": "Of the generated cases.",
    "seconds": "How long the check took.",
    "targets": "Base URLs by API.",
    "started": "When, as an instant.",
    "command": "The command line, without credentials.",
    "not_tried": "How many laws and parts of conformance could apply and were not tried.",
    "apis": "For each API and each of its operations, how many records have which status, and how many cases "
    "there were.",
    "troubles": "Why something could not be run: `api` and `message`.",
    "findings": "What is not as the documents say; see below.",
    "records": "One for each operation and law or check; see below.",
    "left_behind": "What `--writes` created and could not remove.",
    "notes": "Remarks that are not findings.",
}


def laws(api: str) -> str:
    book = law_book(api)
    clauses: list[Mapping[str, Any]] = yaml_reader.read_file(entries()[api].specs / "clauses.yaml")
    operations = dict.fromkeys(law.operation for law in book.laws)
    parts = [
        section(
            code(operation),
            table(
                ["law", "what must hold", "clauses"],
                [
                    (
                        f'<a id="{slug(law.id)}"></a>`{law.id}`',
                        law.says + _needs(law),
                        ", ".join(f"[{each.partition('.')[2]}](#{slug(each)})" for each in law.clauses),
                    )
                    for law in book.laws
                    if law.operation == operation
                ],
            ),
        )
        for operation in operations
    ]
    rows = [
        (
            f'<a id="{slug(clause["id"])}"></a>`{clause["id"]}`',
            " ".join(str(clause["says"]).split()),
            _source(api, clause),
            ", ".join(f"[{law.partition('.')[2]}](#{slug(law)})" for law in clause.get("laws", ())) or _instead(clause),
        )
        for clause in clauses
    ]
    known = ", ".join(f"`--known {api}.{name}=…`" for name in book.known_parameters)
    return page(
        f"Laws of {api}",
        f"The {len(book.laws)} behaviours that `counterfoil check {api}` tries over HTTP, by operation, and the "
        f"{len(clauses)} clauses of the vendor's documents, in our "
        f"words, that they come from. A law that needs `--writes` creates and changes resources; one that needs "
        f"*the stand-in* uses something that only it "
        f"offers, such as moving the clock."
        + (f" Ids that the API does not list are given with {known}." if known else ""),
        *parts,
        section(
            "Clauses",
            table(["clause", "what the documents say, in our words", "source", "watched by"], rows),
            anchor="clauses",
        ),
    )


def _needs(law: Any) -> str:
    needs = [*(["`--writes`"] if law.writes else []), *(["the stand-in"] if law.needs else [])]
    return f" Needs {' and '.join(needs)}." if needs else ""


def _source(api: str, clause: Mapping[str, Any]) -> str:
    citation = citation_of(api, clause)
    kind = SOURCES[str(clause["x-source"])]
    return f"[{kind}](../{citation.removeprefix('docs/')})" if citation.startswith("docs/") else kind


def _instead(clause: Mapping[str, Any]) -> str:
    return (
        "the spec" if clause.get("spec") else f"no request can show it: {' '.join(str(clause['untestable']).split())}"
    )


def reports() -> str:
    members = [
        (code(each.name), "required" if each.name in baseline.REQUIRED_MEMBERS else "optional", _BASELINE[each.name])
        for each in fields(BaselineEntry)
    ]
    assert {each.name for each in fields(BaselineEntry)} == set(baseline.MEMBERS)
    keys = list(Verdict().as_json())
    if set(keys) != JSON_TEXTS.keys():
        raise SystemExit(f"check_pages.JSON_TEXTS: {sorted(set(keys) ^ JSON_TEXTS.keys())} are in one of the two only")
    example = (inspect.getdoc(baseline) or "").partition("::\n")[2].split("\n\n")
    return page(
        "Baseline and reports",
        "The formats that `counterfoil check` reads and writes. How to use them is in [Check an "
        "implementation](../how-to/check-an-implementation.md).",
        section(
            "Baseline",
            "A YAML list of accepted deviations, read with `--baseline FILE` and written with `--baseline-update`.",
            fence(inspect.cleandoc("\n".join(each for each in example if "- id" in each)), "yaml"),
            table(["member", "", "what it is"], members),
            "An entry that has expired accepts nothing and is itself a finding; so is an entry whose law holds "
            "again. An entry for a law that does not exist is "
            "refused (exit code 2).",
            anchor="baseline",
        ),
        section(
            "Files of a report",
            "`--report DIR` writes all of them, or none.",
            table(["file", "for"], [(code(name), text) for name, text in FILES.items()]),
            anchor="files",
        ),
        section(
            "`report.json`",
            "`--json` prints the same. Its names are stable.",
            table(["member", "what it is"], [(code(key), JSON_TEXTS[key]) for key in keys]),
            anchor="json",
        ),
        section(
            "A finding",
            prose(inspect.cleandoc(Finding.__doc__ or "")),
            _fields(Finding),
            "`cause` groups findings that have one cause.",
            anchor="finding",
            level=3,
        ),
        section(
            "A record",
            prose(inspect.cleandoc(Record.__doc__ or "")),
            _fields(Record, without="findings"),
            anchor="record",
            level=3,
        ),
        section(
            "Statuses",
            f"A record's status is one of {', '.join(map(code, verdict.Status.__args__))}.",
            "What each means is in [The verdict](../how-to/check-an-implementation.md#verdict).",
            anchor="statuses",
            level=3,
        ),
    )


_BASELINE = {
    "id": "A law's id, or `conformance.<check>`.",
    "owner": "Who answers for it.",
    "reason": "Why it is accepted.",
    "expires": "The last day on which it is accepted.",
    "operation": "Only for this operation.",
    "api": "Only for this API; a law's id names its own.",
}


def _fields(kind: Any, without: str = "") -> str:
    rows = [
        (
            code(each.name),
            re.sub(r"\.\.\.", "…", str(each.type)),
            "" if each.default is MISSING else code(repr(each.default)) if each.default not in ("", ()) else "empty",
        )
        for each in fields(kind)
        if each.name != without
    ]
    return table(["member", "type", "default"], [(name, code(kind_), default) for name, kind_, default in rows])
