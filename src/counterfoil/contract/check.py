"""One check, from names and addresses to an exit code: what ``counterfoil check`` does.

It puts the parts together (the spec, conformance, the laws), shows how far it is, writes the reports and applies the baseline. It
starts no stand-in itself: whoever calls it says how (``start``).
"""

from __future__ import annotations

import json as json_module
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from counterfoil.contract import conformance
from counterfoil.contract.baseline import BadBaseline, accept, read_baseline
from counterfoil.contract.books import NoSuchBook, book
from counterfoil.contract.law import Effort, Evidence
from counterfoil.contract.runner import CouldNotRun, named, open_probe, run_laws
from counterfoil.contract.specread import SpecUnreadable
from counterfoil.contract.target import Target
from counterfoil.contract.verdict import USAGE, Finding, Record, Trouble, Verdict
from counterfoil.resources import api_names, fixtures_dir, specs_dir

Start = Callable[[Sequence[str]], Mapping[str, Target]]
Progress = Callable[[str, str], None]
"""Told an API and what is being done for it now."""

SEED = 1
LAW_EXAMPLES = 12
CONFORMANCE_EXAMPLES = 20


class UsageError(Exception):
    """The check was asked for in a way that means nothing: one line."""


def check(
    apis: Sequence[str] = (),
    *,
    urls: Mapping[str, str] | None = None,
    headers: Sequence[str] = (),
    writes: bool = False,
    max_examples: int | None = None,
    seed: int = SEED,
    baseline: Path | None = None,
    report: Path | None = None,
    json: bool = False,
    fast: bool = False,
    rate: float | None = None,
    max_time: float | None = None,
    progress: bool | None = None,
    only: Sequence[str] = (),
    known: Sequence[str] = (),
    start: Start | None = None,
    today: date | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Check ``apis`` and return the exit code: 0 fine · 1 findings · 2 usage · 3 could not run, or nothing was checked.

    ``urls`` are the bases of real implementations by API; other APIs are checked at what ``start(names)`` gives.
    ``headers`` (``"K: V"``) go with every request to ``urls``. ``max_examples`` bounds the generated cases of a law and of
    conformance for an operation. ``rate`` is requests a second, ``max_time`` seconds for each API and part. ``only``
    names laws, and leaves conformance and the spec out.
    ``known`` (``"emnify.org_id=17"``) says what there is to look at.
    ``json`` prints the verdict as JSON and nothing else. ``progress``
    shows how far it is; by default on a terminal.
    """
    environ = os.environ if environ is None else environ
    plan = Plan(writes, max_examples, seed, fast, rate, max_time, tuple(only))
    try:
        targets = find_targets(apis, urls or {}, headers, start, environ)
        targets = with_known(targets, known)
        entries = read_baseline(baseline) if baseline else ()
        _known(targets, only)
        with _shown(progress, json) as tell:
            verdict = carry_out(targets, plan, tell)
    except (UsageError, BadBaseline, NoSuchBook, SpecUnreadable) as error:
        print(f"counterfoil check: {error}", file=sys.stderr)
        return USAGE
    verdict.records = accept(verdict.records, entries, today or datetime.now(UTC).date())
    return _present(verdict, report, json, environ)


@dataclass(frozen=True)
class Plan:
    """How much is checked, and how carefully."""

    writes: bool = False
    max_examples: int | None = None
    seed: int = SEED
    fast: bool = False
    rate: float | None = None
    max_time: float | None = None
    only: tuple[str, ...] = ()


@dataclass
class _Part:
    """What came of one API."""

    records: list[Record] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)


# ---------------------------------------------------------------- what to check


def find_targets(
    apis: Sequence[str],
    urls: Mapping[str, str],
    headers: Sequence[str],
    start: Start | None,
    environ: Mapping[str, str],
) -> dict[str, Target]:
    """Where each API is. Raises ``UsageError``."""
    names = list(dict.fromkeys(apis or urls or api_names()))
    for name in [*names, *urls]:
        if name not in api_names():
            raise UsageError(f"there is no API '{name}'; there are: {', '.join(api_names())}")
    if stray := [name for name in urls if name not in names]:
        raise UsageError(f"--url names {', '.join(stray)}, which is not to be checked")
    sent = dict(_header(text) for text in headers)
    found = {name: _real(name, urls[name], sent, environ) for name in names if name in urls}
    rest = [name for name in names if name not in urls]
    if rest:
        if start is None:
            raise UsageError(f"no address for {', '.join(rest)}: use --url API=URL")
        found |= start(rest)
    return {name: found[name] for name in names}


def with_known(targets: Mapping[str, Target], known: Sequence[str]) -> dict[str, Target]:
    """The targets with ids to look at, each given as ``API.NAME=VALUE``. Raises ``UsageError``."""
    found = dict(targets)
    for text in known:
        place, equals, value = text.partition("=")
        api, dot, name = place.partition(".")
        if not equals or not dot or not value or api not in found:
            raise UsageError(f"--known must be API.NAME=VALUE for an API that is checked, not '{text}'")
        before = found[api].known
        found[api] = replace(found[api], known={**before, name: (*before.get(name, ()), value)})
    return found


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or any(c in text for c in "\r\n\0") or not text.isascii():
        raise UsageError(
            "--header must be 'Name: value', in ASCII and on one line"
        )  # not shown: it may be a credential
    return name.strip(), value.strip()


def _real(api: str, url: str, headers: Mapping[str, str], environ: Mapping[str, str]) -> Target:
    try:
        split = urlsplit(url)
        usable = split.scheme in ("http", "https") and split.hostname and (split.port or True)
    except ValueError:
        usable = False
    if not usable or split.query or split.fragment:
        raise UsageError(f"--url {api}=…: must be a base such as https://rest.example.com/v1")
    if split.username or split.password:
        raise UsageError(f"--url {api}=…: give credentials with --header or in the environment, not in the address")
    return Target(
        url.rstrip("/"),
        token=_credential("TOKEN", api, environ),
        forbidden=_credential("FORBIDDEN", api, environ),
        login=_login(api, environ),
        headers=headers,
    )


def _credential(kind: str, api: str, environ: Mapping[str, str]) -> str | None:
    """``COUNTERFOIL_TOKEN_ELEVATE``, or ``COUNTERFOIL_TOKEN`` for whichever API."""
    own = f"COUNTERFOIL_{kind}_{api.upper().replace('-', '_')}"
    return environ.get(own) or environ.get(f"COUNTERFOIL_{kind}") or None


def _login(api: str, environ: Mapping[str, str]) -> Any:
    text = _credential("LOGIN", api, environ)
    try:
        return json_module.loads(text) if text else None
    except ValueError:
        raise UsageError(f"COUNTERFOIL_LOGIN for {api} must be the login's body as JSON") from None


def _known(targets: Mapping[str, Target], only: Sequence[str]) -> None:
    """Every name in ``only`` is a law, or the beginning of some. Raises ``UsageError``."""
    laws = [law for api in targets for law in book(api).laws]
    for name in only:
        if not any(named(law, [name]) for law in laws):
            raise UsageError(f"there is no law '{name}'")


# ---------------------------------------------------------------- checking


def carry_out(targets: Mapping[str, Target], plan: Plan, tell: Progress = lambda api, text: None) -> Verdict:
    """Everything the plan says, at every target. Bad targets become troubles, never exceptions."""
    started = time.monotonic()
    parts = {api: _Part() for api in targets}
    # At once only where nothing is shared: conformance runs beside the laws on a twin, else after them.
    with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, 4))) as pool:
        early = [
            pool.submit(_conform, api, target.twin, None, plan, parts[api], tell)
            for api, target in targets.items()
            if target.twin is not None and not plan.only
        ]
        late: list[tuple[str, Target, str | None]] = []
        for api, target in targets.items():
            if not plan.only:
                parts[api].records += _spec_part(api, plan, tell)
            token = _obey(api, target, plan, parts[api], tell)
            if target.twin is None and not parts[api].troubles and not plan.only:
                late.append((api, target, token))
        waiting = [pool.submit(_conform, api, target, token, plan, parts[api], tell) for api, target, token in late]
        for future in [*early, *waiting]:
            future.result()
    verdict = Verdict(seed=plan.seed, seconds=time.monotonic() - started)
    for part in parts.values():
        verdict.records += part.records
        verdict.troubles += part.troubles
        verdict.left_behind += part.left_behind
    unfinished = [record.id for record in verdict.records if record.reason == "the time was used up"]
    if unfinished:
        verdict.notes.append(f"--max-time was used up: {len(unfinished)} laws were not tried")
    return verdict


def _spec_part(api: str, plan: Plan, tell: Progress) -> list[Record]:
    """The spec's own rules; not under ``--fast``, for they do not depend on the target."""
    if plan.fast:
        return []
    from counterfoil.contract.speclint import lint

    tell(api, "the spec itself")
    says = "The spec itself is sound: counterfoil specs lint."
    found = tuple(
        Finding(api, "spec", "spec.lint", f.where, says, "a sound spec", f.message)
        for f in lint(specs_dir() / api, fixtures_dir() / "examples" / api)
    )
    return [Record(api, "spec", "spec.lint", "the spec", "broken" if found else "held", 1, findings=found)]


def _obey(api: str, target: Target, plan: Plan, part: _Part, tell: Progress) -> str | None:
    """The laws of one API; the token that was used."""
    law_book, evidence = book(api), Evidence()
    effort = Effort(plan.max_examples or LAW_EXAMPLES, plan.seed)
    until = time.monotonic() + plan.max_time if plan.max_time else None
    tell(api, "knocking")
    try:
        with open_probe(law_book, target, rate=plan.rate, until=until) as probe:
            for record in run_laws(
                law_book,
                probe,
                writes=plan.writes or target.ours,
                only=plan.only,
                effort=effort,
                evidence=evidence,
                progress=lambda text: tell(api, text),
            ):
                part.records.append(record)
            return probe.token
    except CouldNotRun as error:
        part.troubles.append(Trouble(api, str(error)))
        return None
    finally:
        part.left_behind += [] if target.ours else [f"{api}: {what}" for what in evidence.left_behind]
        tell(api, "laws done")


def _conform(api: str, target: Target, token: str | None, plan: Plan, part: _Part, tell: Progress) -> None:
    """Conformance of one API: in a process of its own, or in this one when the target is."""
    job = conformance.job_for(
        api,
        target,
        token=token,
        fast=plan.fast,
        writes=plan.writes or target.ours,
        max_examples=plan.max_examples or CONFORMANCE_EXAMPLES,
        seed=plan.seed,
        rate=plan.rate,
        max_time=plan.max_time,
    )

    def said(text: str) -> None:
        tell(api, f"conformance: {text}")

    try:
        if target.app is not None:
            part.records += conformance.run(job, app=target.app, progress=said)
        else:
            part.records += conformance.Running(job, said).records()
    except conformance.CouldNotConform as error:
        part.troubles.append(Trouble(api, f"conformance could not run: {error}"))
    except Exception as error:  # a dependency's own failure must not hide what the laws found
        words = " ".join(str(error).split())[:200]
        part.troubles.append(Trouble(api, f"conformance could not run: {type(error).__name__}: {words}"))
    tell(api, "done")


# ---------------------------------------------------------------- showing


def _shown(progress: bool | None, quiet: bool) -> Any:
    """A context that gives a ``Progress``: lines that change on a terminal, silence elsewhere."""
    wanted = sys.stderr.isatty() if progress is None else progress
    return _Bars() if wanted and not quiet else nullcontext(lambda api, text: None)


class _Bars:
    """One line for each API that says what is being done."""

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import Progress as Bars
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.fields[api]:16}"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
        )
        self._bars = Bars(*columns, console=Console(stderr=True), transient=True)
        self._tasks: dict[str, Any] = {}
        self._bars.start()
        return self._tell

    def _tell(self, api: str, text: str) -> None:
        if api not in self._tasks:
            self._tasks[api] = self._bars.add_task("", api=api, total=None)
        self._bars.update(self._tasks[api], description=text[:80])

    def __exit__(self, *exc: object) -> None:
        self._bars.stop()


def _present(verdict: Verdict, report: Path | None, as_json: bool, environ: Mapping[str, str]) -> int:
    from counterfoil.contract import report as reports

    if as_json:
        sys.stdout.write(json_module.dumps(verdict.as_json(), indent=1) + "\n")
    else:
        from rich.console import Console

        reports.to_console(verdict, Console(highlight=False, markup=False))
    try:
        if report is not None:
            written = reports.write_report(verdict, report)
            print(f"report: {written[1]}", file=sys.stderr)
        if environ.get("GITHUB_STEP_SUMMARY"):
            with Path(environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as summary:
                summary.write(reports.to_summary(verdict))
    except OSError as error:
        print(f"counterfoil check: the report cannot be written: {error}", file=sys.stderr)
        return USAGE
    return verdict.exit_code
