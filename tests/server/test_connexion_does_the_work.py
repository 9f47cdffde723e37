"""Each kind of request passes through connexion's own middlewares as far as its status allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from counterfoil.api import API
from counterfoil.app import Application, build
from counterfoil.catalog import api_names
from counterfoil.cli.banner import curl_lines
from counterfoil.server import workarounds
from counterfoil.testing.in_process import InProcessTransport

from .toy import PREFIX, Client, server

MIDDLEWARES = {
    "errors": workarounds.ExceptionMiddleware,
    "routing": workarounds.RoutingMiddleware,
    "security": workarounds.SecurityMiddleware,
    "request": workarounds.RequestValidationMiddleware,
    "response": workarounds.ResponseValidationMiddleware,
}
ORDER = tuple(MIDDLEWARES)
REACHED = {
    200: ORDER,
    201: ORDER,
    400: ORDER[:4],
    401: ORDER[:3],
    403: ORDER[:3],
    404: ORDER[:2],
    405: ORDER[:2],
    406: ORDER[:4],
    409: ORDER,
    413: ORDER[:4],
    415: ORDER[:4],
}
KEY = {"authorization": "Bearer counterfoil-key", "x-api-key": "counterfoil-key"}


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of connexion's middlewares, in the order in which the last request called them."""
    calls: list[str] = []
    for name, middleware in MIDDLEWARES.items():
        owner = next(each for each in middleware.__mro__ if "__call__" in vars(each))
        monkeypatch.setattr(middleware, "__call__", counted(name, calls, vars(owner)["__call__"]))
    return calls


def counted(name: str, calls: list[str], call: Any) -> Any:
    async def counting(self: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            calls.append(name)
        await call(self, scope, receive, send)

    return counting


@pytest.fixture(params=api_names())
def served(request: pytest.FixtureRequest, reached: list[str]) -> Iterator[tuple[Application, httpx.Client, API, Any]]:
    application = build([request.param])
    with (
        InProcessTransport(application.server) as transport,
        httpx.Client(transport=transport, base_url="http://counterfoil.test", timeout=60) as client,
    ):
        api, spec = application.server.served[request.param]
        yield application, client, api, spec


def example_url(application: Application) -> str:
    """The API's first GET with the examples of its spec: the line that ``counterfoil serve`` prints."""
    (line,) = curl_lines(application, "http://counterfoil.test").values()
    url = urlsplit(line.rpartition(" ")[2].strip("'"))
    return f"{url.path}?{url.query}" if url.query else url.path


def requests(application: Application, api: API, spec: Any) -> Iterator[tuple[int, httpx.Request]]:
    """Pairs of an expected status and a request that should get it."""
    url = example_url(application)

    def request(method: str, path: str, **more: Any) -> httpx.Request:
        return httpx.Request(method, f"http://counterfoil.test{path}", **{"headers": KEY, **more})

    yield 200, request("GET", url)
    yield 401, request("GET", url, headers={})
    yield (
        403,
        request(
            "GET",
            url,
            headers=dict.fromkeys(("authorization", "x-api-key"), "counterfoil-forbidden")
            | {"authorization": "Bearer counterfoil-forbidden"},
        ),
    )
    yield 404, request("GET", f"{api.prefix}/nowhere-at-all")
    yield 405, request("DELETE", url)
    yield 406, request("GET", url, headers={**KEY, "accept": "image/png"})
    for parameter in spec.operations[first_read(spec)]["parameters"]:
        if parameter["in"] == "query" and parameter.get("schema", {}).get("type") in ("integer", "boolean", "number"):
            yield 400, request("GET", f"{url}{'&' if '?' in url else '?'}{quote(parameter['name'])}=abc")
    for name, operation in spec.operations.items():
        if "409" in operation["responses"] and "{" not in name:
            yield 409, request(*with_body(name, api, operation), headers={**KEY, "prefer": "code=409"})
        if "requestBody" in operation and "{" not in name:
            method, path = name.split(" ")
            yield 413, request(method, api.prefix + path, headers={**KEY, "content-length": "99999999"})
            yield 415, request(method, api.prefix + path, headers={**KEY, "content-type": "image/png"}, content=b"x")
            yield (
                400,
                request(method, api.prefix + path, headers={**KEY, "content-type": "application/json"}, content=b"["),
            )


def first_read(spec: Any) -> str:
    return next(name for name in spec.operations if name.startswith("GET "))


def with_body(name: str, api: API, operation: Any) -> tuple[str, str]:
    method, path = name.split(" ")
    return method, api.prefix + path


def test_every_request_reaches_them_as_far_as_its_status_lets_it(
    served: tuple[Application, httpx.Client, API, Any], reached: list[str]
) -> None:
    application, client, api, spec = served
    seen = set()
    for wanted, request in requests(application, api, spec):
        reached.clear()
        status = client.send(request).status_code
        if status == wanted:  # a vendor may answer some of these in its own way
            seen.add(wanted)
            assert tuple(reached) == REACHED[wanted], (api.name, wanted, request.method, request.url)
        else:
            assert tuple(reached)[:2] == ORDER[:2], (api.name, wanted, status)
    assert seen >= {200, 401, 403, 404}, (api.name, seen)
    if any("requestBody" in operation and "{" not in name for name, operation in spec.operations.items()):
        assert seen >= {413, 415}, (api.name, seen)


def test_the_toy_has_the_kinds_that_vendors_answer_in_their_own_way(reached: list[str]) -> None:
    ask = Client(server())
    for wanted, method, path, more in (
        (201, "POST", "/notes", {"json": {"text": "x"}}),
        (400, "GET", "/notes?limit=abc", {}),
        (405, "PUT", "/notes", {}),
        (406, "GET", "/notes", {"headers": {"accept": "image/png"}}),
        (418, "GET", "/broken/teapot", {}),
        (500, "GET", "/broken/shape", {}),
        (501, "GET", "/later", {}),
    ):
        reached.clear()
        assert ask(method, PREFIX + path, **more).status_code == wanted
        assert tuple(reached) == REACHED.get(wanted, ORDER)
