"""A verdict on the terminal: the verdict, then every cause, then what was not tried, then the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.contract.causes import causes, title_of
from counterfoil.contract.reports.words import COLUMNS, by_reason, some, what_was_checked
from counterfoil.contract.verdict import FINE, NOT_APPLICABLE, NOT_TRIED, QUESTION, Finding, Verdict
from counterfoil.plain_text import counted, for_terminal

if TYPE_CHECKING:
    from rich.console import Console

MAX_SHOWN = 2
"""Findings of one cause that are shown in full; reports have all."""
MAX_REQUESTS = 4
MAX_LEFT_BEHIND = 5


def to_console(verdict: Verdict, console: Console) -> None:
    """Print ``verdict``."""
    from rich.text import Text

    def say(text: str, style: str = "") -> None:
        console.print(Text(for_terminal(text), style=style), soft_wrap=True)

    bold = "bold green" if verdict.exit_code == FINE else "bold red"
    line = f"{verdict.summary_line} ({verdict.seconds:.1f} s, seed {verdict.seed})"
    say(line, bold)
    if verdict.targets:
        say(what_was_checked(verdict), "dim")
    for error in verdict.errors:
        if error.message not in verdict.summary_line or len(verdict.errors) > 1:
            say(f"✗ {error.api}: {error.message}", "bold red")
    for group in causes(verdict.findings):
        _cause(group, console)
    if verdict.records:
        say("")
        for (status, api, reason), ids in by_reason(verdict.records, QUESTION, NOT_TRIED, NOT_APPLICABLE).items():
            say(f"{status}: {api}: {some(ids)}: {reason}", "dim" if status == NOT_APPLICABLE else "yellow")
        _table(verdict, console)
    for note in verdict.notes:
        say(note, "dim")
    if verdict.left_behind:
        shown = some(verdict.left_behind, MAX_LEFT_BEHIND)
        say(f"left behind: {counted(len(verdict.left_behind), 'new resource')} ({shown})", "dim")
    if verdict.findings:
        say(line, bold)  # again: the first line has scrolled away


def _table(verdict: Verdict, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("API", "operation", box=None, pad_edge=False, header_style="bold")
    for _, heading in COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for api in verdict.apis:
        for operation in verdict.operations(api):
            totals = verdict.count(api, operation)
            marks = [str(totals[name] or "·") for name, _ in COLUMNS]
            style = "red" if totals["broken"] else None
            table.add_row(Text(api), Text(for_terminal(operation)), *marks, style=style)
    console.print(table)


def _cause(group: list[Finding], console: Console) -> None:
    from rich.text import Text

    first = group[0]
    console.print(Text(for_terminal(f"\n✗ {title_of(group)}"), style="bold red"), soft_wrap=True)
    console.print(Text(for_terminal(f"  {first.says}")), soft_wrap=True)
    for sentence in first.sentences[:2]:
        console.print(Text(for_terminal(f"  {sentence}"), style="dim"), soft_wrap=True)
    for finding in group[:MAX_SHOWN]:
        console.print(Text(for_terminal("\n".join(_lines(finding)))), soft_wrap=True)
    if len(group) > MAX_SHOWN:
        console.print(f"  … and {len(group) - MAX_SHOWN} more; --report DIR shows all", soft_wrap=True)


def _lines(finding: Finding) -> list[str]:
    lines = [f"  {finding.operation}"]
    lines += [f"    expected  {finding.expected}", f"    got       {finding.got}"]
    lines += [f"    with      {finding.case}"] * bool(finding.case)
    lines += [f"    {line}" for line in finding.requests[-MAX_REQUESTS:]]
    lines += [f"    again     {finding.reproduce}"] * bool(finding.reproduce)
    return lines + [f"    spec      {finding.place}"] * bool(finding.place)
