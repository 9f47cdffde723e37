"""Wrappers of uvicorn's transport: one sends small responses in one system call, one lets refused clients read the response."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Transport
from typing import Any

LINGER_SECONDS = 1.0
"""After a refusal the client may still be sending. Closing at once would reset the connection and lose the response."""


class CoalescingTransport:
    """Delays a first write until the second write or the next iteration of the loop; other calls are passed on.

    uvicorn writes a response's head and body separately, and uvloop 0.23 passes each write to the kernel at once. The second
    system call and packet took a sixth of the processor time of a small response (benchmarks/PROFILE.md).
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
    """A transport whose ``close`` ends the response at once; the connection ends after a second or when the client closes it."""

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
