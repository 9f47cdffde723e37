"""An adapter for ``requests`` that passes prepared requests to an httpx transport, so that no socket is needed."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import httpx
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict


class TransportAdapter(BaseAdapter):
    """Sends requests through ``transport``. Mount it on a session for an origin."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        super().__init__()
        self._transport = transport

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, *_: Any, **__: Any
    ) -> requests.Response:
        sent = httpx.Request(
            request.method or "GET",
            request.url or "",
            headers=[(_text(name), _text(value)) for name, value in request.headers.items()],
            content=_bytes(request.body),
            extensions={"timeout": {"read": timeout[1] if isinstance(timeout, tuple) else timeout}},
        )
        try:
            received = self._transport.handle_request(sent)
        except httpx.TimeoutException as error:
            raise requests.ReadTimeout(error, request=request) from error
        except httpx.TransportError as error:
            raise requests.ConnectionError(error, request=request) from error
        response = requests.Response()
        response.status_code = received.status_code
        response.headers = CaseInsensitiveDict(received.headers)
        response.raw = BytesIO(received.read())
        response.url = request.url or ""
        response.request = request
        response.reason = received.reason_phrase
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        return response

    def close(self) -> None:
        """Does nothing: the creator of the transport closes it."""


def session_for(transport: httpx.BaseTransport, origin: str, headers: Mapping[str, str]) -> requests.Session:
    """A session whose requests to ``origin`` go to the transport, with ``headers``."""
    session = requests.Session()
    session.mount(origin, TransportAdapter(transport))
    session.headers.update(headers)
    return session


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
