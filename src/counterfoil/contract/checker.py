"""Runs the three parts of a check at every target: the spec's own rules, the laws, and conformance (Schemathesis)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from counterfoil.catalog import entry
from counterfoil.contract.conformance import run as conformance
from counterfoil.contract.conformance.process import ConformanceProcess
from counterfoil.contract.conformance.records import ConformanceError
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.http_client import TIME_USED_UP, is_loopback
from counterfoil.contract.law_books import book_for
from counterfoil.contract.observations import ObservationCache
from counterfoil.contract.progress import Progress
from counterfoil.contract.runner import CouldNotRun, open_client, run_laws, selected_laws, untried
from counterfoil.contract.stand_in import NOTE, is_stand_in
from counterfoil.contract.target import Target
from counterfoil.contract.verdict import FAILED, NOT_TRIED, PASSED, Finding, Record, RunError, Verdict

if TYPE_CHECKING:
    from counterfoil.contract.check import CheckOptions

POLITE_RATE = 10.0
"""Requests a second towards another machine, unless --rate says otherwise."""
LAW_EXAMPLES = 12
CONFORMANCE_EXAMPLES = 20


@dataclass
class _ApiResult:
    """The results of one API."""

    records: list[Record] = field(default_factory=list)
    errors: list[RunError] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run_checks(
    targets: Mapping[str, Target], options: CheckOptions, report_progress: Progress = lambda api, text: None
) -> Verdict:
    """Check every target. A target that cannot be checked becomes an error in the verdict, never an exception."""
    started = time.monotonic()
    until = started + options.max_time if options.max_time else None
    results = {api: _ApiResult() for api in targets}
    interrupted = threading.Event()
    with _pool(interrupted) as pool:

        def start(api: str, target: Target, token: str | None) -> Future[None]:
            result = results[api]
            return pool.submit(
                _run_conformance, api, target, token, options, result, report_progress, until, interrupted
            )

        # Conformance runs at the same time as the laws only if it has its own target, so that they share no state.
        runs = [
            start(api, target.conformance_target, None)
            for api, target in targets.items()
            if target.conformance_target is not None and _includes_conformance(options)
        ]
        late: list[tuple[str, Target, str | None]] = []
        for api, target in targets.items():
            if not options.only and target.book is None:
                results[api].records += _check_spec(api, options, report_progress)
            token = _run_laws(api, target, options, results[api], report_progress, until)
            if target.conformance_target is None and not results[api].errors and _includes_conformance(options):
                late.append((api, target, token))
        runs += [start(*each) for each in late]
        for run in runs:
            run.result()
    return _verdict(targets, results, options, time.monotonic() - started)


@contextmanager
def _pool(interrupted: threading.Event) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for conformance. An exception in the ``with`` block, such as KeyboardInterrupt, interrupts these runs:
    otherwise leaving the block would wait for them."""
    with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, 4))) as pool:
        try:
            yield pool
        except BaseException:
            interrupted.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _verdict(
    targets: Mapping[str, Target], results: Mapping[str, _ApiResult], options: CheckOptions, seconds: float
) -> Verdict:
    verdict = Verdict(seed=options.seed, seconds=seconds, strict=options.strict)
    for api, result in results.items():
        result.records = [record for record in result.records if _is_selected(record, options.only)]
        verdict.records += result.records
        verdict.errors += result.errors
        verdict.notes += result.notes
        verdict.left_behind += [f"{api}: {path}" for path in result.left_behind]
        if result.left_behind and (hint := book_for(api, targets[api]).clean_up):
            verdict.notes.append(f"{api}: {hint}")
    return verdict


def rate_for(target: Target, options: CheckOptions) -> float | None:
    """Requests a second: ``options.rate``, else a polite rate for another machine and None (no limit) for this one."""
    if options.rate is not None or target.transport is not None or is_loopback(target.url):
        return options.rate
    return POLITE_RATE


def _includes_conformance(options: CheckOptions) -> bool:
    return not options.only or any(name.split(".", 1)[0] == "conformance" for name in options.only)


def _is_selected(record: Record, only: Sequence[str]) -> bool:
    return not only or record.part == "law" or any(record.id == n or record.id.startswith(f"{n}.") for n in only)


