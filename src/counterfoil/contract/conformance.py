"""Runs Schemathesis to check that every response has the shape that the spec documents.

Schemathesis is used through its public interface: ``schemathesis.openapi.from_dict``, its configuration (what
``schemathesis.toml`` may hold), hooks, and the event stream of its engine. All its failures are reported, except for the
``EXCLUSIONS``, each of which has a reason and an issue.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from counterfoil.contract.conformance_guard import WriteGuard
from counterfoil.contract.conformance_records import ConformanceError, Progress, RecordCollector
from counterfoil.contract.http_client import MAX_WAIT, TIME_USED_UP, header_value
from counterfoil.contract.law_books import book_for, credential_scheme, document, document_of, further_schemes
from counterfoil.contract.target import Target
from counterfoil.contract.verdict import NOT_TRIED, Record

PHASES = ("examples", "coverage", "fuzzing", "stateful")
FAST_PHASES = ("examples", "coverage")

_ONE_AT_A_TIME = threading.Lock()
"""Held during a run, because Schemathesis' hooks are global to the process."""


@dataclass(frozen=True)
class Exclusion:
    """One kind of failure that says nothing about the target. ``check`` names Schemathesis' check, or checks."""

    check: str
    reason: str
    issue: str
    applies: Callable[[Any, Any, Any], bool]
    """Given the failure, the case and the response."""


def _is_about_unknown_query(failure: Any, case: Any, response: Any) -> bool:
    """Whether all that was wrong with an accepted request is a query parameter that the document does not have."""
    violations = re.findall(r"violates `(\w+)`", failure.message)
    return (
        type(failure).__name__ == "AcceptedNegativeData"
        and "in query - violates `additionalProperties`" in failure.message
        and set(violations) == {"additionalProperties"}
    )


def _is_other_method(case: Any) -> bool:
    return bool(case.method.upper() != case.operation.method.upper())


def _of_unrouted_method(failure: Any, case: Any, response: Any) -> bool:
    """Whether a method that the document does not have got the plain-text 404 that the document gives for what is not routed.

    A 404 in JSON means an unknown resource: a server that sends it for a method that the path does not have is wrong.
    """
    documented = case.operation.definition.raw.get("responses", {})
    is_plain = b"".join(response.content.split()) == b"404pagenotfound"
    return _is_other_method(case) and response.status_code == 404 and "404" in documented and is_plain


def _of_unimplemented_method(failure: Any, case: Any, response: Any) -> bool:
    """Whether a method that the document does not have got 501, where the document has that status."""
    documented = case.operation.definition.raw.get("responses", {})
    return _is_other_method(case) and response.status_code == 501 and "501" in documented


def _of_xml_body(failure: Any, case: Any, response: Any) -> bool:
    """Whether all that was wrong with an accepted request to an own document's API was a body in XML."""
    own = "x-assumptions" not in case.operation.schema.raw_schema
    return own and type(failure).__name__ == "AcceptedNegativeData" and "xml" in str(case.media_type)


def _of_types_told_apart(failure: Any, case: Any, response: Any) -> bool:
    """Whether a value fits several alternatives of a user's own document, which has a discriminator to say which is meant."""
    own = "x-assumptions" not in case.operation.schema.raw_schema
    return (
        own
        and type(failure).__name__ == "JsonSchemaError"
        and "valid under more than one of the schemas listed in the 'oneOf' keyword" in failure.validation_message
        and isinstance(failure.schema, dict)
        and "discriminator" in failure.schema
    )


USUAL_REFUSALS = frozenset({400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 429, 431})


def _of_usual_refusal(failure: Any, case: Any, response: Any) -> bool:
    """Whether a user's own document (ours say their ``x-assumptions``) leaves out a status with which any server may refuse."""
    own = "x-assumptions" not in case.operation.schema.raw_schema
    return own and type(failure).__name__ == "UndefinedStatusCode" and response.status_code in USUAL_REFUSALS


EXCLUSIONS: tuple[Exclusion, ...] = (
    Exclusion(
        "negative_data_rejection",
        "OpenAPI cannot say whether a query parameter that is not in the document is refused; these vendors ignore it.",
        "https://github.com/schemathesis/schemathesis/issues/3730",
        _is_about_unknown_query,
    ),
    Exclusion(
        "unsupported_method",
        "Flexprice answers the plain text 404 page not found to a method that it does not route, and its document says so.",
        "https://github.com/gin-gonic/gin/blob/v1.10.0/gin.go#L107",
        _of_unrouted_method,
    ),
    Exclusion(
        "negative_data_rejection",
        "OpenAPI 3.0 and 3.1 do not define how a body in XML is held against a schema.",
        "https://github.com/OAI/OpenAPI-Specification/issues/630",
        _of_xml_body,
    ),
    Exclusion(
        "response_schema_conformance",
        "Where a discriminator tells the alternatives of a oneOf apart, documents often have alternatives that overlap, so that "
        "no value fits one of them only; what OpenAPI means by that is disputed.",
        "https://github.com/OAI/OpenAPI-Specification/issues/2141",
        _of_types_told_apart,
    ),
    Exclusion(
        "status_code_conformance",
        "A user's own document often leaves out statuses that HTTP gives to any request, such as 401, 404 or 415.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-15.5",
        _of_usual_refusal,
    ),
    Exclusion(
        "unsupported_method, not_a_server_error",
        "501 is the documented answer to a method that the vendor has and this server does not.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-15.6.2",
        _of_unimplemented_method,
    ),
)
"""Every kind of failure that is ignored. An entry that Schemathesis no longer needs is removed."""


