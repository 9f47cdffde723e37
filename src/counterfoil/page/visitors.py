"""Public mode: every visitor gets a world of their own, and can neither see nor touch another's.

``Gate`` stands before the whole server. ``POST /visit`` gives a visitor a signed cookie, from which the names of their few
worlds follow; the control API, plots and events then answer for those names only. Nothing is stored for a visitor but
their worlds, and those are bounded in number, size and idle time. Each world has a key of its own, shown to its visitor
only; the default world lets nobody in. Everything that changes something wants, besides the cookie, the word that
``POST /visit`` answered, which another site can neither read nor guess.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

import orjson

from counterfoil.api import ApiError
from counterfoil.control.access import guard
from counterfoil.ledger.errors import LedgerError
from counterfoil.page.asgi import ASGI, Message, Receive, Scope, Send, headers_of, send_json, send_problem
from counterfoil.page.rates import Rates
from counterfoil.page.safe import HEADERS
from counterfoil.world.state import Grant
from counterfoil.world.worlds import DEFAULT, Worlds

COOKIE = "counterfoil-visitor"
CONTROL = "/_sandbox/v1"
SAFE = ("GET", "HEAD")
EVERYBODYS = (f"{CONTROL}/apis", f"{CONTROL}/scenarios")
OF_A_WORLD = re.compile(rf"(?:{CONTROL}/worlds|/events|/plots|/w)/(?P<world>[^/]*)(?P<rest>/.*)?")
VISITORS_WORLD = re.compile(r"v-[0-9a-f]{32}-[0-9]")
GUARDED = ("/_sandbox", "/events", "/plots", "/w/")
LARGEST_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What visitors may take. Seconds, and calls each second with how many may come at once."""

    worlds: int = 600
    worlds_each: int = 2
    idle: float = 1800.0
    life: float = 86_400.0
    calls: tuple[float, float] = (40.0, 400.0)
    changes: tuple[float, float] = (2.0, 40.0)
    visits: tuple[float, float] = (0.02, 20.0)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a cookie says is there: their worlds' names, and the word their changes carry."""

    worlds: tuple[str, ...]
    word: str


