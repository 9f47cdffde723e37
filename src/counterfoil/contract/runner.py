"""Runs the laws of one API at one target.

The order is: laws that only read, laws that write, laws that use a capability of the target. A law that raises an unexpected
exception is a failed law with a one-line finding, not a stack trace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from counterfoil.contract.context import LawContext
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.finding import SHAPE, Finding
from counterfoil.contract.http_client import TIME_USED_UP, HttpClient, NoResponse, OutOfTime
from counterfoil.contract.law import Law, LawBook, LawFailed, NotApplicable, NotTried, brief
from counterfoil.contract.law_books import credential_scheme, document_of, further_schemes, query_keys
from counterfoil.contract.observations import ObservationCache
from counterfoil.contract.target import Target, is_authorization
from counterfoil.contract.vacuous import VACUOUS, Recording, is_vacuous
from counterfoil.contract.verdict import FAILED, NOT_APPLICABLE, NOT_TRIED, PASSED, QUESTION, Record, Status

SURE = 0.8
"""A broken law that was inferred with less confidence than this is a question."""
MAX_SILENT_LAWS = 3
"""After this many consecutive laws without any response the target counts as unreachable."""


QUOTES = "'\""

MAX_IDS_CHECKED = 24
"""The number of given ids that are verified before the laws run; each costs one request."""


class CouldNotRun(Exception):
    """The target cannot be checked at all: one line."""


def open_client(book: LawBook, target: Target, **options: Any) -> HttpClient:
    """A client that has logged in and whose health check succeeded. Raises ``CouldNotRun``."""
    try:
        client = HttpClient(
            target,
            credential_scheme(document_of(book)),
            further_schemes(book),
            query_keys=tuple(query_keys(book).values()),
            book=book,
            **options,
        )
    except NoResponse as error:
        raise CouldNotRun(str(error)) from None
    try:
        if book.login and client.target.login is not None and client.token is None:
            _log_in(client, book)
        _check_health(client, book, {})
        _check_known_ids(client, book)
    except NoResponse as error:
        client.close()
        raise CouldNotRun(client.secrets.hide(str(error))) from None
    except BaseException:
        client.close()
        raise
    return client


def _log_in(client: HttpClient, book: LawBook) -> None:
    assert book.login is not None
    method, path = book.login.operation.split(" ", 1)
    response = client.send(method, path, body=client.target.login, token=None)
    try:
        token = response.body[book.login.member] if response.status in (200, 201) else None
    except (ValueError, LookupError, TypeError):
        token = None
    if not isinstance(token, str):
        raise CouldNotRun(f"could not log in: {book.login.operation} answered {response.status}")
    client.secrets.add(token, "$COUNTERFOIL_TOKEN")
    client.token = token


def _check_health(client: HttpClient, book: LawBook, known: Mapping[str, str]) -> Any:
    """The JSON of the health check with the ids ``known``, by default the first known ones. Raises ``CouldNotRun``."""
    method, path = book.health_check.split(" ", 1)
    first = {name: ids[0] for name, ids in client.target.known.items() if ids and book.health_check_uses_known_ids}
    for name, value in {**book.health_check_path, **first, **known}.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe="+@:"))
    response = client.send(method, path, query=book.health_check_query)
    where = f"{book.health_check} at {client.target.url}"
    if response.status in (401, 403):
        raise CouldNotRun(f"could not log in: {where} answered {response.status}; {_what_is_wrong(client)}")
    if 300 <= response.status < 400:
        raise CouldNotRun(f"{where} redirects to {response.headers.get('location', 'nowhere')}, which is not followed")
    if response.status == 404 and first:
        raise CouldNotRun(_no_such_id(book, {**first, **known}))
    if book.health_check_statuses is None:
        return None
    if response.status not in book.health_check_statuses:
        raise CouldNotRun(f"{where} answered {response.status}: {client.secrets.hide(response.brief(120))}")
    try:
        return response.body
    except ValueError as error:
        raise CouldNotRun(f"{where} answered {client.secrets.hide(str(error))}") from None


def _what_is_wrong(client: HttpClient) -> str:
    """What to do about a refused health check: names the credential that was refused without showing it, or asks for one."""
    origins = [f"--header {name}" for name in client.target.headers if is_authorization(name) or "key" in name.lower()]
    if client.token is not None:
        origins.append(
            "the login" if client.target.token is None else f"COUNTERFOIL_TOKEN ({len(client.token)} characters)"
        )
    if origins:
        return f"the credential of {' and '.join(origins)} is refused"
    return "give a credential with --header or in the environment"


def _check_known_ids(client: HttpClient, book: LawBook) -> None:
    """Add a note for each given id for which a real target shows nothing. Raises ``CouldNotRun`` if no id shows anything."""
    if client.target.disposable or not book.health_check_uses_known_ids:
        return
    for name in book.known_parameters:
        values = client.target.known.get(name, ())[:MAX_IDS_CHECKED]
        empty = [value for value in values if not book.shows_known_id(_check_health(client, book, {name: value}))]
        lines = [_no_such_id(book, {name: value}) for value in empty]
        if lines and len(empty) == len(values):
            raise CouldNotRun("; ".join(lines[:3]))
        client.notes += lines


def _no_such_id(book: LawBook, ids: Mapping[str, str]) -> str:
    options = ", ".join(f"--known {book.api}.{name}={value}" for name, value in ids.items())
    return f"{options}: the target shows nothing for this id"


def selected_laws(book: LawBook, *, writes: bool, only: Collection[str] = ()) -> list[Law]:
    """The laws to run, in order; ``only`` holds law ids, or the beginnings of ids."""
    selected = [law for law in book.laws if is_selected(law, only) and (writes or not (law.writes or law.needs))]
    return sorted(selected, key=lambda law: (bool(law.needs), law.writes))


def is_selected(law: Law, only: Collection[str]) -> bool:
    """Whether ``only`` holds the law's id or the beginning of it, or is empty."""
    return not only or any(law.id == name or law.id.startswith(f"{name}.") for name in only)


