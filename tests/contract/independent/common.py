"""HTTP helpers for both applications: keys, error bodies, JSON bodies, the clock.

It is independent of the APIs' resources and of counterfoil.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException

KEY = "counterfoil-key"
FORBIDDEN_KEY = "counterfoil-forbidden"

Clock = Callable[[], datetime]


def new_app(name: str, bugs: frozenset[str], known_bugs: frozenset[str]) -> Flask:
    """Make an app whose clock is `app.config["CLOCK"]`, a callable that returns an aware datetime and can be replaced at any
    time. The wall clock is the default, since a checker asks for changes "since now" by its own clock.

        Raises:
            ValueError: a bug is named that the application does not know.
    """
    if unknown := sorted(bugs - known_bugs):
        raise ValueError(f"unknown bugs: {', '.join(unknown)}; known: {', '.join(sorted(known_bugs))}")
    app = Flask(name)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # a doubled slash is an unknown path, not a redirect with an HTML body
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # neither vendor lists OPTIONS
    app.config["CLOCK"] = lambda: datetime.now(UTC)
    return app


def now(app: Flask) -> datetime:
    """The application's current time, with time zone."""
    clock: Clock = app.config["CLOCK"]
    return clock()


def answer_errors_with(app: Flask, body: Callable[[HTTPException], dict[str, Any]]) -> None:
    """Turn every HTTP error of `app`, routing errors included, into the JSON object that `body` makes of it."""

    @app.errorhandler(HTTPException)
    def answer(error: HTTPException) -> Response:
        response = jsonify(body(error))
        response.status_code = error.code or 500
        for name, value in error.get_headers():
            if name != "Content-Type":
                response.headers[name] = value
        return response


def bearer() -> str | None:
    """The bearer token of the request, or None."""
    given = request.authorization
    return given.token if given is not None and given.type == "bearer" else None


def refuse_unauthenticated(why: str) -> None:
    """Answer 401."""
    abort(401, why, www_authenticate=WWWAuthenticate("bearer"))


def json_object() -> dict[str, Any]:
    """The request body as a JSON object; answers 400 if it is anything else."""
    try:
        body = json.loads(request.get_data(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        abort(400, "the request body is not JSON")
    if not isinstance(body, dict):
        abort(400, "the request body must be a JSON object")
    return body


def whole_number(name: str, text: str, lowest: int | None = None, highest: int | None = None) -> int:
    """Read a query parameter as a whole number; answers 400 if it is invalid or out of range."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 1000):
        abort(400, f"{name} must be a whole number")
    number = int(text)
    if lowest is not None and number < lowest:
        abort(400, f"{name} must not be below {lowest}")
    if highest is not None and number > highest:
        abort(400, f"{name} must not be above {highest}")
    return number


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
