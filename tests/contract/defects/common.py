"""Bugs that any API can have, in authentication, tokens and errors: ``plant_common("elevate", "anybody_may_read", …)``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from . import wire
from .plant import defects_of
from .wire import Ask, Defect, Request, Response

KEY = "counterfoil-key"
COMMON: dict[str, tuple[str, Defect]] = {}


def plant_common(api: str, *names: str) -> None:
    """Plant these of the bugs below in an API."""
    for name in names:
        family, defect = COMMON[name]
        defects_of(api)(family)(defect)


def common(family: str) -> Callable[[Defect], Defect]:
    def note(defect: Defect) -> Defect:
        COMMON[defect.__name__] = (family, defect)  # type: ignore[attr-defined]
        return defect

    return note


# --- what the defects look at --------------------------------------------------------------------


def credential(request: Request) -> str:
    """The token or key sent, or an empty text."""
    return request.headers.get("authorization", "").partition(" ")[2] or request.headers.get("x-api-key", "")


def has_credential(request: Request) -> bool:
    return "authorization" in request.headers or "x-api-key" in request.headers


def with_key(request: Request, key: str = KEY) -> Request:
    """The same request with a credential without restrictions."""
    return request.with_headers(authorization=f"Bearer {key}", x_api_key=None)


async def control(request: Request, ask: Ask, path: str = "", body: Any = None) -> Any:
    """The control API, below the world that the request is about."""
    parts = request.path.split("/")
    world = parts[2] if parts[1] == "w" else "default"
    there = Request("GET", f"/_sandbox/v1/worlds/{world}{path}", headers={"host": "localhost"})
    if body is not None:
        there = wire.replace(there.with_json(body), method="POST")
    return (await ask(there)).json


async def plans_the_past(request: Request, ask: Ask) -> bool:
    """Whether a run is planned that bills up to a day before the world's today."""
    today = (await now(request, ask)).date().isoformat()
    runs = (await control(request, ask, "/runs"))["runs"]
    return any(run["status"] == "pending" and (run["cutoff_date"] or today) < today for run in runs)


async def now(request: Request, ask: Ask) -> datetime:
    """The world's clock."""
    return datetime.fromisoformat((await control(request, ask))["now"])


async def issued(request: Request, response: Response, ask: Ask) -> None:
    """Note when a login's tokens were issued, in ``ask.memory``."""
    if request.path.endswith("/authenticate") and response.status == 200 and isinstance(response.json, dict):
        for token in response.json.values():
            ask.memory[token] = await now(request, ask)


# --- who gets in ---------------------------------------------------------------------------------


@common("auth")
@wire.exchange()
async def anybody_may_read(request: Request, ask: Ask) -> Response:
    """A request without a credential is answered."""
    response = await ask(request)
    return await ask(with_key(request)) if response.status == 401 and not has_credential(request) else response


async def _let_in_with_any(request: Request, ask: Ask) -> Response:
    response = await ask(request)
    await issued(request, response, ask)
    if response.status == 401 and has_credential(request) and credential(request) not in ask.memory:
        return await ask(with_key(request))
    return response


@common("auth")
@wire.exchange()
async def any_token_will_do(request: Request, ask: Ask) -> Response:
    """A token that was never issued is taken."""
    return await _let_in_with_any(request, ask)


@common("auth")
@wire.exchange()
async def any_key_will_do(request: Request, ask: Ask) -> Response:
    """A key that does not exist is taken."""
    return await _let_in_with_any(request, ask)


@common("auth")
@wire.exchange()
async def the_forbidden_may(request: Request, ask: Ask) -> Response:
    """A credential without permission is answered."""
    response = await ask(request)
    is_refused = response.status == 403 and "forbidden" in credential(request)
    return await ask(with_key(request)) if is_refused else response


@common("auth")
@wire.changes_response()
def forbidden_is_unauthorized(response: Response) -> Response:
    """A user without permission gets 401."""
    return response.with_status(401) if response.status == 403 else response


def tokens_last(name: str, says: str, is_good: Callable[[timedelta, int], bool]) -> Defect:
    """Tokens from a login are valid while ``is_good(age, status)``; ``status`` is the correct server's."""

    async def defect(request: Request, ask: Ask) -> Response:
        response = await ask(request)
        await issued(request, response, ask)
        since = ask.memory.get(credential(request))
        if since is None:
            return response
        good = is_good(await now(request, ask) - since, response.status)
        if good == (response.status != 401):
            return response
        return await ask(with_key(request, KEY if good else "expired"))

    defect.__name__, defect.__doc__ = name, says
    return defect


common("auth")(tokens_last("token_never_expires", "A token is good forever.", lambda age, status: True))
common("auth")(
    tokens_last(
        "token_works_at_the_instant_it_ends",
        "Only at the boundary instant: the token is still good.",
        lambda age, status: status != 401 or age in (timedelta(minutes=15), timedelta(minutes=240)),
    )
)

# --- errors --------------------------------------------------------------------------------------


@common("errors")
@wire.changes_response()
def a_wrong_method_is_not_found(response: Response) -> Response:
    """A method that a path does not have gets 404."""
    return response.with_status(404) if response.status == 405 else response


@common("errors")
@wire.exchange()
async def accept_is_ignored(request: Request, ask: Ask) -> Response:
    """A caller who wants XML gets JSON."""
    response = await ask(request)
    return await ask(request.with_headers(accept=None)) if response.status == 406 else response


@common("errors")
@wire.exchange()
async def a_form_is_read_as_json(request: Request, ask: Ask) -> Response:
    """The body's media type is not checked."""
    response = await ask(request)
    return await ask(request.with_headers(content_type="application/json")) if response.status == 415 else response
