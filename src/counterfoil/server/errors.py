"""Whatever goes wrong, in the vendor's words: the outermost layer of each dialect, and the plain problem for the rest.

A ``ApiError`` is rendered by its dialect. Anything unexpected is logged once, with its trace, and rendered as the
vendor's 500 without it. Bodies of errors are held against the spec like any other where it documents the status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from counterfoil.api import API, ApiError, Response
from counterfoil.server import logs
from counterfoil.server.dispatch import transmit
from counterfoil.server.exchange import ASGI, KEY, ConnectionBroken, Exchange, Receive, Scope, Send
from counterfoil.server.responses import Promises, SpecBroken
from counterfoil.server.validation import ClientGone

APOLOGY = "the stand-in failed; its log says why"
TITLES = {404: "Not Found", 405: "Method Not Allowed", 500: "Internal Server Error", 503: "Service Unavailable"}


class Refusals:
    """Catches what the inner layers raise, and answers."""

    def __init__(self, app: ASGI, *, dialect: API, promises: Mapping[str, Promises]) -> None:
        self.app = app
        self.dialect = dialect
        self.promises = promises

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the call that had the stack built
            return
        exchange: Exchange = scope[KEY]
        try:
            await self.app(scope, receive, send)
        except ApiError as refusal:
            await self.refuse(exchange, refusal, send)
        except ClientGone:
            return
        except ConnectionBroken:  # on purpose: there is nobody left to be told
            raise
        except SpecBroken as broken:
            logs.server.error("%s: %s", self.dialect.name, broken)
            await self.refuse(exchange, ApiError("internal", APOLOGY), send)
        except Exception:
            name = exchange.operation or logs.shown(exchange.path)
            logs.server.exception("%s: %s failed in world %s", self.dialect.name, name, logs.shown(exchange.world_name))
            await self.refuse(exchange, ApiError("internal", APOLOGY), send)

    async def refuse(self, exchange: Exchange, refusal: ApiError, send: Send) -> None:
        if exchange.sent:  # too late to say anything else
            return
        exchange.check = None  # render has looked already
        await transmit(exchange, self.render(exchange, refusal), send)

    def render(self, exchange: Exchange, refusal: ApiError) -> Response:
        """The vendor's answer; its 500 if the vendor's answer breaks the spec; a plain problem if even that fails."""
        try:
            answer = with_allow(self.dialect.error(refusal), refusal)
            breach = self.breach(exchange, answer)
        except Exception:
            logs.server.exception("%s: the error for '%s' cannot be rendered", self.dialect.name, refusal.reason)
            return problem(500, APOLOGY)
        if breach is None:
            return answer
        logs.server.error("%s: the error for '%s' breaks the spec: %s", self.dialect.name, refusal.reason, breach)
        if refusal.reason == "internal":
            return answer
        return self.render(exchange, ApiError("internal", APOLOGY))

    def breach(self, exchange: Exchange, answer: Response) -> str | None:
        promises = self.promises.get(exchange.operation or "")
        if promises is None:
            return None
        breach = promises.breach(answer, answer.media_type or self.dialect.media_type, any_status=True)
        return None if breach is None else logs.shown(breach)


def with_allow(answer: Response, refusal: ApiError) -> Response:
    """RFC 9110, 15.5.6: a 405 must list what is allowed."""
    if not refusal.allow or any(name.lower() == "allow" for name, _ in answer.headers):
        return answer
    return Response(
        answer.status, answer.body, (*answer.headers, ("allow", ", ".join(refusal.allow))), answer.media_type
    )


def problem(status: int, detail: str, **more: Any) -> Response:
    """A problem (RFC 9457) for what belongs to no vendor."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": detail, **more}
    return Response(status, orjson.dumps(body), media_type="application/problem+json")
