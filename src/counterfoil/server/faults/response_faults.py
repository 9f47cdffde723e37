"""Changes to a validated response while it is sent: faulty or slow bodies, and the Preference-Applied header."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from counterfoil.asgi import Receive, Send, until_disconnected
from counterfoil.server.context import ConnectionBroken, RequestContext
from counterfoil.server.faults.prefer import Preferences

PIECES_PER_SECOND = 10


class WithPreferenceApplied(msgspec.Struct, frozen=True):
    """The correct response, with ``Preference-Applied`` (RFC 7240, 3) for the applied preferences."""

    preferences: Preferences

    def headers(self, status: int) -> tuple[tuple[str, str], ...]:
        asked = self.preferences
        applied = asked if asked.code in (None, status) else Preferences(delay=asked.delay)
        return (("preference-applied", applied.applied),) if applied.applied else ()

    async def send(self, context: RequestContext, payload: bytes, send: Send, receive: Receive) -> None:
        await _send_whole(context, payload, send)


class Malformed(WithPreferenceApplied, frozen=True):
    """The correct body with its last byte replaced by a comma, so that it is not JSON."""

    async def send(self, context: RequestContext, payload: bytes, send: Send, receive: Receive) -> None:
        await _send_whole(context, payload[:-1] + b",", send)


class Truncated(WithPreferenceApplied, frozen=True):
    """The first ``keep`` bytes of the correct body (None: half), but never the whole body; then the connection closes."""

    keep: int | None

    async def send(self, context: RequestContext, payload: bytes, send: Send, receive: Receive) -> None:
        whole = len(payload)
        context.payload = sent = payload[: whole // 2 if self.keep is None else min(self.keep, whole - 1)]
        context.finish(context)
        await send({"type": "http.response.body", "body": sent, "more_body": True})
        context.broken = ConnectionBroken(
            "peer closed connection without sending complete message body "
            f"(received {len(sent)} bytes, expected {whole})",
            abruptly=False,
        )


class SlowDrip(WithPreferenceApplied, frozen=True):
    """The correct body, sent slowly: up to ten pieces a second; it ends early if the client disconnects."""

    bytes_per_second: int

    async def send(self, context: RequestContext, payload: bytes, send: Send, receive: Receive) -> None:
        size = max(1, self.bytes_per_second // PIECES_PER_SECOND)
        disconnected = asyncio.ensure_future(until_disconnected(receive))
        context.payload = payload
        try:
            for at in range(0, len(payload), size):
                if at:
                    await asyncio.wait({disconnected}, timeout=size / self.bytes_per_second)
                if disconnected.done():
                    context.payload = payload[:at]
                    return
                is_last = at + size >= len(payload)
                if is_last:
                    context.finish(context)
                await send({"type": "http.response.body", "body": payload[at : at + size], "more_body": not is_last})
        finally:
            disconnected.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await disconnected


async def _send_whole(context: RequestContext, payload: bytes, send: Send) -> None:
    context.payload = payload
    context.finish(context)
    await send({"type": "http.response.body", "body": payload})
