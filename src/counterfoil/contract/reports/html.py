"""A verdict as one self-contained HTML page: the verdict, what was checked, the causes, what was not tried, the counts."""

from __future__ import annotations

from html import escape

from counterfoil.contract.causes import causes, title_of
from counterfoil.contract.law import brief
from counterfoil.contract.reports.words import COLUMNS, by_reason, what_was_checked
from counterfoil.contract.texts import printable
from counterfoil.contract.verdict import ACCEPTED, FINE, NOT_APPLICABLE, NOT_TRIED, QUESTION, Finding, Verdict
from counterfoil.plain_text import counted

MAX_TEXT_LENGTH = 180
"""Characters of a finding in the list of causes."""

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff;
overflow-wrap:anywhere}
h1{padding:.6rem 1rem;border-radius:.4rem;color:#fff;font-size:1.3rem}.fine{background:#1a7f37}.bad{background:#b42318}
h2{font-size:1.1rem;margin:1.6rem 0 .4rem}
.table{overflow-x:auto}table{border-collapse:collapse;margin:.4rem 0;overflow-wrap:normal}
td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}
tr+tr td{border-top:1px solid #ddd}.n{text-align:right}tr.broken td{color:#b42318;font-weight:600}
pre{background:#f4f4f5;padding:.6rem;border-radius:.3rem;overflow-x:auto;white-space:pre-wrap}
details{border-left:.25rem solid #b42318;padding:.2rem .8rem;margin:.6rem 0}details.plain{border-color:#999}
summary{cursor:pointer;font-weight:600}details details{border-color:#999}details details summary,summary .dim{font-weight:400}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .8rem;margin:.6rem 0}
dt{font-weight:600}dd{margin:0}
.dim{color:#595959}
@media(prefers-color-scheme:dark){body{background:#18181b;color:#e4e4e7}pre{background:#27272a}.dim{color:#a1a1aa}
tr+tr td{border-color:#3f3f46}tr.broken td{color:#f97066}}
"""


def to_html(verdict: Verdict) -> str:
    """The page."""
    word = _html(verdict.summary_line)
    groups = causes(verdict.findings)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>",
        f"<title>counterfoil check: {word}</title><style>{_STYLE}</style>",
        f"<h1 class={'fine' if verdict.exit_code == FINE else 'bad'}>{word}</h1>",
        f"<p class=dim>{_html(what_was_checked(verdict))}</p>",
        f"<p class=dim>seed {verdict.seed} · {verdict.seconds:.1f} s · exit code {verdict.exit_code}</p>",
        *(f"<p><b>{_html(t.api)}</b>: {_html(t.message)}</p>" for t in verdict.errors if len(verdict.errors) > 1),
        "<h2>Causes</h2>" if groups else "",
        *(_cause(group, first=position == 0) for position, group in enumerate(groups)),
        _untried(verdict),
        _left_behind(verdict),
        "<h2>Counts</h2>" + _table(verdict) if verdict.records else "",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _html(text: str) -> str:
    return escape(printable(text))


def _table(verdict: Verdict) -> str:
    rows = []
    for api in verdict.apis:
        for operation in verdict.operations(api):
            totals = verdict.count(api, operation)
            cells = "".join(f"<td class=n>{totals[name] or '·'}" for name, _ in COLUMNS)
            mark = " class=broken" if totals["broken"] else ""
            rows.append(f"<tr{mark}><td>{_html(api)}<td>{_html(operation)}{cells}")
    head = "".join(f"<th class=n>{name}" for name, _ in COLUMNS)
    return f"<div class=table><table><tr><th>API<th>operation{head}{''.join(rows)}</table></div>"


def _cause(group: list[Finding], *, first: bool) -> str:
    """One cause: its most direct finding in full, its other symptoms folded below it."""
    shown = group[0]
    others = "".join(
        f"<details><summary>{_html(f.id)} · {_html(f.operation)}</summary>{_about(f)}{_finding(f)}</details>"
        for f in group[1:]
    )
    summary = f"{_html(title_of(group))}<br><span class=dim>{_html(brief(_in_short(shown), MAX_TEXT_LENGTH))}</span>"
    body = f"{_about(shown)}{_finding(shown)}"
    return f"<details{' open' if first else ''}><summary>{summary}</summary>{body}{others}</details>"


def _in_short(finding: Finding) -> str:
    return f"{finding.operation}: expected {finding.expected}; got {finding.got}"


def _about(finding: Finding) -> str:
    """What should hold, the sentences it comes from, and the statements they cite."""
    sentences = "<br>".join(_html(text) for text in finding.sentences or finding.clauses)
    cited = "".join(f"<li>{_html(text)}" for text in finding.statements)
    folded = (
        f"<details class=plain><summary>what the documents say</summary><ul>{cited}</ul></details>" if cited else ""
    )
    return f"<p>{_html(finding.says)}<br><span class=dim>{sentences}</span></p>{folded}"


def _finding(finding: Finding) -> str:
    rows = {
        "operation": finding.operation,
        "expected": finding.expected,
        "got": finding.got,
        "with": finding.case,
        "spec": finding.place,
    }
    cells = "".join(f"<dt>{name}<dd>{_html(text)}" for name, text in rows.items() if text)
    requests = f"<pre>{_html(chr(10).join(finding.requests))}</pre>" if finding.requests else ""
    again = f"<p>again: <code>{_html(finding.reproduce)}</code></p>" if finding.reproduce else ""
    return f"<dl>{cells}</dl>{requests}{again}"


def _untried(verdict: Verdict) -> str:
    parts, titles = [], []
    for status in (QUESTION, NOT_TRIED, ACCEPTED, NOT_APPLICABLE):
        reasons = by_reason(verdict.records, status)
        if reasons:
            count = sum(map(len, reasons.values()))
            rows = "".join(
                f"<tr><td>{_html(api)}<td>{_html(reason)}<td>{_html(', '.join(ids))}"
                for (_, api, reason), ids in reasons.items()
            )
            table = f"<div class=table><table><tr><th>API<th>reason<th>laws and checks{rows}</table></div>"
            title = {NOT_APPLICABLE: "not applicable here", QUESTION: counted(count, "question").split(" ")[1]}.get(
                status, status
            )
            titles.append(title)
            mark = " open" if status in (QUESTION, NOT_TRIED) else ""
            parts.append(f"<details class=plain{mark}><summary>{count} {title}</summary>{table}</details>")
    return f"<h2>{', '.join(titles).capitalize()}</h2>{''.join(parts)}" if parts else ""


def _left_behind(verdict: Verdict) -> str:
    notes = "".join(f"<p>{_html(note)}</p>" for note in verdict.notes)
    if not verdict.left_behind:
        return notes
    paths = "".join(f"<li><code>{_html(path)}</code>" for path in verdict.left_behind)
    count = counted(len(verdict.left_behind), "new resource")
    return (
        f"<h2>Left behind at the target</h2>{notes}"
        f"<details class=plain><summary>{count}</summary><ul>{paths}</ul></details>"
    )
