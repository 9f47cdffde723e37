"""Runs Schemathesis to check that every response has the shape that the spec documents.

Schemathesis is used through its public interface: ``schemathesis.openapi.from_dict``, its configuration (what
``schemathesis.toml`` may hold), hooks, and the event stream of its engine. All its failures are reported, except for
``exclusions.EXCLUSIONS``, each of which has a reason and an issue.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from counterfoil.contract.conformance.coverage_sample import CoverageSample
from counterfoil.contract.conformance.discriminators import Discriminators
from counterfoil.contract.conformance.exclusions import EXCLUSIONS
from counterfoil.contract.conformance.existing_members import ExistingMembers
from counterfoil.contract.conformance.form_lists import FormLists
from counterfoil.contract.conformance.guard import WriteGuard
from counterfoil.contract.conformance.invalid_parameters import InvalidParameters
from counterfoil.contract.conformance.overlaps import Overlaps
from counterfoil.contract.conformance.path_ids import PathIds
from counterfoil.contract.conformance.path_texts import PathTexts
from counterfoil.contract.conformance.read_only_members import ReadOnlyMembers
from counterfoil.contract.conformance.records import ConformanceError, Progress, RecordCollector
from counterfoil.contract.conformance.taken_ids import TakenIds
from counterfoil.contract.conformance.whole_floats import WholeFloats
from counterfoil.contract.http_client import MAX_WAIT, TIME_USED_UP, header_value
from counterfoil.contract.law_books import (
    book_for,
    credential_scheme,
    document,
    document_of,
    further_schemes,
    query_keys,
)
from counterfoil.contract.target import Target
from counterfoil.contract.verdict import NOT_TRIED, Record

PHASES = ("examples", "coverage", "fuzzing", "stateful")
FAST_PHASES = ("examples", "coverage")
PARTLY = 5.0
"""Seconds between reports of what is known so far."""
MAX_NOTES = 50

_ONE_AT_A_TIME = threading.Lock()
"""Held during a run, because Schemathesis' hooks are global to the process."""


@dataclass
class Job:
    """One run of Schemathesis. ``base`` is the target's URL, ``headers`` hold the credential; ``token_headers`` names the headers
    that were made from a token."""

    api: str
    base: str
    headers: dict[str, str] = field(default_factory=dict)
    token_headers: list[str] = field(default_factory=list)
    query_keys: dict[str, str] = field(default_factory=dict)
    """The credential by the name of each security scheme that sends it in the query."""
    fast: bool = False
    writes: bool = False
    max_examples: int = 12
    seed: int = 0
    rate: float | None = None
    max_time: float | None = None
    timeout: float = 10.0
    retry_429: bool = True
    """Whether to wait as long as a 429 asks for (within ``MAX_WAIT``); at a stand-in waiting does not move its clock."""
    login_operation: str | None = None
    """Exchanges credentials for a token and changes nothing, so it is called without ``writes`` too."""
    disposable: bool = True
    """Whether everything at the target may be written to; otherwise only what this check created."""
    switches: dict[str, str] = field(default_factory=dict)
    """Choices given with ``--switch``."""
    acts_on_existing: list[str] = field(default_factory=list)
    """Operations that act on existing data, so they are sent only to a disposable target."""
    any_credential: bool = False
    """Whether the target is a stand-in that accepts any credential of the documented form."""
    document: Any = None
    """The OpenAPI document of an API that is not in the catalog."""
    client_ids: dict[str, list[Any]] = field(default_factory=dict)
    """As ``LawBook`` has them."""
    created_members: dict[str, list[Any]] = field(default_factory=dict)
    """As ``LawBook`` has them."""
    given_values: dict[str, list[str]] = field(default_factory=dict)
    """As ``LawBook`` has them."""
    created: list[str] = field(default_factory=list)
    """Paths of the resources that the laws of this check created."""


def job_for(api: str, target: Target, *, token: str | None = None, **options: Any) -> Job:
    """The job that checks ``api`` at ``target``; ``token`` is one fetched by login."""
    book = book_for(api, target)
    made: dict[str, str] = {}
    if token or target.token:
        for name, prefix in (credential_scheme(document_of(book)), *further_schemes(book)):
            made[name] = header_value(prefix, str(token or target.token))
    query = query_keys(book) if token or target.token else {}
    return Job(
        api,
        target.url.rstrip("/"),
        {**target.headers, **made},
        list(made),
        dict.fromkeys(query, str(token or target.token)),
        timeout=target.seconds,
        retry_429=not target.disposable,
        login_operation=book.login_operation,
        disposable=target.disposable,
        acts_on_existing=sorted(book.acts_on_existing),
        given_values={name: list(names) for name, names in book.given_values.items()},
        client_ids={name: list(places) for name, places in book.client_ids.items()},
        created_members={name: list(each) for name, each in book.created_members.items()},
        document=book.document,
        switches=dict(target.switches),
        **options,
    )


