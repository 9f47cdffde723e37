"""Wrappers of uvicorn's transport: one sends a small response in one system call, one lets a refused client read the response."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Transport
from typing import Any

LINGER_SECONDS = 1.0
"""After a refusal the client may still be sending. Closing at once would reset the connection and lose the response."""


class CoalescingTransport:
    """Delays a first write until the second, or the next iteration of the loop; everything else is passed on.

    uvicorn writes a response's head and body one after the other, and uvloop 0.23 hands each write to the kernel at once:
    two system calls and two packets, a sixth of the processor time of a small response (benchmarks/PROFILE.md).
    """

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


class LingeringTransport:
    """A transport whose ``close`` ends the response at once, and the connection when the client does or after a second."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._closed = False

    def close(self) -> None:
        if self._closed or self._transport.is_closing():
            return
        self._closed = True
        self._transport.write_eof()
        self._loop.call_later(LINGER_SECONDS, self._transport.close)

    def is_closing(self) -> bool:
        return self._closed or self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
