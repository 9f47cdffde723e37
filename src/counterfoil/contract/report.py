"""Write a verdict: on the terminal, as JSON, JUnit XML, one HTML page, and a GitHub step summary.

Credentials were removed from every text before; here each text is escaped for its format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from counterfoil import __version__
from counterfoil.contract.verdict import (
    ACCEPTED,
    COULD_NOT_RUN,
    FAILED,
    FINE,
    NOT_TRIED,
    PASSED,
    UNTRIED,
    Finding,
    Record,
    Verdict,
)
from counterfoil.whole_files import write_all_whole

if TYPE_CHECKING:
    from rich.console import Console

HEADINGS = ("API", "operation", "cases", "held", "broken", "accepted", "not tried", "n/a")
MOST_SHOWN = 3
"""Findings of one cause that the terminal shows in full."""


_UNWRITABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _safe(text: str) -> str:
    """Text that any terminal and file accepts: no control characters, no surrogates, only what XML 1.0 allows."""
    return _UNWRITABLE.sub("\ufffd", text)


def _html(text: str) -> str:
    return escape(_safe(text))


def _title(findings: Sequence[Finding]) -> str:
    """What a cause is called: its first finding, and the ids of its further symptoms."""
    first = findings[0]
    others = [id for id in dict.fromkeys(f.id for f in findings) if id != first.id]
    more = f", also {', '.join(others[:6])}{' …' if len(others) > 6 else ''}" if others else ""
    return f"{first.api} · {first.id} ({len(findings)}){more}"


def causes(verdict: Verdict) -> list[tuple[str, list[Finding]]]:
    """Findings grouped by cause, laws first, then by API."""
    order = {"law": 0, "conformance": 1, "spec": 2, "baseline": 3}
    ordered = sorted(verdict.findings, key=lambda f: (order[f.part], f.cause, f.api, f.id, f.operation))
    return [(cause, list(found)) for cause, found in groupby(ordered, key=lambda f: f.cause)]


# ---------------------------------------------------------------- terminal


def to_console(verdict: Verdict, console: Console) -> None:
    """The summary by API and operation, then every cause, then the verdict."""
    from rich.table import Table
    from rich.text import Text

    def say(text: str, style: str = "") -> None:
        console.print(Text(_safe(text), style=style), soft_wrap=True)

    table = Table(
        "API",
        "operation",
        "cases",
        "held",
        "broken",
        "accepted",
        "not tried",
        "n/a",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for api in verdict.apis:
        for operation in verdict.operations(api):
            counted = verdict.count(api, operation)
            marks = [
                str(counted[name] or "·")
                for name in ("cases", "held", "broken", "accepted", "not tried", "not applicable")
            ]
            table.add_row(Text(api), Text(operation), *marks, style="red" if counted["broken"] else None)
    console.print(table)
    reasons: dict[tuple[str, str], list[str]] = {}
    for record in verdict.records:
        if record.status in UNTRIED:
            reasons.setdefault((record.status, record.reason), []).append(record.id)
    for (status, reason), ids in sorted(reasons.items()):
        more = f" and {len(ids) - 4} more" if len(ids) > 4 else ""
        say(f"{status}: {', '.join(ids[:4])}{more}: {reason}", "yellow" if status == NOT_TRIED else "dim")
    for _, findings in causes(verdict):
        say(f"\n✗ {_title(findings)}", "bold red")
        say(f"  {findings[0].says}")
        for sentence in findings[0].sentences[:2]:
            say(f"  {sentence}", "dim")
        for finding in findings[:MOST_SHOWN]:
            _finding_to_console(finding, console)
        if len(findings) > MOST_SHOWN:
            say(f"  … and {len(findings) - MOST_SHOWN} more; --report DIR shows all")
    for error in verdict.errors:
        say(f"✗ {error.api}: {error.message}", "bold red")
    for note in verdict.notes:
        say(note, "dim")
    if verdict.left_behind:
        shown = ", ".join(verdict.left_behind[:5]) + (" …" if len(verdict.left_behind) > 5 else "")
        say(f"left behind: {len(verdict.left_behind)} new resources ({shown})", "dim")
    style = {FINE: "bold green"}.get(verdict.exit_code, "bold red")
    say(f"\n{verdict.summary_line} ({verdict.seconds:.1f} s, seed {verdict.seed})", style)


def _finding_to_console(finding: Finding, console: Console) -> None:
    from rich.text import Text

    lines = [f"  {finding.operation}", f"    expected  {finding.expected}", f"    got       {finding.got}"]
    if finding.case:
        lines.append(f"    with      {finding.case}")
    lines += [f"    {line}" for line in finding.requests[-4:]]
    if finding.reproduce:
        lines.append(f"    again     {finding.reproduce}")
    console.print(Text(_safe("\n".join(lines))), soft_wrap=True)


# ---------------------------------------------------------------- files


def write_report(verdict: Verdict, folder: Path) -> list[Path]:
    """Write JUnit XML, HTML and JSON to ``folder``, which is made if missing: all of them whole, or none.

    Raises ``OSError``.
    """
    files = {
        "junit.xml": to_junit(verdict),
        "report.html": to_html(verdict),
        "report.json": json.dumps(verdict.as_json(), indent=1) + "\n",
    }
    write_all_whole({folder / name: text.encode() for name, text in files.items()})
    return [folder / name for name in files]


def to_junit(verdict: Verdict) -> str:
    """One test suite for each API, one test case for each operation and law or check."""
    root = Xml.Element("testsuites", name="counterfoil check", time=f"{verdict.seconds:.3f}")
    properties = Xml.SubElement(root, "properties")
    for name, value in {"started": verdict.started, "command": verdict.command, **verdict.targets}.items():
        Xml.SubElement(properties, "property", name=_safe(name), value=_safe(value))
    for api in verdict.apis:
        records = [record for record in verdict.records if record.api == api]
        errors = [error for error in verdict.errors if error.api == api]
        suite = Xml.SubElement(
            root,
            "testsuite",
            name=api,
            tests=str(len(records) + len(errors)),
            failures=str(sum(record.status == FAILED for record in records)),
            errors=str(len(errors)),
            skipped=str(sum(record.status in (ACCEPTED, *UNTRIED) for record in records)),
        )
        for record in records:
            _case(suite, record)
        for error in errors:
            case = Xml.SubElement(suite, "testcase", classname=f"{api}.run", name="could be run")
            Xml.SubElement(case, "error", message=_safe(error.message))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _case(suite: Xml.Element, record: Record) -> None:
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=_safe(f"{record.api}.{record.operation}"),
        name=_safe(record.id),
        time=f"{record.seconds:.3f}",
    )
    if record.status == FAILED:
        first = record.findings[0]
        failure = Xml.SubElement(case, "failure", message=_safe(f"expected {first.expected}; got {first.got}")[:1000])
        failure.text = _safe("\n\n".join(in_words(finding) for finding in record.findings))
    elif record.status != PASSED:
        Xml.SubElement(case, "skipped", message=_safe(f"{record.status}: {record.reason}"))


def in_words(finding: Finding) -> str:
    """A finding as plain text."""
    lines = [finding.says, *finding.sentences, f"expected: {finding.expected}", f"got: {finding.got}"]
    lines += [f"with: {finding.case}"] * bool(finding.case) + list(finding.requests)
    return "\n".join([*lines, *[f"again: {finding.reproduce}"] * bool(finding.reproduce)])


_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
h1{padding:.6rem 1rem;border-radius:.4rem;color:#fff;font-size:1.3rem}.fine{background:#1a7f37}.bad{background:#b42318}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}
.n{text-align:right}tr.broken td{color:#b42318;font-weight:600}
pre{background:#f4f4f5;padding:.6rem;border-radius:.3rem;overflow-x:auto;white-space:pre-wrap;word-break:break-word}
details{border-left:.25rem solid #b42318;padding:.2rem .8rem;margin:.6rem 0}summary{cursor:pointer;font-weight:600}
dt{font-weight:600}dd{margin:0 0 .4rem}.dim{color:#666}
@media(prefers-color-scheme:dark){body{background:#18181b;color:#e4e4e7}pre{background:#27272a}.dim{color:#a1a1aa}}
"""


