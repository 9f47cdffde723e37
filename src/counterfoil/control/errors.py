"""Turns ledger errors into HTTP errors, and HTTP errors into problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from counterfoil.api import ApiError, Json, Response
from counterfoil.api.control_types import TooMany
from counterfoil.api.problem_details import MEDIA_TYPE as PROBLEM_JSON
from counterfoil.api.problem_details import problem_details
from counterfoil.api.saving import not_saved
from counterfoil.ledger.errors import BadValue, LedgerError, RuleBroken, UnknownRecord
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.worlds import TooManyWorlds
from counterfoil.world.write_lock import WorldBusy


@contextmanager
def ledger_errors_as_api_errors() -> Iterator[None]:
    """Raise ``ApiError`` for ledger and store errors: 404 unknown, 422 never valid, 409 not allowed now, 429 a limit is reached,
    503 too many threads wait, or the store accepts no changes."""
    try:
        yield
    except LedgerError as error:
        raise _api_error(error) from None
    except StoreUnavailable as error:
        raise not_saved(error) from None


def _api_error(error: LedgerError) -> ApiError:
    if isinstance(error, UnknownRecord):
        return ApiError("unknown_resource", error.message, where=error.field)
    if isinstance(error, BadValue):
        return ApiError("malformed", error.message, where=error.field, status=422)
    if isinstance(error, WorldBusy):
        return ApiError("unavailable", error.message)
    if isinstance(error, TooManyWorlds | TooMany):
        return ApiError("too_many_requests", error.message, where=error.field)
    assert isinstance(error, RuleBroken)
    return ApiError("conflict", error.message, where=error.field)


def error(api_error: ApiError) -> Response:
    """Problem details. ``field`` names the wrong parameter or member of the body, ``mistakes`` the wrong lines of a text."""
    members: dict[str, Json] = {} if api_error.where is None else {"field": api_error.where.removeprefix("/")}
    if "mistakes" in api_error.detail:
        members["mistakes"] = api_error.detail["mistakes"]
    body = problem_details(api_error.status, api_error.message, **members)
    headers = {401: (("WWW-Authenticate", "Bearer"),), 503: (("Retry-After", "1"),)}.get(api_error.status, ())
    return Response(api_error.status, body, headers, PROBLEM_JSON)
