"""A transport that sends a response's head and body in one system call.

uvicorn writes them one after the other, and uvloop 0.23 hands each write to the kernel at once: two system calls and two
packets for each response, a sixth of the processor time of a small one (benchmarks/PROFILE.md). So a write waits for the
one that follows it, at most until the event loop comes round again.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Transport
from typing import Any


class CoalescingTransport:
    """Delays a first write until the second or the next turn of the loop; everything else is the transport's own."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._delayed: bytes | None = None
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._delayed is None:
            self._delayed = data
            self._call_soon(self._flush)
        else:
            first, self._delayed = self._delayed, None
            self._transport.writelines((first, data))

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._delayed = None
        self._transport.abort()

    def _flush(self) -> None:
        if self._delayed is not None:
            first, self._delayed = self._delayed, None
            self._transport.write(first)