def configuration(job: Job) -> dict[str, Any]:
    """The configuration of Schemathesis for this job, as in a ``schemathesis.toml``."""
    phases = FAST_PHASES if job.fast else PHASES
    config: dict[str, Any] = {
        "seed": job.seed,
        "base-url": job.base,
        "headers": job.headers,
        "workers": 1,
        "continue-on-failure": True,
        "request-timeout": job.timeout,
        # A late answer is not a finding if it comes at the second try; what may write is sent once.
        "request-retries": 0 if job.writes and not job.disposable else 1,
        "generation": {
            "max-examples": job.max_examples,
            "deterministic": True,
            "database": "none",
            # Where a spec accepts either of two credentials, an invented one next to the good one proves nothing.
            "with-security-parameters": False,
        },
        "phases": {name: {"enabled": name in phases} for name in PHASES},
        "output": {"sanitization": {"enabled": True}},
        "warnings": False,
        "suppress-health-check": ["all"],
    }
    if job.query_keys:
        config["auth"] = {"openapi": {name: {"api_key": key} for name, key in job.query_keys.items()}}
    if not job.disposable:
        # A method that the spec does not document may still be carried out, and the path may be that of an existing resource.
        config["phases"]["coverage"]["unexpected-methods"] = []
    if job.switches.get(f"{job.api}.token") == "optional" or job.any_credential:
        config["checks"] = {"ignored_auth": {"enabled": False}}
    if job.rate:
        config["rate-limit"] = f"{max(1, round(job.rate * 60))}/m"
    return config


def with_assumed_values(value: Any) -> Any:
    """A copy of the document with each ``x-assumed`` (valid while a switch has its default) merged into its schema."""
    if isinstance(value, list):
        return [with_assumed_values(part) for part in value]
    if not isinstance(value, dict):
        return value
    own = {name: with_assumed_values(part) for name, part in value.items() if name != "x-assumed"}
    more = value.get("x-assumed") or {}
    return own | {name: part for name, part in more.items() if name != "switch"}


def run(
    job: Job,
    *,
    app: Any = None,
    progress: Progress = lambda text: None,
    left_behind: list[str] | None = None,
    notes: list[str] | None = None,
    partly: Callable[[list[Record]], None] | None = None,
) -> list[Record]:
    """One record for each operation and check of Schemathesis. Raises ``ConformanceError``.

    The paths of the resources that it created are added to ``left_behind``, places where a user's own document contradicts
    itself to ``notes``. ``partly`` is called with the records so far every ``PARTLY`` seconds.
    """
    guard = WriteGuard(job, left_behind if left_behind is not None else [])
    sample = CoverageSample(job.max_examples)
    records, started = RecordCollector(job, _scenarios(job)), time.monotonic()
    reported = started

    def known() -> list[Record]:
        return [*records.finish(), *guard.left_out, *sample.records(job.api)]

    with _ONE_AT_A_TIME:
        for event in _events(job, app, guard, sample, notes if notes is not None else []):
            records.add(event, progress)
            if partly is not None and records.has_cases and time.monotonic() > reported + PARTLY:
                reported = time.monotonic()
                partly(known())
    late = job.max_time is not None and time.monotonic() - started > job.max_time
    return [*known(), *([time_used_up(job.api)] if late else [])]


def _scenarios(job: Job) -> int:
    """The approximate number of scenarios: one for each operation and phase, without ``stateful``, which generates its own."""
    methods = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
    operations = sum(len(methods & item.keys()) for item in _document(job)["paths"].values())
    return operations * len([name for name in (FAST_PHASES if job.fast else PHASES) if name != "stateful"])


def _document(job: Job) -> Any:
    return document(job.api) if job.document is None else job.document


def time_used_up(api: str) -> Record:
    """The record of a conformance run that was stopped at its time limit."""
    return Record(api, "conformance", "conformance.rest", "conformance", NOT_TRIED, reason=TIME_USED_UP)