def to_html(verdict: Verdict) -> str:
    """One self-contained page: the verdict, the table, every cause, what did not apply."""
    word = _html(verdict.summary_line)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>counterfoil check: {word}</title><style>{_STYLE}</style>",
        f"<h1 class={'fine' if verdict.exit_code == FINE else 'bad'}>{word}</h1>",
        f"<p class=dim>seed {verdict.seed} · {verdict.seconds:.1f} s · exit code {verdict.exit_code}</p>",
        f"<p class=dim>{_html(_what_was_checked(verdict))}</p>",
        *(f"<p><b>{_html(t.api)}</b>: {_html(t.message)}</p>" for t in verdict.errors),
        _table(verdict),
        *(_cause(findings) for _, findings in causes(verdict)),
        _not_tried(verdict.records),
        *(f"<p class=dim>{_html(note)}</p>" for note in verdict.notes),
    ]
    if verdict.left_behind:
        parts.append(f"<h2>Left behind at the target</h2><p>{_html(', '.join(verdict.left_behind))}</p>")
    return "\n".join(parts) + "\n"


def _what_was_checked(verdict: Verdict) -> str:
    targets = "; ".join(f"{api} at {url}" for api, url in verdict.targets.items())
    return f"{targets} · started {verdict.started} · counterfoil {__version__} · {verdict.command}"


