"""uvicorn's httptools protocol, ignoring an offer to upgrade to HTTP/2.

Java's HttpClient offers HTTP/2 (``Upgrade: h2c``) with every cleartext request. A server may ignore that (RFC 9110, 7.8), but
httptools takes any such request to be without a body: a POST from Java arrived empty (reproduced with uvicorn 0.54 and
httptools 0.9; tests/server/test_protocol.py). So the header is renamed before the parser sees it.
"""

from __future__ import annotations

import re
from asyncio import Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from counterfoil.server.coalescing import CoalescingTransport

_OFFER = re.compile(rb"(?<=\r\n)upgrade(?=:[ \t]*h2c[ \t]*\r\n)", re.IGNORECASE)
_START = re.compile(rb"[A-Z]{3,20} \S+ HTTP/1\.1\r\n")


class IgnoresUpgrade(HttpToolsProtocol):
    """For ``uvicorn.Config(http=…)``."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(CoalescingTransport(transport, self.loop))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        if b"h2c" in data and _START.match(data):
            head, end, body = data.partition(b"\r\n\r\n")
            data = _OFFER.sub(b"ignored", head + b"\r\n", count=1)[:-2] + end + body
        super().data_received(data)