@dataclass
class Job:
    """One run of Schemathesis. ``base`` is the target's URL, ``headers`` hold the credential; ``token_headers`` are the names of
    those that were made of a token, and not given as headers."""

    api: str
    base: str
    headers: dict[str, str] = field(default_factory=dict)
    token_headers: list[str] = field(default_factory=list)
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
    """Operations that act on what exists already, so that only a disposable target is sent them."""
    document: Any = None
    """The OpenAPI document of an API that is not in the catalog."""
    created: list[str] = field(default_factory=list)
    """Paths of the resources that the laws of this check created."""


def job_for(api: str, target: Target, *, token: str | None = None, **options: Any) -> Job:
    """The job that checks ``api`` at ``target``; ``token`` is one fetched by login."""
    book = book_for(api, target)
    made: dict[str, str] = {}
    if token or target.token:
        for name, prefix in (credential_scheme(document_of(book)), *further_schemes(book)):
            made[name] = header_value(prefix, str(token or target.token))
    return Job(
        api,
        target.url.rstrip("/"),
        {**target.headers, **made},
        list(made),
        retry_429=not target.disposable,
        login_operation=book.login_operation,
        disposable=target.disposable,
        acts_on_existing=sorted(book.acts_on_existing),
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
        # A late answer is no finding if it comes at the second try; what may write is sent once.
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
    if not job.disposable:
        # A method that the spec does not document may still be carried out, and the path may be that of an existing resource.
        config["phases"]["coverage"]["unexpected-methods"] = []
    stand_in_of_own_document = (
        job.document is not None and job.disposable
    )  # it takes any credential of the documented form
    if job.switches.get(f"{job.api}.token") == "optional" or stand_in_of_own_document:
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
    job: Job, *, app: Any = None, progress: Progress = lambda text: None, left_behind: list[str] | None = None
) -> list[Record]:
    """One record for each operation and check of Schemathesis. Raises ``ConformanceError``.

    The paths of the resources that it created are added to ``left_behind``.
    """
    guard = WriteGuard(job, left_behind if left_behind is not None else [])
    records, started = RecordCollector(job, _scenarios(job)), time.monotonic()
    with _ONE_AT_A_TIME:
        for event in _events(job, app, guard):
            records.add(event, progress)
    late = job.max_time is not None and time.monotonic() - started > job.max_time
    return [*records.finish(), *guard.left_out, *([time_used_up(job.api)] if late else [])]


def _scenarios(job: Job) -> int:
    """How many scenarios a run has, about: each operation in each phase, but in ``stateful`` as many as are generated."""
    methods = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
    operations = sum(len(methods & item.keys()) for item in _document(job)["paths"].values())
    return operations * len([name for name in (FAST_PHASES if job.fast else PHASES) if name != "stateful"])


def _document(job: Job) -> Any:
    return document(job.api) if job.document is None else job.document


def time_used_up(api: str) -> Record:
    """The record of a conformance run that was stopped at its time limit."""
    return Record(api, "conformance", "conformance.rest", "conformance", NOT_TRIED, reason=TIME_USED_UP)


def _events(job: Job, app: Any, guard: WriteGuard) -> Iterator[Any]:
    import schemathesis
    from schemathesis.config import ConfigError, SchemathesisConfig
    from schemathesis.core.errors import SchemathesisError
    from schemathesis.engine import from_schema

    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:  # hooks cannot be bound methods
        guard.before_call(context, case, kwargs)

    def after_call(context: Any, case: Any, response: Any) -> None:
        guard.after_call(context, case, response)

    try:
        config = SchemathesisConfig.from_dict(configuration(job))
        schema: Any = schemathesis.openapi.from_dict(with_assumed_values(_document(job)), config=config)
        schema = schema.include(lambda context: guard.may_be_tried(context.operation))
        schema.app = app
        if job.retry_429:  # the rate-limit "auto" of Schemathesis waits without a bound
            schemathesis.hook("after_call")(_wait_retry_after)
        if app is None:  # an application in this process cannot redirect to another host
            schemathesis.hook("before_call")(_do_not_follow_redirects)
        schemathesis.hook("before_call")(before_call)
        schemathesis.hook("after_call")(after_call)
        schemathesis.hook("filter_failure")(_not_excluded)
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
        if job.retry_429:
            schemathesis.hooks.unregister(_wait_retry_after)
        if app is None:
            schemathesis.hooks.unregister(_do_not_follow_redirects)
        schemathesis.hooks.unregister(before_call)
        schemathesis.hooks.unregister(after_call)
        schemathesis.hooks.unregister(_not_excluded)


def _do_not_follow_redirects(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Redirects are not followed: they may lead to a host that is not to be checked."""
    kwargs["allow_redirects"] = False


def _wait_retry_after(context: Any, case: Any, response: Any) -> None:
    """After a 429, wait as long as the response asks for, up to ``MAX_WAIT``."""
    if response.status_code == 429:
        wait = (response.headers.get("retry-after") or ["1"])[0]
        time.sleep(min(float(wait) if wait.isdigit() else 1.0, MAX_WAIT))


def _not_excluded(context: Any, failure: Any, case: Any, response: Any) -> bool:
    return not any(exclusion.applies(failure, case, response) for exclusion in EXCLUSIONS)
