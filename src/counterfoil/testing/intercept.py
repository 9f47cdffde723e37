"""Answers calls to the vendors' own hosts by a world of this process, for code that does not take a base URL.

While it lasts, the transports of httpx (sync and async) and the connection pools of urllib3, which ``requests`` uses, are
replaced: a request to one of these hosts goes to the application, without a socket; any other goes where it went before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx

from counterfoil.api import API
from counterfoil.openapi import Spec
from counterfoil.testing.in_process import InProcessTransport

PORTS = {"http": 80, "https": 443}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MAX_URLS = 100
"""How many URLs the variables of one server may make."""


class Route(NamedTuple):
    """A base URL of a vendor, and the path at which this API is served in the world."""

    origin: tuple[str, str, int]
    path: str
    base: str


class Routes:
    """Finds where in this process a URL of a vendor is served. ``world`` is the path of the world (``/w/test-1``)."""

    def __init__(self, world: str, served: Mapping[str, tuple[API, Spec]], hosts: Mapping[str, str]) -> None:
        unknown = sorted(set(hosts) - set(served))
        if unknown:
            raise ValueError(f"'{unknown[0]}' is not served here; there are: {', '.join(served)}")
        self._world = world
        self._routes: list[Route] = []
        for name, (api, spec) in served.items():
            for url in _server_urls(spec):
                self._add(url, hosts.get(name), world + api.prefix.rstrip("/"))
            if name in hosts and not any(each.base == world + api.prefix.rstrip("/") for each in self._routes):
                self._add(f"https://{LOOPBACK[0]}{spec.base_path}", hosts[name], world + api.prefix.rstrip("/"))
        self._routes.sort(key=lambda each: -len(each.path))
        self._origins = {each.origin for each in self._routes}

    def _add(self, url: str, host: str | None, base: str) -> None:
        parsed = httpx.URL(url)
        if host is not None:
            given = _host_url(host)
            path = given.path if given.path != "/" else parsed.path
            parsed = given.copy_with(path=path)
        elif not parsed.host or parsed.host in LOOPBACK:
            return  # no host of a vendor: the document does not know where it is
        self._routes.append(Route(_origin(parsed), parsed.path.rstrip("/"), base))

    def inside(self, url: httpx.URL) -> httpx.URL | None:
        """The URL to ask the application for; None if it belongs to no vendor. Its host stays, for links in answers."""
        if url.scheme not in PORTS or _origin(url) not in self._origins:
            return None
        raw = url.raw_path
        path = raw.partition(b"?")[0].decode("ascii")
        if path.startswith(f"{self._world}/"):  # a link in an answer
            return url
        for route in self._routes:
            below = path.removeprefix(route.path)
            if route.origin == _origin(url) and path.startswith(route.path) and below[:1] in ("", "/"):
                return url.copy_with(raw_path=route.base.encode() + raw[len(route.path) :])
        return url.copy_with(raw_path=self._world.encode() + raw)  # below no base path: not found


def _host_url(host: str) -> httpx.URL:
    """``brm.example:8443`` or ``http://brm.example`` as a URL. Raises ``ValueError``."""
    with contextlib.suppress(httpx.InvalidURL):
        url = httpx.URL(host if "://" in host else f"https://{host}")
        if url.host and url.scheme in PORTS:
            return url
    raise ValueError(f"'{host}' is not a host; write it as in brm.example:8443 or http://brm.example")


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or PORTS.get(url.scheme, 0)


def _server_urls(spec: Spec) -> Iterator[str]:
    """The absolute URLs of a document's servers, each with every value its variables are said to have."""
    for server in spec.raw.get("servers") or []:
        url = server.get("url") if isinstance(server, dict) else None
        if not isinstance(url, str):
            continue
        variables = server.get("variables")
        known = {name: each for name, each in (variables or {}).items() if isinstance(each, dict)}
        choices = [each.get("enum") or [each.get("default", "")] for each in known.values()]
        for values, _ in zip(product(*choices), range(MAX_URLS), strict=False):
            made = url
            for name, value in zip(known, values, strict=True):
                made = made.replace("{" + name + "}", str(value))
            with contextlib.suppress(httpx.InvalidURL):
                if httpx.URL(made).is_absolute_url:
                    yield made


@contextlib.contextmanager
def intercepted(transport: InProcessTransport, routes: Routes) -> Iterator[None]:
    """Send what ``routes`` finds to ``transport``; undone afterwards. Raises ``RuntimeError`` for a urllib3 before 2."""
    with contextlib.ExitStack() as stack:
        for owner, name, replacement in (*_httpx_patches(transport, routes), *_urllib3_patches(transport, routes)):
            stack.enter_context(patch.object(owner, name, replacement))
        yield


def _httpx_patches(transport: InProcessTransport, routes: Routes) -> Iterator[tuple[Any, str, Any]]:
    send, send_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        url = routes.inside(request.url)
        return send(self, request) if url is None else transport.handle_request(_moved(request, url))

    async def handle_async_request(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        url = routes.inside(request.url)
        if url is None:
            return await send_async(self, request)
        return await transport.handle_async_request(_moved(request, url))

    yield httpx.HTTPTransport, "handle_request", handle_request
    yield httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request


def _moved(request: httpx.Request, url: httpx.URL) -> httpx.Request:
    return httpx.Request(
        request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
    )


def _urllib3_patches(transport: InProcessTransport, routes: Routes) -> Iterator[tuple[Any, str, Any]]:
    """Patches below urllib3's retries, redirects and pools, so that these work as they do with a socket."""
    try:
        from counterfoil.testing import urllib3_pool
    except ImportError:  # not installed
        return
    yield from urllib3_pool.patches(transport, routes.inside)
