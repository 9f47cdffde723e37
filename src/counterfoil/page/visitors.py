"""Public mode: each visitor gets worlds of their own and can neither read nor change another visitor's.

``VisitorMiddleware`` wraps the whole server. ``POST /visit`` sets a signed cookie that determines the names of the visitor's
worlds; the control API, plots and events then answer for those worlds only. Worlds are limited in number, size and idle time.
In a visitor's world the vendors' APIs accept one key, shown to that visitor only. In the default world they accept no key and
no change; visitors' worlds are copies of the default world at start.
A request that changes something must send the CSRF token from the response to ``POST /visit``.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import orjson

from counterfoil.api import ApiError
from counterfoil.asgi import (
    CONTROL_PREFIX,
    DEFAULT_WORLD,
    REFUSAL,
    ASGIApp,
    Message,
    Receive,
    Refusal,
    Scope,
    Send,
    address_key,
    raw_path,
    refusal_of,
    request_headers,
    split_world,
    world_in_path,
)
from counterfoil.ledger.errors import LedgerError
from counterfoil.page.rate_limit import TokenBuckets
from counterfoil.page.responses import send_json, send_problem
from counterfoil.page.security_headers import with_security_headers
from counterfoil.page.visitor_identity import Visitor, VisitorIdentities
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.resources import too_many_bytes
from counterfoil.world.state import Grant
from counterfoil.world.worlds import Worlds

SAFE_METHODS = ("GET", "HEAD")
NON_WRITING_METHODS = (*SAFE_METHODS, "OPTIONS")
READABLE_BY_ALL = (f"{CONTROL_PREFIX}/apis", f"{CONTROL_PREFIX}/scenarios")
VISITORS_WORLD = re.compile(r"v-[0-9a-f]{32}-[0-9]")
RESTRICTED = ("/_sandbox", "/events", "/plots")
MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class VisitorLimits:
    """Limits for visitors in public mode. Times are in seconds; rates are calls per second and burst, by address (for IPv6 its
    first 64 bits) or visitor. ``commands`` limits a world's commands until it is reset, including writes through the vendors'
    APIs; ``bytes`` limits the resources that they write."""

    worlds: int = 600
    worlds_each: int = 2
    idle: float = 1800.0
    cookie_age: float = 86_400.0
    calls: tuple[float, float] = (40.0, 400.0)
    changes: tuple[float, float] = (2.0, 40.0)
    visits: tuple[float, float] = (0.02, 20.0)
    commands: int = 1000
    bytes: int = 2 * 2**20

    def rates_divided_by(self, workers: int) -> VisitorLimits:
        """The limits for one of ``workers`` processes. Each process counts calls separately; limits on worlds apply to all
        processes together and stay unchanged."""

        def divided(rate: tuple[float, float]) -> tuple[float, float]:
            return rate[0] / workers, max(1.0, rate[1] / workers)

        return replace(self, calls=divided(self.calls), changes=divided(self.changes), visits=divided(self.visits))


class VisitorMiddleware:
    """``app`` for visitors. ``check_host`` takes headers and raises ``ApiError`` for a Host or Origin that is not this server's;
    ``clock`` returns monotonic seconds, ``wall_clock`` seconds since 1970. Cookies are valid in every process with the same
    ``secret`` (default: this process alone).

    The name of a world and the secret determine the credentials that it accepts, even after a reset."""

    def __init__(
        self,
        app: ASGIApp,
        worlds: Worlds,
        *,
        check_host: Callable[[Mapping[str, str]], object],
        limits: VisitorLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        secret: bytes | None = None,
    ) -> None:
        self._app = app
        self._worlds = worlds
        self._limits = limits = limits or VisitorLimits()
        self._identities = VisitorIdentities(
            secret or secrets.token_bytes(32),
            worlds_each=limits.worlds_each,
            max_age=limits.cookie_age,
            clock=wall_clock,
        )
        self._check_host = check_host
        self._calls = TokenBuckets(*limits.calls, clock)
        self._changes = TokenBuckets(*limits.changes, clock)
        self._visits = TokenBuckets(*limits.visits, clock)
        worlds.restrict_credentials(self._credentials_of)
        if worlds.is_shared:
            worlds.limit_to(limits.worlds + 1)  # plus the default world; checked by each process that creates one
        self._template = worlds.named(DEFAULT_WORLD).fork("template")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # the applications set the content security policy, because Swagger UI and the page need different ones
        send = with_security_headers(send, policy=False)
        address = address_key(str((scope.get("client") or ("unknown",))[0]))
        headers = request_headers(scope)
        try:
            if not self._calls.acquire(address):
                raise ApiError("too_many_requests", "too many requests from this address")
            if refusal_of(scope) is not None:  # the server refuses it before any visitor is looked up
                await self._app(scope, receive, send)
                return
            self._check_host(headers)
            if raw_path(scope) == "/visit":
                await self._visit(scope, headers, address, send)
                return
            refusal = self._refuse_write(scope)
            if refusal is not None:
                scope = {**scope, "state": {**scope.get("state", {}), REFUSAL: refusal}}
            else:
                receive = await self._authorize(scope, headers, address, receive)
        except ApiError as error:
            retry = ((b"retry-after", b"10"),) if error.status == 429 else ()
            await send_problem(send, error.status, error.message, retry)
            return
        except StoreUnavailable as error:
            await send_problem(send, 503, str(error), ((b"retry-after", b"1"),))
            return
        await self._app(scope, receive, send)

    # --- visits ----------------------------------------------------------------------------------

    async def _visit(self, scope: Scope, headers: Mapping[str, str], address: str, send: Send) -> None:
        """Create the visitor's first world; send the CSRF token, the worlds' names, and a new cookie if theirs is invalid."""
        if scope["method"] != "POST":
            await send_problem(send, 405, "a visit begins with POST", ((b"allow", b"POST"),))
            return
        _check_same_site(headers)
        visitor = self._identities.from_cookie(headers.get("cookie", ""))
        response_headers = [(b"cache-control", b"no-store")]
        if visitor is None:
            if not self._visits.acquire(address):
                raise ApiError(
                    "too_many_requests", "too many new visitors from this address; try again in some minutes"
                )
            visitor = self._identities.new()
            cookie = self._identities.set_cookie(visitor, secure=scope.get("scheme") == "https")
            response_headers.append((b"set-cookie", cookie.encode()))
        if self._worlds.may_wait:
            await asyncio.to_thread(self._ensure_world, visitor.worlds[0])
        else:
            self._ensure_world(visitor.worlds[0])
        body = {"visit": visitor.csrf_token, "worlds": visitor.worlds, "idle": self._limits.idle}
        await send_json(send, 200, body, response_headers)

    def _ensure_world(self, name: str) -> None:
        self._worlds.refresh(name)
        if self._worlds.get(name) is None:
            self._ensure_capacity()
            try:
                self._worlds.add(self._template.fork(name), time_to_live=self._limits.idle)
            except LedgerError as error:
                if self._worlds.get(name) is None:  # else the same visitor created it in another process
                    raise ApiError("unavailable", error.message) from None

    def _ensure_capacity(self) -> None:
        if len(self._worlds) > self._limits.worlds:
            self._worlds.forget_idle()
        if len(self._worlds) > self._limits.worlds:
            raise ApiError("unavailable", "every world is in use; try again in some minutes")

    def _credentials_of(self, name: str) -> Mapping[str, Grant]:
        if name == DEFAULT_WORLD:
            return {}
        key = self._identities.world_key(name)
        return {key: Grant(key, None, None)}

    def _refuse_write(self, scope: Scope) -> Refusal | None:
        """Why a write to a vendor's API is refused: the world is not a visitor's, or has reached a limit."""
        name, _, path = split_world(raw_path(scope))
        if scope["method"] in NON_WRITING_METHODS or path.startswith(RESTRICTED):
            return None
        if name is None or not VISITORS_WORLD.fullmatch(name):
            return Refusal(403, "this world takes no changes: open this server's page, which gives you one of your own")
        world = self._worlds.get(name)
        if world is not None and len(world.history) - world.scenario_length >= self._limits.commands:
            return Refusal(429, f"a world takes {self._limits.commands} commands here: reset it, or make another")
        if world is not None and world.resources.bytes_written >= self._limits.bytes:
            return Refusal(429, too_many_bytes(self._limits.bytes))
        return None

    # --- authorization ---------------------------------------------------------------------------

    async def _authorize(self, scope: Scope, headers: Mapping[str, str], address: str, receive: Receive) -> Receive:
        """Raise ``ApiError`` unless the request is allowed; returns a ``receive`` that still has the body."""
        method = scope["method"]
        _, _, path = split_world(raw_path(scope))
        if not path.startswith(RESTRICTED):
            return receive  # the page, documents, and the vendors' APIs, which check the world's key
        if path in READABLE_BY_ALL and method in SAFE_METHODS:
            return receive
        visitor = self._identities.from_cookie(headers.get("cookie", ""))
        if visitor is None:
            raise ApiError("forbidden", "this server keeps visitors apart: open its page, which begins a visit")
        if method not in SAFE_METHODS:
            self._check_change(visitor, headers, f"{address} {method}")
        return await self._check_world(path, method, visitor, receive)

    def _check_change(self, visitor: Visitor, headers: Mapping[str, str], address_and_method: str) -> None:
        _check_same_site(headers)
        if not self._identities.is_csrf_token(visitor, headers.get("x-counterfoil-visit", "")):
            raise ApiError("forbidden", "send the 'visit' that POST /visit answered in X-Counterfoil-Visit")
        if not self._changes.acquire(visitor.id) or not self._changes.acquire(address_and_method):
            raise ApiError("too_many_requests", "too many changes at once; wait a moment")

    async def _check_world(self, path: str, method: str, visitor: Visitor, receive: Receive) -> Receive:
        """Check that the path, or for a new world the body, names one of the visitor's worlds."""
        named = world_in_path(path)
        if named is not None and named[0] in visitor.worlds:
            if named[1] != "/fork":
                return receive
        elif path != f"{CONTROL_PREFIX}/worlds" or method != "POST":
            raise ApiError("forbidden", "a visitor may use their own worlds only")
        body, receive = await _read_body(receive)
        if _name_in(body) not in visitor.worlds:
            raise ApiError("forbidden", f"name one of your own worlds: {', '.join(visitor.worlds)}")
        self._ensure_capacity()
        return receive


def _check_same_site(headers: Mapping[str, str]) -> None:
    """Raise ``ApiError`` for a request from another site, by Sec-Fetch-Site, which the browser sets and a page cannot forge."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ApiError("forbidden", "a page of another site may not do this")


async def _read_body(receive: Receive) -> tuple[bytes, Receive]:
    """The body, up to ``MAX_BODY`` bytes, and a ``receive`` that returns it again."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            raise ApiError("too_large", f"a body may have up to {MAX_BODY} bytes here")
    was_replayed = False

    async def replay() -> Message:
        nonlocal was_replayed
        if was_replayed:
            return await receive()
        was_replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return body, replay


def _name_in(body: bytes) -> object:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return data.get("name") if isinstance(data, dict) else None
