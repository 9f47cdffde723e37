"""The ways an answer leaves that is spoiled on purpose, or tells which preferences were applied to it.

The answer itself was found and checked as ever; here only its bytes are handled.
"""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from counterfoil.server.exchange import ConnectionBroken, Exchange, Receive, Send
from counterfoil.server.prefer import Preferences

DRIPS_A_SECOND = 10


class Told(msgspec.Struct, frozen=True):
    """The right answer, with ``Preference-Applied`` (RFC 7240, 3) for the preferences that were met."""

    asked: Preferences

    def headers(self, status: int) -> tuple[tuple[str, str], ...]:
        asked = self.asked
        met = asked if asked.code in (None, status) else Preferences(delay=asked.delay)
        return (("Preference-Applied", met.applied),) if met.applied else ()

    def payload(self, payload: bytes) -> bytes:
        return payload

    async def send(self, exchange: Exchange, payload: bytes, send: Send) -> None:
        exchange.finish(exchange)
        await send({"type": "http.response.body", "body": payload})


class Malformed(Told, frozen=True):
    """As long as the right body, but no JSON: whatever ends in a comma is none (RFC 8259)."""

    def payload(self, payload: bytes) -> bytes:
        return payload[:-1] + b"," if payload else payload


class Truncated(Told, frozen=True):
    """The right body up to ``keep`` bytes (half, if None), never whole; then the connection closes."""

    keep: int | None

    async def send(self, exchange: Exchange, payload: bytes, send: Send) -> None:
        whole = len(payload)
        kept = payload[: whole // 2 if self.keep is None else min(self.keep, whole - 1)]
        exchange.payload = kept
        exchange.finish(exchange)
        await send({"type": "http.response.body", "body": kept, "more_body": True})
        raise ConnectionBroken(
            "peer closed connection without sending complete message body "
            f"(received {len(kept)} bytes, expected {whole})",
            abruptly=False,
        )


class Dripped(Told, frozen=True):
    """The right body, slowly: pieces ten times a second, or single bytes; it ends early if the client has gone."""

    bytes_per_second: int

    async def send(self, exchange: Exchange, payload: bytes, send: Send) -> None:
        size = max(1, self.bytes_per_second // DRIPS_A_SECOND)
        gone = asyncio.ensure_future(_gone(exchange.listen))
        try:
            for at in range(0, len(payload), size):
                if at:
                    await asyncio.wait({gone}, timeout=size / self.bytes_per_second)
                if gone.done():
                    exchange.payload = payload[:at]
                    return
                is_last = at + size >= len(payload)
                if is_last:
                    exchange.finish(exchange)
                await send({"type": "http.response.body", "body": payload[at : at + size], "more_body": not is_last})
        finally:
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone


async def _gone(listen: Receive) -> None:
    while (await listen())["type"] != "http.disconnect":
        pass