class Gate:
    """``app`` for visitors. ``hosts`` are the names it may be called by; ``seconds`` tells a time that only grows."""

    def __init__(
        self,
        app: ASGI,
        worlds: Worlds,
        *,
        hosts: Sequence[str],
        limits: Limits | None = None,
        seconds: Callable[[], float] = time.monotonic,
        secret: bytes | None = None,
    ) -> None:
        self._app = app
        self._worlds = worlds
        self._limits = limits or Limits()
        self._seconds = seconds
        self._secret = secret or secrets.token_bytes(32)
        self._check = guard(None, hosts)
        self._calls = Rates(*self._limits.calls, seconds)
        self._changes = Rates(*self._limits.changes, seconds)
        self._visits = Rates(*self._limits.visits, seconds)
        worlds.named(DEFAULT).restrict_credentials({})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_safe_headers(send)
        client = str((scope.get("client") or ("nobody",))[0])
        if not self._calls.take(client):
            await _too_many(send, "too many requests from this address")
            return
        path = _wire_path(scope)
        try:
            self._check(headers_of(scope))
            if path == "/visit":
                await self._visit(scope, client, send)
                return
            receive = await self._may(scope, path, client, receive)
        except ApiError as refusal:
            headers = ((b"retry-after", b"10"),) if refusal.status == 429 else ()
            await send_problem(send, refusal.status, refusal.message, headers)
            return
        await self._app(scope, receive, send)

    # --- visits ----------------------------------------------------------------------------------

    async def _visit(self, scope: Scope, client: str, send: Send) -> None:
        """Say who they are, with a cookie if they had none that is good, and see that their first world is there."""
        if scope["method"] != "POST":
            await send_problem(send, 405, "a visit begins with POST", ((b"allow", b"POST"),))
            return
        headers = headers_of(scope)
        _from_this_page(headers)
        visitor, cookie = self._known(headers), None
        if visitor is None:
            if not self._visits.take(client):
                raise ApiError(
                    "too_many_requests", "too many new visitors from this address; try again in some minutes"
                )
            cookie = self._sign(f"{secrets.token_hex(16)}.{int(self._seconds())}")
            visitor = self._visitor(cookie)
        self._see_to(visitor.worlds[0])
        told = {"visit": visitor.word, "worlds": visitor.worlds, "idle": self._limits.idle}
        await send_json(send, 200, told, [(b"cache-control", b"no-store"), *self._set_cookie(scope, cookie)])

    def _see_to(self, name: str) -> None:
        if self._worlds.get(name) is None:
            self._room()
            try:
                self._worlds.fork(name, DEFAULT, time_to_live=self._limits.idle)
            except LedgerError as error:
                raise ApiError("unavailable", error.message) from None
        self._lock_up(name)

    def _room(self) -> None:
        if len(self._worlds) > self._limits.worlds:
            self._worlds.forget_idle()
        if len(self._worlds) > self._limits.worlds:
            raise ApiError("unavailable", "every world is taken; try again in some minutes")

    def _lock_up(self, name: str) -> None:
        """The world's own key and no other: a reset, a fork or a new scenario brings the scenario's keys back."""
        world = self._worlds.get(name)
        key = "key-" + self._mac("key", name)[:24]
        if world is not None and list(world.grants) != [key]:
            world.restrict_credentials({key: Grant(key, None, None)})

    # --- cookies ---------------------------------------------------------------------------------

    def _known(self, headers: Mapping[str, str]) -> Visitor | None:
        """The visitor a cookie of ours names, while it is good."""
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return None
        if morsel is None:
            return None
        body, _, mac = morsel.value.rpartition(".")
        good = body.isascii() and mac.isascii() and hmac.compare_digest(mac, self._mac("cookie", body))
        if not good or self._seconds() - int(body.rpartition(".")[2]) > self._limits.life:
            return None
        return self._visitor(morsel.value)

    def _visitor(self, cookie: str) -> Visitor:
        stem = "v-" + self._mac("world", cookie)[:32]
        names = tuple(f"{stem}-{number}" for number in range(1, self._limits.worlds_each + 1))
        return Visitor(names, self._mac("word", cookie))

    def _sign(self, body: str) -> str:
        return f"{body}.{self._mac('cookie', body)}"

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.digest(self._secret, f"{purpose} {text}".encode(), "sha256").hex()

    def _set_cookie(self, scope: Scope, cookie: str | None) -> list[tuple[bytes, bytes]]:
        if cookie is None:
            return []
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        life = int(self._limits.life)
        value = f"{COOKIE}={cookie}; Path=/; Max-Age={life}; HttpOnly; SameSite=Strict{secure}"
        return [(b"set-cookie", value.encode())]

    # --- what they may do ------------------------------------------------------------------------

    async def _may(self, scope: Scope, path: str, client: str, receive: Receive) -> Receive:
        """Nothing, where the request may go on; else a ``ApiError``. A body that had to be read is given back."""
        method = scope["method"]
        if "%" in path.partition("?")[0] and scope["path"].startswith(GUARDED) and "%" in "/".join(path.split("/")[:5]):
            raise ApiError("unknown_path", "write the world's name as it is, without escapes")
        if not path.startswith(GUARDED):
            return receive  # the shell, documents, and the default world, which lets nobody in
        if path in EVERYBODYS and method in SAFE:
            return receive
        if path.startswith("/w/"):
            world = path.split("/")[2]
            if VISITORS_WORLD.fullmatch(world):
                self._lock_up(world)
            return receive  # the vendors' APIs: whoever has the world's key
        headers = headers_of(scope)
        visitor = self._known(headers)
        if visitor is None:
            raise ApiError("forbidden", "this server keeps visitors apart: open its page, which begins a visit")
        if method not in SAFE:
            _from_this_page(headers)
            if not hmac.compare_digest(headers.get("x-counterfoil-visit", "").encode(), visitor.word.encode()):
                raise ApiError("forbidden", "changes carry the word of the visit in X-Counterfoil-Visit", where="Visit")
            if not self._changes.take(visitor.worlds[0]) or not self._changes.take(f"{client} at {method}"):
                raise ApiError("too_many_requests", "too many changes at once; wait a moment")
        return await self._within(path, method, visitor, receive)

    async def _within(self, path: str, method: str, visitor: Visitor, receive: Receive) -> Receive:
        match = OF_A_WORLD.fullmatch(path)
        if match and match["world"] in visitor.worlds:
            self._lock_up(match["world"])
            if match["rest"] != "/fork":
                return receive
        elif path != f"{CONTROL}/worlds" or method != "POST":
            raise ApiError("forbidden", "that is not yours: a visit is limited to its own worlds")
        body, receive = await _read(receive)
        if _name_in(body) not in visitor.worlds:
            raise ApiError("forbidden", f"name one of your own worlds: {', '.join(visitor.worlds)}", where="name")
        self._room()
        return receive


def _from_this_page(headers: Mapping[str, str]) -> None:
    """Another site's page cannot forge what its visitor's browser says of where a request comes from."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ApiError("forbidden", "a page of another site may not do this here", where="Sec-Fetch-Site")


def _wire_path(scope: Scope) -> str:
    """The path as it was sent, as the server routes it: an escaped letter is not the letter."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return str(raw.partition(b"?")[0].decode("latin-1"))


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """The body, bounded, and a ``receive`` that gives it once more."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            raise ApiError("too_large", f"a body has up to {LARGEST_BODY} bytes here")
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return body, again


def _name_in(body: bytes) -> object:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return read.get("name") if isinstance(read, dict) else None


async def _too_many(send: Send, detail: str) -> None:
    await send_problem(send, 429, detail, ((b"retry-after", b"10"),))


def _with_safe_headers(send: Send) -> Send:
    """Every answer of a public server is no frame's, no sniffer's and no other origin's; its policy is its own."""

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            sent = list(message.get("headers", ()))
            names = {name.lower() for name, _ in sent} | {b"content-security-policy"}
            message = {**message, "headers": [*sent, *(pair for pair in HEADERS.items() if pair[0] not in names)]}
        await send(message)

    return adding
