"""A verdict as Markdown for a GitHub step summary: short enough to be read there."""

from __future__ import annotations

import re
from html import escape

from counterfoil.contract.causes import causes, title_of
from counterfoil.contract.reports.words import COLUMNS, by_reason, some
from counterfoil.contract.texts import printable
from counterfoil.contract.verdict import COULD_NOT_RUN, FINE, NOT_TRIED, QUESTION, Verdict
from counterfoil.plain_text import counted

MAX_CAUSES = 10
MAX_TEXT_LENGTH = 160
"""Characters shown of what was expected, and of what was received."""


def to_summary(verdict: Verdict) -> str:
    """The verdict, a line for each API, each cause and each reason why something was not tried."""
    mark = {FINE: "✅", COULD_NOT_RUN: "⚠️"}.get(verdict.exit_code, "❌")
    lines = [f"### {mark} counterfoil: {_md(verdict.summary_line)}", "", *_table(verdict)]
    groups = causes(verdict.findings)
    for group in groups[:MAX_CAUSES]:
        first = group[0]
        lines.append(
            f"- **{_md(title_of(group))}**, {_md(first.operation)}: expected {_cut(first.expected)}; got {_cut(first.got)}"
        )
    if len(groups) > MAX_CAUSES:
        lines.append(f"- and {counted(len(groups) - MAX_CAUSES, 'more cause')}, in the report")
    if len(verdict.errors) > 1 or verdict.findings:  # else the first line says it
        lines += [f"- {_md(error.api)}: {_md(error.message)}" for error in verdict.errors]
    for (status, api, reason), ids in by_reason(verdict.records, QUESTION, NOT_TRIED).items():
        lines.append(f"- {status}: {_md(api)}: {_md(some(ids, 2))}: {_md(reason)}")
    if verdict.left_behind:
        lines.append(f"- left behind at the target: {counted(len(verdict.left_behind), 'new resource')}")
    return "\n".join(lines) + "\n\n"


def _table(verdict: Verdict) -> list[str]:
    if not verdict.records:
        return []
    headings = " | ".join(heading for _, heading in COLUMNS)
    lines = [f"| API | {headings} |", "|---|" + "--:|" * len(COLUMNS)]
    for api in verdict.apis:
        totals = verdict.count(api)
        lines.append(f"| {_md(api)} | {' | '.join(str(totals[name]) for name, _ in COLUMNS)} |")
    return [*lines, ""]


def _cut(text: str) -> str:
    return _md(text if len(text) <= MAX_TEXT_LENGTH else f"{text[:MAX_TEXT_LENGTH]}…")


def _md(text: str) -> str:
    """Escape text so that nothing in it becomes markup, a table cell or HTML."""
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", escape(printable(text), quote=False)).replace("\n", " ")
