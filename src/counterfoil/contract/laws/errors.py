"""Error responses: the documented status, JSON in the vendor's error body, and a message that names what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from counterfoil.contract.context import LawContext
from counterfoil.contract.law import Law, says
from counterfoil.contract.laws.auth import BodyCheck, SampleRequest, expect_error
from counterfoil.contract.response import Response
from counterfoil.media_types import FORM

MAX_SAMPLES = 5
"""Samples of a law where ``LawContext.is_sparing``, unless it has more parameters."""


def members(*names: str, media_type: str = "application/json") -> BodyCheck:
    """A JSON object with these members as non-empty strings."""

    def problem(response: Any) -> str | None:
        if response.media_type != media_type:
            return (
                f"{response.status} as {response.media_type or 'no media type'}, not {media_type}: {response.brief(80)}"
            )
        try:
            body = response.body
        except ValueError as error:
            return str(error)
        lacking = [n for n in names if not (isinstance(body, dict) and isinstance(body.get(n), str) and body[n])]
        return f"no string in {', '.join(lacking)}: {response.brief(120)}" if lacking else None

    return problem


def bad_requests(
    id: str,
    samples: Sequence[SampleRequest],
    *clauses: str,
    text: str,
    status: int = 400,
    error_body: BodyCheck | None = None,
    names: Sequence[str] = (),
    writes: bool | None = None,
    unless: Callable[[LawContext, Response], bool] = lambda ctx, response: False,
) -> Law:
    """Each of ``samples`` is refused with ``status``; the body contains one of ``names`` (what was wrong), if given.

    ``unless(ctx, response)`` recognises the documented alternative to a refusal.
    """

    def check(ctx: LawContext) -> None:
        def is_refused(sample: SampleRequest) -> None:
            response = sample.send(ctx)
            if unless(ctx, response):
                return
            expect_error(ctx, response, status, error_body)
            named = any(name in response.text for name in names)
            ctx.expect(named or not names, f"a body that names {' or '.join(names)}", response.brief(160))

        ctx.for_each(_some_of_each(ctx, samples) if ctx.is_sparing else samples, is_refused)

    changing = any(not sample.operation.startswith("GET ") for sample in samples) if writes is None else writes
    return Law(id, samples[0].operation, "errors", clauses, text, check, writes=changing)


def _some_of_each(ctx: LawContext, samples: Sequence[SampleRequest]) -> Sequence[SampleRequest]:
    """One sample for each parameter, or more if there are few parameters. Each parameter begins with another value."""
    groups: dict[Any, list[SampleRequest]] = {}
    for sample in samples:
        groups.setdefault((sample.operation, *sample.path, *sample.query), []).append(sample)
    most = max(1, MAX_SAMPLES // len(groups))
    chosen: list[SampleRequest] = []
    for number, group in enumerate(groups.values()):
        turned = number % len(group)
        chosen += ctx.sample([*group[turned:], *group[:turned]], most)
    return chosen


def wrong_method(
    id: str, operation: str, *clauses: str, error_body: BodyCheck | None = None, path: Mapping[str, Any] | None = None
) -> Law:
    """A method that the path does not have gives 405 with an error body.

    Runs with ``--writes`` only: a server that accepts the undocumented method may act on it.
    """

    def check(ctx: LawContext) -> None:
        expect_error(ctx, ctx.request(operation, path=path), 405, error_body)

    return Law(id, operation, "errors", clauses, says(wrong_method), check, writes=True)


def unacceptable(id: str, sample: SampleRequest, *clauses: str, error_body: BodyCheck | None = None) -> Law:
    """A request that does not accept JSON gives 406 with an error body."""

    def check(ctx: LawContext) -> None:
        expect_error(ctx, sample.send(ctx, headers={"Accept": "application/xml"}), 406, error_body)

    return Law(id, sample.operation, "errors", clauses, says(unacceptable), check)


def wrong_media_type(
    id: str, operation: str, *clauses: str, error_body: BodyCheck | None = None, path: Mapping[str, Any] | None = None
) -> Law:
    """A body sent as a form gives 415 with an error body."""

    def check(ctx: LawContext) -> None:
        form = {"Content-Type": FORM}
        expect_error(ctx, ctx.request(operation, path=path, content=b"a=b", headers=form), 415, error_body)

    return Law(id, operation, "errors", clauses, says(wrong_media_type), check, writes=True)
