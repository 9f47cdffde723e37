"""Runs ``counterfoil check`` from its options to its exit code: targets, checks, baseline and report."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from counterfoil.contract.baseline import BadBaseline, BaselineEntry, accept, read_baseline
from counterfoil.contract.baseline_update import updated, write_baseline
from counterfoil.contract.checker import POLITE_RATE, rate_for, run_checks
from counterfoil.contract.extra import CheckNotInstalled, require_check_extra
from counterfoil.contract.find_targets import (
    CheckUsageError,
    Start,
    add_known_ids,
    add_switches,
    check_baseline_names,
    check_law_names,
    find_targets,
)
from counterfoil.contract.http_client import is_loopback
from counterfoil.contract.law import LawBook
from counterfoil.contract.law_books import NoSuchLawBook, book_for, document_of
from counterfoil.contract.progress import progress_display
from counterfoil.contract.reports import write_report
from counterfoil.contract.reports.console import to_console
from counterfoil.contract.reports.github import to_summary
from counterfoil.contract.reproduce import command_of, complete
from counterfoil.contract.runner import is_selected
from counterfoil.contract.specs.reading import SpecUnreadable
from counterfoil.contract.target import Target
from counterfoil.contract.verdict import USAGE, Verdict
from counterfoil.plain_text import counted, for_terminal

SEED = 1
WIDTH = 120
"""Columns of the table if the output is not a terminal."""
REQUESTS_PER_LAW, REQUESTS_PER_PATH = 12, 150
"""For the estimate before a check; measured at the stand-ins and rounded up."""


@dataclass(frozen=True)
class CheckOptions:
    """The options of a check.

    ``urls`` maps an API to the base URL of a real implementation; other APIs are checked at a stand-in. ``headers``
    (``"K: V"``) are added to every request to ``urls``. ``max_examples`` bounds the generated cases of each law, and of each
    operation in conformance. ``rate`` is requests a second, ``max_time`` seconds for the whole check. ``only`` holds ids of
    laws or conformance checks, or their beginnings; nothing else is checked. ``known`` (``"emnify.org_id=17"``) gives ids that
    the API does not list. ``switches`` (``"oracle-brm.token=optional"``) are the target's choices where the documents leave
    one open. ``baseline_update`` rewrites ``baseline`` so that it accepts all findings. ``json`` prints the verdict as JSON
    and nothing else. ``strict`` makes the exit code 3 when something was not tried. ``own`` maps names to the law books of a
    user's own documents, and ``own_options`` to the options that name each document; with own documents, an API of the
    catalog is checked only if ``apis`` names it.
    """

    apis: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    writes: bool = False
    fast: bool = False
    max_examples: int | None = None
    seed: int = SEED
    rate: float | None = None
    max_time: float | None = None
    only: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    baseline: Path | None = None
    baseline_update: bool = False
    report: Path | None = None
    json: bool = False
    strict: bool = False
    own: Mapping[str, LawBook] = field(default_factory=dict)
    own_options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def check(
    options: CheckOptions,
    *,
    start: Start | None = None,
    progress: bool | None = None,
    today: date | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Run a check, report, and return the exit code: 0 fine · 1 findings · 2 usage · 3 could not run, or nothing was checked.

    ``start(names)`` starts stand-ins for APIs without an address. ``progress`` shows what is being done (by default only on
    a terminal).
    """
    environ = os.environ if environ is None else environ
    started = datetime.now(UTC)
    try:
        require_check_extra()
        targets = find_targets(options.apis, options.urls, options.headers, start, environ, own=options.own)
        targets = add_switches(add_known_ids(targets, options.known), options.switches)
        entries = _baseline_entries(options)
        check_law_names(targets, options.only)
        check_baseline_names(entries, targets)
        for api, target in targets.items():
            if api in options.urls and not is_loopback(target.url):
                _announce(api, target, options)
        with progress_display(progress, quiet=options.json) as report_progress:
            verdict = run_checks(targets, options, report_progress)
    except (CheckNotInstalled, CheckUsageError, BadBaseline, NoSuchLawBook, SpecUnreadable) as error:
        print(for_terminal(f"counterfoil check: {error}"), file=sys.stderr)
        return USAGE
    verdict.targets = {api: target.url for api, target in targets.items()}
    verdict.started, verdict.command = started.isoformat(timespec="seconds"), command_of(options)
    verdict.records = complete(verdict.records, options)
    day = today or started.date()
    if options.baseline_update and not verdict.errors:
        entries = tuple(updated(entries, verdict.records, day))
    verdict.records = accept(verdict.records, entries, day)
    return _present(verdict, options, environ, entries)


def _baseline_entries(options: CheckOptions) -> tuple[BaselineEntry, ...]:
    """The entries of the baseline; none when ``baseline_update`` is about to write the file for the first time."""
    if options.baseline is None:
        if options.baseline_update:
            raise CheckUsageError("--baseline-update needs --baseline FILE: the file to write")
        return ()
    return () if options.baseline_update and not options.baseline.exists() else read_baseline(options.baseline)


def _announce(api: str, target: Target, options: CheckOptions) -> None:
    """Print an estimate of the number of requests before anything is sent to another machine."""
    rate = rate_for(target, options) or POLITE_RATE
    laws = sum(is_selected(law, options.only) for law in book_for(api, target).laws)
    operations = 0 if options.only else len(document_of(book_for(api, target))["paths"])
    requests = laws * REQUESTS_PER_LAW + operations * REQUESTS_PER_PATH * (1 if options.fast else 3)
    roughly = f"roughly {requests:,} requests at {rate:g} a second at most (--rate)"
    minutes = counted(round(requests / rate / 60), "minute")
    print(f"{api}: {counted(laws, 'law')} at {target.url}; {roughly}, {minutes}", file=sys.stderr)


def _present(
    verdict: Verdict, options: CheckOptions, environ: Mapping[str, str], entries: Sequence[BaselineEntry]
) -> int:
    if options.json:
        sys.stdout.write(json.dumps(verdict.as_json(), indent=1) + "\n")
    else:
        from rich.console import Console

        width = None if sys.stdout.isatty() else WIDTH
        to_console(verdict, Console(highlight=False, markup=False, width=width))
    try:
        if options.baseline_update and options.baseline and not verdict.errors:
            write_baseline(options.baseline, entries)
            print(f"baseline: {options.baseline}, {counted(len(entries), 'entry')}", file=sys.stderr)
        if options.report is not None:
            written = write_report(verdict, options.report)
            print(f"report: {written[1]}", file=sys.stderr)
        if environ.get("GITHUB_STEP_SUMMARY"):
            with Path(environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as summary:
                summary.write(to_summary(verdict))
    except OSError as error:
        print(f"counterfoil check: cannot write: {error}", file=sys.stderr)
        return USAGE
    return verdict.exit_code