def _events(job: Job, app: Any, guard: WriteGuard, sample: CoverageSample, notes: list[str]) -> Iterator[Any]:
    import schemathesis
    from schemathesis.config import ConfigError, SchemathesisConfig
    from schemathesis.core.errors import SchemathesisError
    from schemathesis.engine import from_schema

    hooks = _hooks(job, guard, sample, notes)
    if job.retry_429:  # the rate-limit "auto" of Schemathesis waits without a bound
        hooks.insert(0, ("after_call", _wait_retry_after))
    if app is None:  # an application in this process cannot redirect to another host
        hooks.insert(0, ("before_call", _do_not_follow_redirects))
    try:
        config = SchemathesisConfig.from_dict(configuration(job))
        schema: Any = schemathesis.openapi.from_dict(with_assumed_values(_document(job)), config=config)
        schema = schema.include(lambda context: guard.may_be_tried(context.operation))
        schema.app = app
        sample.bound(schema)
        if job.max_time:
            sample.fit(job.max_time, schema.statistic.operations.selected, job.rate)
        for name, hook in hooks:
            schemathesis.hook(name)(hook)
        stream = from_schema(schema).execute()
        end = time.monotonic() + job.max_time if job.max_time else None
        for event in stream:
            yield event
            if end is not None and time.monotonic() > end:
                stream.stop()
    except (ConfigError, SchemathesisError) as error:
        raise ConformanceError(" ".join(str(error).split())[:300]) from None
    finally:
        # before_call exists globally only, and a second run in this process must not call it twice.
        for _, hook in hooks:
            schemathesis.hooks.unregister(hook)


def _hooks(
    job: Job, guard: WriteGuard, sample: CoverageSample, notes: list[str]
) -> list[tuple[str, Callable[..., Any]]]:
    """The hooks for Schemathesis, by name: before and after a request, and filters of cases and failures."""
    existing = ExistingMembers(job.created_members, job.headers, job.timeout)
    taken = TakenIds(job.client_ids, job.given_values, job.created, existing.has)
    overlaps = Overlaps(job.document)
    invalid, discriminators = InvalidParameters(job.document), Discriminators(job.document)
    whole_floats, path_texts = WholeFloats(job.document), PathTexts(job.document)
    read_only, form_lists = ReadOnlyMembers(job.document), FormLists(job.document)
    path_ids = PathIds(job.client_ids, job.document)

    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:  # hooks cannot be bound methods
        guard.before_call(context, case, kwargs)

    def after_call(context: Any, case: Any, response: Any) -> None:
        guard.after_call(context, case, response)
        taken.note(case, response)

    def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
        note = _note_of(overlaps, discriminators, failure, case, response)
        if note is not None:
            notes.extend([note] if note not in notes and len(notes) < MAX_NOTES else [])
            return False
        explained = guard.explain(failure, case) or taken.explain(failure, case, response)
        explained = explained or whole_floats.explain(failure, case, response)
        explained = explained or path_texts.explain(failure, case) or read_only.explain(failure, case)
        explained = explained or form_lists.explain(failure, case) or path_ids.explain(failure, case, response)
        return not explained and not invalid.explain(failure, case) and _not_excluded(context, failure, case, response)

    def filter_case(context: Any, case: Any) -> bool:
        return sample.sends(case)

    return [
        ("before_call", before_call),
        ("after_call", after_call),
        ("filter_failure", filter_failure),
        ("filter_case", filter_case),
    ]


def _note_of(overlaps: Overlaps, discriminators: Discriminators, failure: Any, case: Any, response: Any) -> str | None:
    """The note about a failure that a contradiction in the document explains; None for any other failure."""
    place = overlaps.place(failure, case, response)
    if place is not None:
        return f"{place}: an answer fits several alternatives of this oneOf; this is accepted (anyOf would say so)"
    place = overlaps.request_place(failure, case)
    if place is not None:
        return f"{place}: a request fits several alternatives of this oneOf, and is accepted"
    return discriminators.contradiction(failure, case, response)


def _do_not_follow_redirects(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Redirects are not followed: they may lead to another host."""
    kwargs["allow_redirects"] = False


def _wait_retry_after(context: Any, case: Any, response: Any) -> None:
    """After a 429, wait as long as the response asks for, up to ``MAX_WAIT``."""
    if response.status_code == 429:
        wait = (response.headers.get("retry-after") or ["1"])[0]
        time.sleep(min(float(wait) if wait.isdigit() else 1.0, MAX_WAIT))


def _not_excluded(context: Any, failure: Any, case: Any, response: Any) -> bool:
    return not any(exclusion.applies(failure, case, response) for exclusion in EXCLUSIONS)