def _check_spec(api: str, options: CheckOptions, report_progress: Progress) -> list[Record]:
    """Lint the spec; not with ``--fast``, since the result does not depend on the target."""
    if options.fast:
        return []
    from counterfoil.contract.specs.lint import lint

    report_progress(api, "the spec itself")
    says = "The spec itself is sound: counterfoil specs lint."
    findings = tuple(
        Finding(api, "spec", "spec.lint", f.where, says, "a sound spec", f.message)
        for f in lint(entry(api).specs, entry(api).examples)
    )
    return [Record(api, "spec", "spec.lint", "the spec", FAILED if findings else PASSED, 1, findings=findings)]


def _run_laws(
    api: str, target: Target, options: CheckOptions, result: _ApiResult, report_progress: Progress, until: float | None
) -> str | None:
    """Run one API's laws; return the token used so that conformance can reuse it."""
    book, observations = book_for(api, target), ObservationCache()
    effort = EffortLevel(options.max_examples or LAW_EXAMPLES, options.seed)
    report_progress(api, "connecting")
    try:
        with open_client(book, target, rate=rate_for(target, options), until=until) as client:
            result.notes += client.notes
            for record in run_laws(
                book,
                client,
                writes=options.writes or target.disposable,
                only=options.only,
                effort=effort,
                observations=observations,
                progress=lambda text: report_progress(api, text),
            ):
                result.records.append(record)
            return client.token
    except CouldNotRun as error:
        is_out_of_time = TIME_USED_UP in str(error)
        if is_out_of_time:
            result.records += [untried(law, NOT_TRIED, TIME_USED_UP) for law in selected_laws(book, writes=False)]
        else:
            result.errors.append(RunError(api, str(error)))
        return None
    finally:
        result.left_behind += [] if target.disposable else observations.left_behind
        report_progress(api, "laws done")


def _conformance_job(
    api: str, target: Target, token: str | None, options: CheckOptions, result: _ApiResult, left: float | None
) -> conformance.Job:
    """The conformance job, with ``left`` seconds to run. Adds a note to the result if credentials are not checked."""
    is_own_stand_in = target.book is not None and not target.disposable and is_stand_in(target.url)
    result.notes += [f"{api}: {NOTE}"] if is_own_stand_in else []
    return conformance.job_for(
        api,
        target,
        token=token,
        fast=options.fast,
        writes=options.writes or target.disposable,
        max_examples=options.max_examples or CONFORMANCE_EXAMPLES,
        seed=options.seed,
        rate=rate_for(target, options),
        max_time=left,
        created=list(result.left_behind),
        any_credential=is_own_stand_in or (target.book is not None and target.disposable),
    )


def _run_conformance(
    api: str,
    target: Target,
    token: str | None,
    options: CheckOptions,
    result: _ApiResult,
    report_progress: Progress,
    until: float | None,
    interrupted: threading.Event,
) -> None:
    """Run conformance of one API: in a separate process, unless the target is an application in this one."""
    left = None if until is None else until - time.monotonic()
    if left is not None and left <= 0:
        result.records.append(conformance.time_used_up(api))
        return
    job = _conformance_job(api, target, token, options, result, left)

    def report(text: str) -> None:
        report_progress(api, f"conformance: {text}")

    created: list[str] = []
    notes: list[str] = []
    try:
        if target.app is not None:
            result.records += conformance.run(job, app=target.app, progress=report, left_behind=created, notes=notes)
        else:
            result.records += ConformanceProcess(job, report, until, interrupted).records(created, notes)
    except ConformanceError as error:
        if str(error) == TIME_USED_UP:
            result.records.append(conformance.time_used_up(api))
            return
        result.errors.append(RunError(api, f"conformance could not run: {error}"))
    except Exception as error:  # a failure inside a dependency must not hide what the laws found
        words = " ".join(str(error).split())[:200]
        result.errors.append(RunError(api, f"conformance could not run: {type(error).__name__}: {words}"))
    finally:
        result.left_behind += [] if target.disposable else created
        result.notes += [f"{api}: {note}" for note in notes]
    report_progress(api, "done")
