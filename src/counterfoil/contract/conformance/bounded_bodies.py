"""Limits the size and the time of every response that Schemathesis reads in this process.

Schemathesis reads responses with requests, which reads a body to its end however large or slow it is. The limit is
installed only in a process that runs nothing but conformance.
"""

from __future__ import annotations

import time
from http.client import RemoteDisconnected
from typing import Any

from counterfoil.contract.deadline import Deadline

MAX_BYTES = 32_000_000
CHUNK = 4096
"""Compressed bytes read at once; they may decode to a thousand times as many."""


def bound_bodies(seconds: float, max_bytes: int = MAX_BYTES) -> list[str]:
    """Make every response whose body exceeds ``max_bytes`` (decoded) or ``seconds`` raise ``requests.ConnectionError``.

    Returns the list to which a line is added for each such response: Schemathesis does not show the error's text.
    """
    from requests import ConnectionError as RequestsConnectionError
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection

    send, head, exceeded, deadline = HTTPAdapter.send, HTTPConnection.getresponse, list[str](), Deadline()

    def bounded_head(self: Any) -> Any:
        try:
            with deadline.within(seconds, lambda: self.sock):
                return head(self)
        finally:
            if deadline.was_missed:  # http.client takes the end of the connection for the end of the head
                exceeded.append(f"the head does not end within {seconds:g} s")
                raise RemoteDisconnected(exceeded[-1])

    def bounded(self: Any, request: Any, stream: bool = False, **options: Any) -> Any:
        end = time.monotonic() + seconds
        response: Any = send(self, request, stream=True, **options)
        read = bytearray()
        for chunk in response.iter_content(CHUNK):
            read += chunk
            if len(read) > max_bytes or time.monotonic() > end:
                response.close()
                limit = f"{max_bytes:,} bytes" if len(read) > max_bytes else f"{seconds:g} s"
                exceeded.append(f"the body does not end within {limit}")
                # The error is kept with this frame, so nothing large may stay in it.
                read.clear()
                response = chunk = None
                raise RequestsConnectionError(exceeded[-1], request=request)
        response._content = bytes(read)  # where requests itself keeps a body that was read
        return response

    HTTPConnection.getresponse = bounded_head  # type: ignore[method-assign]
    HTTPAdapter.send = bounded  # type: ignore[assignment,method-assign]
    return exceeded
