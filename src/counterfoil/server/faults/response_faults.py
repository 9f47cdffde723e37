"""What faults do to a response that was found and validated as ever: spoil its bytes, or say which preferences applied."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from counterfoil.asgi import Receive, Send
from counterfoil.server.context import ConnectionBroken, RequestContext
from counterfoil.server.faults.prefer import Preferences

DRIPS_A_SECOND = 10


class WithPreferenceApplied(msgspec.Struct, frozen=True):
    """The right response, with ``Preference-Applied`` (RFC 7240, 3) for the preferences that were met."""

    asked: Preferences

    def headers(self, status: int) -> tuple[tuple[str, str], ...]:
        asked = self.asked
        met = asked if asked.code in (None, status) else Preferences(delay=asked.delay)
        return (("preference-applied", met.applied),) if met.applied else ()

    async def send(self, context: RequestContext, payload: bytes, send: Send, receive: Receive) -> None:
        await _send_whole(context, payload, send)


class Malformed(WithPreferenceApplied, frozen=True):
    """As long as the right body, but not JSON: it ends in a comma."""

    async def send(self, context: RequestContext, payload: bytes, send: Send, receive: Receive) -> None:
        await _send_whole(context, payload[:-1] + b",", send)


class Truncated(WithPreferenceApplied, frozen=True):
    """The right body up to ``keep`` bytes (half, if None), never whole; then the connection closes."""

    keep: int | None

    async def send(self, context: RequestContext, payload: bytes, send: Send, receive: Receive) -> None:
        whole = len(payload)
        context.payload = kept = payload[: whole // 2 if self.keep is None else min(self.keep, whole - 1)]
        context.finish(context)
        await send({"type": "http.response.body", "body": kept, "more_body": True})
        context.broken = ConnectionBroken(
            "peer closed connection without sending complete message body "
            f"(received {len(kept)} bytes, expected {whole})",
            abruptly=False,
        )


class SlowDrip(WithPreferenceApplied, frozen=True):
    """The right body, slowly: pieces ten times a second, or single bytes; it ends early if the client has gone."""

    bytes_per_second: int

    async def send(self, context: RequestContext, payload: bytes, send: Send, receive: Receive) -> None:
        size = max(1, self.bytes_per_second // DRIPS_A_SECOND)
        gone = asyncio.ensure_future(_gone(receive))
        context.payload = payload
        try:
            for at in range(0, len(payload), size):
                if at:
                    await asyncio.wait({gone}, timeout=size / self.bytes_per_second)
                if gone.done():
                    context.payload = payload[:at]
                    return
                is_last = at + size >= len(payload)
                if is_last:
                    context.finish(context)
                await send({"type": "http.response.body", "body": payload[at : at + size], "more_body": not is_last})
        finally:
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone


async def _send_whole(context: RequestContext, payload: bytes, send: Send) -> None:
    context.payload = payload
    context.finish(context)
    await send({"type": "http.response.body", "body": payload})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
