"""Running the laws of one API at one target, and the spec's own rules; the verdict is made elsewhere.

The order is: laws that read, laws that write, laws that need something done to the target. A law that fails in a way nobody
foresaw is a broken law with one line, never a stack trace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from counterfoil.contract.books import credential_scheme, document
from counterfoil.contract.law import Book, Broken, Effort, Evidence, Law, NotApplicable, Trial
from counterfoil.contract.probe import OutOfTime, Probe, Trouble
from counterfoil.contract.target import Target
from counterfoil.contract.verdict import Finding, Record, Verdict

MOST_TROUBLES = 3
"""So many laws in a row without any answer mean that the target is gone."""


class CouldNotRun(Exception):
    """The target cannot be checked at all: one line."""


def open_probe(book: Book, target: Target, **options: Any) -> Probe:
    """A probe that was let in: the greeting answered 200 with JSON. Raises ``CouldNotRun``."""
    probe = Probe(target, credential_scheme(document(book.api)), **options)
    try:
        if book.login and probe.target.login is not None and probe.token is None:
            _log_in(probe, book)
        _greet(probe, book)
    except Trouble as trouble:
        probe.close()
        raise CouldNotRun(probe.secrets.hide(str(trouble))) from None
    except BaseException:
        probe.close()
        raise
    return probe


def _log_in(probe: Probe, book: Book) -> None:
    assert book.login is not None
    method, path = book.login.operation.split(" ", 1)
    reply = probe.send(method, path, body=probe.target.login, token=None)
    try:
        token = reply.body[book.login.member] if reply.status in (200, 201) else None
    except (ValueError, LookupError, TypeError):
        token = None
    if not isinstance(token, str):
        raise CouldNotRun(f"could not log in: {book.login.operation} answered {reply.status}")
    probe.secrets.add(token, "$COUNTERFOIL_TOKEN")
    probe.token = token


def _greet(probe: Probe, book: Book) -> None:
    method, template = book.greeting.split(" ", 1)
    path = template
    known = {name: ids[0] for name, ids in probe.target.known.items() if ids and book.greeting_known}
    for name, value in {**book.greeting_path, **known}.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe="+@:"))
    reply = probe.send(method, path, query=book.greeting_query)
    where = f"{book.greeting} at {probe.target.url}"
    if reply.status in (401, 403):
        raise CouldNotRun(
            f"could not log in: {where} answered {reply.status}; give a credential with --header or in the environment"
        )
    if 300 <= reply.status < 400:
        raise CouldNotRun(f"{where} redirects to {reply.headers.get('location', 'nowhere')}, which is not followed")
    if reply.status != 200:
        raise CouldNotRun(f"{where} answered {reply.status}: {probe.secrets.hide(reply.brief(120))}")
    try:
        reply.body  # noqa: B018 (raises when it is no JSON)
    except ValueError as error:
        raise CouldNotRun(f"{where} answered {probe.secrets.hide(str(error))}") from None


def chosen_laws(book: Book, *, writes: bool, only: Collection[str] = ()) -> list[Law]:
    """The laws to run, in order; ``only`` names ids, or their beginnings."""
    may = [law for law in book.laws if named(law, only) and (writes or not (law.writes or law.acts))]
    return sorted(may, key=lambda law: (bool(law.acts), law.writes))


def named(law: Law, only: Collection[str]) -> bool:
    """Whether ``only`` names the law, by its id or the beginning of it, or names nothing at all."""
    return not only or any(law.id == name or law.id.startswith(f"{name}.") for name in only)


def run_laws(
    book: Book,
    probe: Probe,
    *,
    writes: bool = False,
    only: Collection[str] = (),
    effort: Effort | None = None,
    progress: Callable[[str], None] = lambda text: None,
    evidence: Evidence | None = None,
) -> Iterator[Record]:
    """One record for each law. Raises ``CouldNotRun`` when the target stops answering."""
    effort, evidence, spec = effort or Effort(), evidence if evidence is not None else Evidence(), document(book.api)
    silent, late = 0, False
    for law in chosen_laws(book, writes=writes, only=only):
        if late:
            yield Record(book.api, "law", law.id, law.operation, "not applicable", reason="the time was used up")
            continue
        progress(law.id)
        try:
            record = try_law(law, probe, spec, evidence, effort)
        except OutOfTime:
            late = True
            yield Record(book.api, "law", law.id, law.operation, "not applicable", reason="the time was used up")
            continue
        no_answer = record.status == "broken" and all(finding.expected == "an answer" for finding in record.findings)
        silent = silent + 1 if no_answer else 0
        yield record
        if silent >= MOST_TROUBLES:
            raise CouldNotRun(f"the target stopped answering: {record.findings[0].got}")
    if not writes:
        for law in book.laws:
            if (law.writes or law.acts) and named(law, only):
                yield Record(
                    book.api, "law", law.id, law.operation, "not applicable", reason="changes something; use --writes"
                )


def try_law(law: Law, probe: Probe, spec: dict[str, Any], evidence: Evidence, effort: Effort) -> Record:
    """Try one law. Raises ``OutOfTime`` only."""
    started = time.monotonic()
    trial = Trial(probe, law, spec, evidence, effort)
    blank = Record(law.api, "law", law.id, law.operation, "held")
    try:
        lacking = [name for name in law.acts if name not in probe.target.acts]
        trial.need(not lacking, f"nobody can {', '.join(lacking).replace('_', ' ')} at this target")
        law.check(trial)
        record = blank
    except OutOfTime:
        raise
    except NotApplicable as reason:
        record = replace(blank, status="not applicable", reason=str(reason))
    except Broken as broken:
        record = replace(blank, status="broken", findings=(_finding(law, probe, effort, broken),))
    except Exception as error:  # an answer of a shape that the law never met
        told = Broken(
            "an answer of the documented shape", f"{type(error).__name__}: {error}", requests=tuple(probe.said)
        )
        record = replace(blank, status="broken", findings=(_finding(law, probe, effort, told),))
    return replace(record, cases=max(1, trial.cases), seconds=time.monotonic() - started)


def _finding(law: Law, probe: Probe, effort: Effort, broken: Broken) -> Finding:
    hide = probe.secrets.hide
    return Finding(
        api=law.api,
        part="law",
        id=law.id,
        operation=law.operation,
        says=law.says,
        expected=hide(broken.expected),
        got=hide(broken.got),
        case=hide(broken.case),
        requests=tuple(hide(line) for line in broken.requests[-12:]),
        clauses=law.clauses,
        reproduce=f"counterfoil check {law.api} --only {law.id} --seed {effort.seed}",
    )


def law_verdict(book: Book, target: Target, *, seed: int = 0, **options: Any) -> Verdict:
    """The laws alone, at one target: for tests and the defect suite. Raises ``CouldNotRun``."""
    effort = options.pop("effort", None) or Effort(seed=seed)
    with open_probe(book, target) as probe:
        evidence = Evidence()
        records = list(run_laws(book, probe, effort=effort, evidence=evidence, **options))
    return Verdict(seed=seed, records=records, left_behind=list(evidence.left_behind))
