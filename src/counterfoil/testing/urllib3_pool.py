"""Replaces the part of urllib3's connection pools that uses a socket, for requests that are answered in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from io import BytesIO
from typing import Any

import httpx
from urllib3._collections import HTTPHeaderDict
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProtocolError, ReadTimeoutError
from urllib3.response import HTTPResponse
from urllib3.util.timeout import Timeout

Inside = Callable[[httpx.URL], "httpx.URL | None"]


def patches(transport: httpx.BaseTransport, inside: Inside) -> Iterator[tuple[Any, str, Any]]:
    """The patches: class, attribute name and function. Raises ``RuntimeError`` for urllib3 1."""
    installed = version("urllib3")
    if int(installed.partition(".")[0]) < 2:
        raise RuntimeError(f"urllib3 {installed} cannot be intercepted; version 2 or newer can")
    make_request = HTTPConnectionPool._make_request
    prepare_proxy = HTTPSConnectionPool._prepare_proxy

    def _make_request(self: HTTPConnectionPool, conn: Any, method: str, url: str, **options: Any) -> Any:
        moved = inside(_whole_url(self, url))
        if moved is None:
            return make_request(self, conn, method, url, **options)
        return _answer(self, transport, method, url, moved, options)

    def _prepare_proxy(self: HTTPSConnectionPool, conn: Any) -> None:
        if inside(_whole_url(self, "/")) is None:  # else the request needs no proxy
            prepare_proxy(self, conn)

    yield HTTPConnectionPool, "_make_request", _make_request
    yield HTTPSConnectionPool, "_prepare_proxy", _prepare_proxy


def _whole_url(pool: HTTPConnectionPool, url: str) -> httpx.URL:
    """The whole URL of a request; with a proxy for plain HTTP, ``url`` is whole already."""
    if not url.startswith("/"):
        return httpx.URL(url)
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    return httpx.URL(f"{pool.scheme}://{host}:{pool.port}{url}")


def _answer(
    pool: HTTPConnectionPool,
    transport: httpx.BaseTransport,
    method: str,
    url: str,
    moved: httpx.URL,
    options: dict[str, Any],
) -> HTTPResponse:
    headers = [(_text(name), _text(value)) for name, value in (options.get("headers") or {}).items()]
    own_timeout = options.get("timeout")
    timeout = own_timeout if isinstance(own_timeout, Timeout) else pool.timeout
    read = timeout.read_timeout if isinstance(timeout.read_timeout, (int, float)) else None
    request = httpx.Request(
        method, moved, headers=headers, content=_content(options.get("body")), extensions={"timeout": {"read": read}}
    )
    try:
        received = transport.handle_request(request)
    except httpx.TimeoutException:
        raise ReadTimeoutError(pool, url, f"Read timed out. (read timeout={read})") from None
    except httpx.TransportError as error:
        raise ProtocolError("Connection aborted.", error) from error
    response = HTTPResponse(
        body=BytesIO(received.content),
        headers=HTTPHeaderDict(_decoded(received.headers.multi_items())),
        status=received.status_code,
        version=11,
        version_string="HTTP/1.1",
        reason=received.reason_phrase,
        preload_content=bool(options.get("preload_content", True)),
        decode_content=bool(options.get("decode_content", True)),
        request_method=method,
        request_url=url,
    )
    response.retries = options.get("retries")
    response._connection = options.get("response_conn")
    response._pool = pool
    return response


def _content(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    if hasattr(body, "read"):
        return _content(body.read())
    return b"".join(_content(part) for part in body)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _decoded(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers without those of a compressed body, which httpx has decompressed."""
    if not any(name.lower() == "content-encoding" for name, _ in headers):
        return headers
    return [(name, value) for name, value in headers if name.lower() not in ("content-encoding", "content-length")]