def run_laws(
    book: LawBook,
    client: HttpClient,
    *,
    writes: bool = False,
    only: Collection[str] = (),
    effort: EffortLevel | None = None,
    progress: Callable[[str], None] = lambda text: None,
    observations: ObservationCache | None = None,
) -> Iterator[Record]:
    """One record for each law. Raises ``CouldNotRun`` when the target stops answering."""
    effort, spec = effort or EffortLevel(), document_of(book)
    observations = observations if observations is not None else ObservationCache()
    recording = Recording()
    client.on_answer = recording.add
    laws_without_response, reason, last_error = 0, "", ""
    laws = selected_laws(book, writes=writes, only=only)
    for number, law in enumerate(laws, 1):
        if reason:
            yield untried(law, NOT_TRIED, reason)
            continue
        progress(f"law {number} of {len(laws)}: {law.id}")
        try:
            record = _try_unless_vacuous(law, client, spec, observations, effort, recording)
        except OutOfTime:
            reason = TIME_USED_UP
            yield untried(law, NOT_TRIED, reason)
            continue
        no_response = record.status == FAILED and all(finding.expected == "a response" for finding in record.findings)
        laws_without_response = laws_without_response + 1 if no_response else 0
        yield as_question(record) if law.confidence < SURE else record
        if laws_without_response >= MAX_SILENT_LAWS:
            reason, last_error = "the target stopped answering", record.findings[0].got
    if last_error:
        raise CouldNotRun(f"{reason}: {last_error}")
    for law in book.laws:
        if not writes and (law.writes or law.needs) and is_selected(law, only):
            yield untried(law, NOT_APPLICABLE, "changes something; use --writes")


def as_question(record: Record) -> Record:
    """The record of a law inferred with low confidence. A broken one is a question: the law may be wrong, not the target."""
    if record.status != FAILED:
        return record
    finding = record.findings[0]
    why = f"this was inferred from the document and may not be meant: expected {finding.expected}; got {finding.got}"
    return replace(record, status=QUESTION, reason=why, findings=())


def untried(law: Law, status: Status, reason: str) -> Record:
    """The record of a law that was not tried."""
    return Record(law.api, "law", law.id, law.operation, status, reason=reason)


def try_law(
    law: Law, client: HttpClient, spec: dict[str, Any], observations: ObservationCache, effort: EffortLevel
) -> Record:
    """Try one law. Raises ``OutOfTime`` only."""
    return _try(law, LawContext(client, law, spec, observations, effort))


def _try_unless_vacuous(
    law: Law,
    client: HttpClient,
    spec: Mapping[str, Any],
    observations: ObservationCache,
    effort: EffortLevel,
    recording: Recording,
) -> Record:
    """Try one law. If it holds without an expectation, and would hold whatever the responses were, it does not apply."""
    ctx = LawContext(client, law, spec, observations, effort)
    record = _try(law, ctx)
    if record.status != PASSED or ctx.judgements:
        return record
    vacuous = is_vacuous(law, client, spec, recording, observations, effort)
    return replace(record, status=NOT_APPLICABLE, reason=VACUOUS) if vacuous else record


def _try(law: Law, ctx: LawContext) -> Record:
    started, client = time.monotonic(), ctx.client
    passed = Record(law.api, "law", law.id, law.operation, PASSED)
    try:
        missing = [name for name in law.needs if name not in client.target.capabilities]
        ctx.require(not missing, f"this target does not offer the capability {', '.join(missing)}")
        law.check(ctx)
        record = passed
    except OutOfTime:
        raise
    except NotTried as reason:
        record = replace(passed, status=NOT_TRIED, reason=str(reason))
    except NotApplicable as reason:
        record = replace(passed, status=NOT_APPLICABLE, reason=str(reason))
    except LawFailed as failure:
        record = replace(passed, status=FAILED, findings=(_finding(law, client, failure),))
    except Exception as error:  # a response of a shape that the law was not written for
        unexpected = LawFailed("responses of the documented shape", as_text(error), requests=ctx.requests())
        finding = replace(_finding(law, client, unexpected), family=SHAPE)
        record = replace(passed, status=FAILED, findings=(finding,))
    return replace(record, cases=max(1, ctx.cases), seconds=time.monotonic() - started)


def as_text(error: Exception) -> str:
    """Describes a response that a law could not read, by the exception that it caused."""
    if isinstance(error, KeyError):
        return f"a response without the member {str(error).strip(QUOTES)}"
    if isinstance(error, IndexError):
        return "a list with fewer items than documented"
    if isinstance(error, ArithmeticError):
        return "a text where a number is documented"
    if isinstance(error, (TypeError, AttributeError)):
        return "a value of another type than documented"
    return "a value that cannot be read as what is documented: " + brief(str(error), 120)


def _finding(law: Law, client: HttpClient, failure: LawFailed) -> Finding:
    hide = client.secrets.hide
    return Finding(
        api=law.api,
        part="law",
        id=law.id,
        operation=law.operation,
        says=law.says,
        expected=hide(failure.expected),
        got=hide(failure.got),
        case=hide(failure.case),
        requests=tuple(hide(line) for line in failure.requests[-12:]),
        clauses=law.clauses,
        family=law.family,
    )
