"""What a bad request gets: the documented status, as JSON, in the vendor's error body, naming what was wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterfoil.contract.law import Law, Trial, says
from counterfoil.contract.laws.auth import Shape, Way, refused


def members(*names: str, media_type: str = "application/json") -> Shape:
    """An error body that is a JSON object with these members as texts that are not empty."""

    def shape(reply: Any) -> str | None:
        if reply.media_type != media_type:
            return f"{reply.status} as {reply.media_type or 'no media type'}, not {media_type}: {reply.brief(80)}"
        try:
            body = reply.body
        except ValueError as error:
            return str(error)
        lacking = [n for n in names if not (isinstance(body, dict) and isinstance(body.get(n), str) and body[n])]
        return f"no text in {', '.join(lacking)}: {reply.brief(120)}" if lacking else None

    return shape


def bad_requests(
    id: str,
    ways: Sequence[Way],
    *clauses: str,
    text: str,
    status: int = 400,
    shape: Shape | None = None,
    names: Sequence[str] = (),
    writes: bool | None = None,
) -> Law:
    """Each of ``ways`` is refused with ``status``. ``names``: words of which the body must hold one (what was wrong)."""

    def check(trial: Trial) -> None:
        def is_refused(way: Way) -> None:
            reply = way.go(trial)
            refused(trial, reply, status, shape)
            said = any(name in reply.text for name in names)
            trial.expect(said or not names, f"a body that names {' or '.join(names)}", reply.brief(160))

        trial.each(ways, is_refused)

    changing = any(not way.operation.startswith("GET ") for way in ways) if writes is None else writes
    return Law(id, ways[0].operation, "errors", clauses, text, check, writes=changing)


def wrong_method(
    id: str, operation: str, *clauses: str, shape: Shape | None = None, path: Mapping[str, Any] | None = None
) -> Law:
    """``operation`` with a method that its path has not: 405. It is written as in ``DELETE /things``.

    Runs with ``--writes`` only: a server that takes the method in spite of the documents may act on it.
    """

    def check(trial: Trial) -> None:
        """A method that the path has not gives 405, with an error's body."""
        refused(trial, trial.call(operation, path=path), 405, shape)

    return Law(id, operation, "errors", clauses, says(check), check, writes=True)


def unacceptable(id: str, way: Way, *clauses: str, shape: Shape | None = None) -> Law:
    """An Accept header that nobody can meet: 406."""

    def check(trial: Trial) -> None:
        """A caller who accepts no JSON gets 406, with an error's body."""
        refused(trial, way.go(trial, headers={"Accept": "application/xml"}), 406, shape)

    return Law(id, way.operation, "errors", clauses, says(check), check)


def wrong_media_type(
    id: str, operation: str, *clauses: str, shape: Shape | None = None, path: Mapping[str, Any] | None = None
) -> Law:
    """A body that is sent as a form: 415."""

    def check(trial: Trial) -> None:
        """A body that is sent as a form gives 415, with an error's body."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        refused(trial, trial.call(operation, path=path, content=b"a=b", headers=form), 415, shape)

    return Law(id, operation, "errors", clauses, says(check), check, writes=True)
