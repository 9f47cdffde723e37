"""uvicorn's fast HTTP protocol with two lessons: to ignore an offer to upgrade, and to send an answer in one piece.

Java's HttpClient offers HTTP/2 (``Upgrade: h2c``) with every cleartext request. A server may ignore that (RFC 9110, 7.8), but
httptools takes any such request to be without a body: a POST from Java arrived empty (reproduced with uvicorn 0.54 and
httptools 0.9; tests/server/test_protocol.py). So the header is renamed before the parser sees it.

uvicorn writes an answer's head and its body one after the other, and uvloop 0.23 hands each to the kernel at once: two system
calls and two packets an answer, a tenth of the time a small one takes (strace and py-spy; benchmarks/PROFILE.md). So a
write waits for the one that follows, at most until the event loop comes round again.
"""

from __future__ import annotations

import re
from asyncio import AbstractEventLoop, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OFFER = re.compile(rb"(?<=\r\n)upgrade(?=:[ \t]*h2c[ \t]*\r\n)", re.IGNORECASE)
_START = re.compile(rb"[A-Z]{3,20} \S+ HTTP/1\.1\r\n")


class Answering(HttpToolsProtocol):
    """For ``uvicorn.Config(http=…)``."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(InOnePiece(transport, self.loop))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        if b"h2c" in data and _START.match(data):
            head, end, body = data.partition(b"\r\n\r\n")
            data = _OFFER.sub(b"ignored", head + b"\r\n", count=1)[:-2] + end + body
        super().data_received(data)


class InOnePiece:
    """A transport whose first write waits for the second; everything else it leaves to the one it was given."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._waiting: bytes | None = None
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._waiting is None:
            self._waiting = data
            self._call_soon(self._flush)
        else:
            first, self._waiting = self._waiting, None
            self._transport.writelines((first, data))

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._waiting = None
        self._transport.abort()

    def _flush(self) -> None:
        if self._waiting is not None:
            first, self._waiting = self._waiting, None
            self._transport.write(first)