def _table(verdict: Verdict) -> str:
    names = ("cases", "held", "broken", "accepted", "not tried", "not applicable")
    rows = []
    for api in verdict.apis:
        for operation in verdict.operations(api):
            counted = verdict.count(api, operation)
            cells = "".join(f"<td class=n>{counted[name] or '·'}" for name in names)
            mark = " class=broken" if counted["broken"] else ""
            rows.append(f"<tr{mark}><td>{_html(api)}<td>{_html(operation)}{cells}")
    head = "".join(f"<th class=n>{name}" for name in names)
    return f"<table><tr><th>API<th>operation{head}{''.join(rows)}</table>"


def _cause(findings: list[Finding]) -> str:
    shown = "".join(
        f"<dl><dt>{_html(f.operation)}<dd>"
        + f"<dt>expected<dd>{_html(f.expected)}<dt>got<dd>{_html(f.got)}"
        + (f"<dt>with<dd>{_html(f.case)}" if f.case else "")
        + "</dl>"
        + (f"<pre>{_html(chr(10).join(f.requests))}</pre>" if f.requests else "")
        + (f"<p class=dim>again: <code>{_html(f.reproduce)}</code></p>" if f.reproduce else "")
        for f in findings
    )
    clauses = "<br>".join(dict.fromkeys(_html(text) for f in findings for text in f.sentences or f.clauses))
    intro = f"<p>{_html(findings[0].says)} <br><span class=dim>{clauses}</span></p>"
    return f"<details open><summary>{_html(_title(findings))}</summary>{intro}{shown}</details>"


def _not_tried(records: Iterable[Record]) -> str:
    rows = [r for r in records if r.status in (ACCEPTED, *UNTRIED)]
    if not rows:
        return ""
    cells = "".join(
        f"<tr><td>{_html(r.id)}<td>{_html(r.operation)}<td>{_html(r.status)}<td>{_html(r.reason)}" for r in rows
    )
    return f"<h2>Accepted, not tried, or not applicable here</h2><table>{cells}</table>"


def to_summary(verdict: Verdict) -> str:
    """Markdown for a GitHub step summary."""
    mark = {FINE: "✅", COULD_NOT_RUN: "⚠️"}.get(verdict.exit_code, "❌")
    lines = [
        f"### {mark} counterfoil: {_md(verdict.summary_line)}",
        "",
        "| API | cases | held | broken | accepted | not tried | n/a |",
    ]
    lines.append("|---|--:|--:|--:|--:|--:|--:|")
    for api in verdict.apis:
        counted = verdict.count(api)
        cells = [str(counted[name]) for name in ("cases", "held", "broken", "accepted", "not tried", "not applicable")]
        lines.append(f"| {_md(api)} | {' | '.join(cells)} |")
    for _, findings in causes(verdict)[:30]:
        first = findings[0]
        lines += ["", f"**{_md(_title(findings))}**: {_md(first.says)}  "]
        lines.append(f"expected {_md(first.expected)}, got {_md(first.got)}")
    lines += [f"\n{_md(error.api)}: {_md(error.message)}" for error in verdict.errors]
    return "\n".join(lines) + "\n\n"


def _md(text: str) -> str:
    """Escape text so that nothing in it becomes markup, a table cell or HTML."""
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", escape(_safe(text), quote=False)).replace("\n", " ")
