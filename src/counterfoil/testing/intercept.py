"""Answers calls to the vendors' own hosts from a world in this process, for code that does not accept a base URL.

It temporarily patches the transports of httpx (sync and async) and the connection pools of urllib3, which ``requests`` uses:
requests to these hosts go to the application, without a socket; other requests are unchanged.
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
"""Limit on the URLs that the variables of one server can produce."""


class Route(NamedTuple):
    """A base URL of a vendor (``origin`` and ``path``), and the path at which its API is served in the world (``base``)."""

    origin: tuple[str, str, int]
    path: str
    base: str


class Routes:
    """Maps a vendor's URLs to paths of this process. ``world`` is the path of the world (``/w/test-1``)."""

    def __init__(self, world: str, served: Mapping[str, tuple[API, Spec]], hosts: Mapping[str, str]) -> None:
        unknown = sorted(set(hosts) - set(served))
        if unknown:
            raise ValueError(f"'{unknown[0]}' is not served here; there are: {', '.join(served)}")
        self._world = world
        self._routes: list[Route] = []
        for name, (api, spec) in served.items():
            for url in _server_urls(spec):
                self._add(url, hosts.get(name), world + api.prefix.rstrip("/"))
            if name in hosts and not any(route.base == world + api.prefix.rstrip("/") for route in self._routes):
                self._add(f"https://{LOOPBACK[0]}{spec.base_path}", hosts[name], world + api.prefix.rstrip("/"))
        self._routes.sort(key=lambda route: -len(route.path))
        self._origins = {route.origin for route in self._routes}

    def _add(self, url: str, host: str | None, base: str) -> None:
        parsed = httpx.URL(url)
        if host is not None:
            replacement = _host_url(host)
            path = replacement.path if replacement.path != "/" else parsed.path
            parsed = replacement.copy_with(path=path)
        elif not parsed.host or parsed.host in LOOPBACK:
            return  # the document names no host of the vendor
        self._routes.append(Route(_origin(parsed), parsed.path.rstrip("/"), base))

    def inside(self, url: httpx.URL) -> httpx.URL | None:
        """The URL for a request to the application; None if ``url`` is not a vendor's. The host stays, for links in responses."""
        if url.scheme not in PORTS or _origin(url) not in self._origins:
            return None
        raw = url.raw_path
        path = raw.partition(b"?")[0].decode("ascii")
        if path.startswith(f"{self._world}/"):  # a link from a response
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
    """The absolute URLs of a document's servers, for every value of their variables."""
    for server in spec.raw.get("servers") or []:
        url = server.get("url") if isinstance(server, dict) else None
        if not isinstance(url, str):
            continue
        variables = server.get("variables")
        known = {name: variable for name, variable in (variables or {}).items() if isinstance(variable, dict)}
        choices = [variable.get("enum") or [variable.get("default", "")] for variable in known.values()]
        for values, _ in zip(product(*choices), range(MAX_URLS), strict=False):
            expanded = url
            for name, value in zip(known, values, strict=True):
                expanded = expanded.replace("{" + name + "}", str(value))
            with contextlib.suppress(httpx.InvalidURL):
                if httpx.URL(expanded).is_absolute_url:
                    yield expanded


@contextlib.contextmanager
def intercepted(transport: InProcessTransport, routes: Routes) -> Iterator[None]:
    """Within the ``with`` block, send requests that ``routes`` maps to ``transport``. Raises ``RuntimeError`` for urllib3 1."""
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
    """Patches below urllib3's retries, redirects and pools, so that these work as with a socket."""
    try:
        from counterfoil.testing import urllib3_pool
    except ImportError:  # not installed
        return
    yield from urllib3_pool.patches(transport, routes.inside)
