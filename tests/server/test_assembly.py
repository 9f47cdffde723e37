"""How the server is assembled: its own pages, mounts and hooks, and what prevents its start."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counterfoil.api import ApiError, Response
from counterfoil.cli.log_output import JsonLines, Readable
from counterfoil.openapi import SpecError
from counterfoil.server.app import Options, build_server

from .toy import PREFIX, SPECS, TOY, WORLDS, Client, serve, server


def test_health_and_readiness(ask: Client) -> None:
    for path in ("/health", "/ready"):
        response = ask("GET", path, key=None)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/toy", "/toy/api/v10/notes", "/w", "/w/blue", "/w/blue/health", "/%FF"]
)
def test_elsewhere_a_problem_lists_what_is_served(ask: Client, path: str) -> None:
    response = ask("GET", path, key=None)
    assert response.status_code == 404
    assert response.json()["served"] == {"toy": PREFIX}


def test_the_docs_come_from_here_alone(ask: Client) -> None:
    page = ask("GET", "/docs/toy", key=None)
    assert page.status_code == 200
    assert "Toy &lt;1&gt;" in page.text
    assert "://" not in page.text
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert ask("GET", asset, key=None).status_code == 200
    document = ask("GET", "/docs/toy/openapi.json", key=None).json()
    assert document["servers"][0]["url"] == PREFIX
    assert document["info"]["title"] == "Toy"


@pytest.mark.parametrize("path", ["/docs/none", "/docs/_assets/../secret", "/docs/_assets/index.html", "/docs/toy/x"])
def test_other_pages_of_the_docs_are_404(ask: Client, path: str) -> None:
    assert ask("GET", path, key=None).status_code == 404


def test_the_docs_index_names_every_api(ask: Client) -> None:
    assert 'href="/docs/toy"' in ask("GET", "/docs", key=None).text


# -- mounts and seams -------------------------------------------------------------------------------------------------


def says(text: str) -> Callable[..., Any]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": f"{text} {scope['path']}".encode()})

    return app


def test_other_applications_are_mounted_beside_the_apis() -> None:
    ask = Client(server(mounts={"/_sandbox/v1": says("control"), "/": says("page")}))
    assert ask("GET", "/_sandbox/v1/worlds").text == "control /_sandbox/v1/worlds"
    assert ask("GET", "/_sandbox/v10").text == "page /_sandbox/v10"
    assert ask("GET", "/").text == "page /"
    assert ask("GET", "/health").json() == {"status": "ok"}
    assert ask.get("/notes").status_code == 200


def test_the_observer_gets_every_request_of_a_dialect_after_the_response() -> None:
    seen: list[tuple[Any, ...]] = []

    def observe(context: Any) -> None:
        seen.append(
            (
                context.api.name,
                context.operation,
                context.world_name,
                context.status,
                context.duration > 0,
            )
        )
        raise RuntimeError("an observer that fails disturbs nobody")

    ask = Client(server(observers=[observe]))
    ask.get("/notes")
    ask("GET", f"/w/blue{PREFIX}/nope")
    ask("GET", "/health")
    assert seen == [("toy", "GET /notes", "default", 200, True), ("toy", None, "blue", 404, True)]


def test_several_observers_see_the_same_request_in_order() -> None:
    seen: list[str] = []
    observers = [lambda context: seen.append("first"), lambda context: seen.append("second")]
    Client(server(observers=observers)).get("/notes")
    assert seen == ["first", "second"]


def test_an_interceptor_may_respond_refuse_or_let_pass() -> None:
    async def intercept(context: Any) -> Response | None:
        how = context.raw_path_params.get("id")
        if how == "respond":
            return Response(299, b"not json on purpose")
        if how == "refuse":
            raise ApiError("unavailable", "down", status=503)
        return None

    ask = Client(server(interceptors=[lambda context: None, intercept]))
    assert ask.get("/notes/respond").status_code == 299
    assert ask.get("/notes/refuse").status_code == 503
    assert ask.get("/notes/pass").status_code == 200
    assert ask.get("/notes/respond", key=None).status_code == 401


def test_a_handler_may_be_asynchronous() -> None:
    async def later(request: Any, world: Any) -> Response:
        await asyncio.sleep(0)
        return Response(200, {"latest": "later"})

    api = dataclasses.replace(TOY, routes={**TOY.routes, "GET /notes/latest": later})
    assert Client(serve(api)).get("/notes/latest").json() == {"latest": "later"}


def test_a_violation_may_be_reported_instead_of_refused() -> None:
    seen: list[tuple[str, ...]] = []
    ask = Client(
        server(
            observers=[lambda context: seen.append(context.violations)],
            request_policy="report",
            response_policy="report",
        )
    )
    assert ask.get("/notes?limit=abc").status_code == 200
    assert ask.get("/broken/shape").json()["id"] == 7
    assert ask.get("/notes").status_code == 200
    assert ["limit must be a whole number" in seen[0][0], "#/id" in seen[1][0], seen[2]] == [True, True, ()]


def test_an_error_is_rendered_with_the_operation_at_hand() -> None:
    operations: list[str | None] = []

    def render(error: ApiError) -> Response:
        operations.append(error.operation)
        return TOY.error(error)

    ask = Client(serve(dataclasses.replace(TOY, error=render)))
    ask.get("/notes/no")
    ask.get("/nowhere")
    assert operations == ["GET /notes/{id}", None]


def test_a_mount_or_a_world_that_fails_is_a_plain_problem_and_one_log_entry(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError("secret detail")

    def no_world(name: str) -> Any:
        raise ZeroDivisionError("secret detail")

    ask = Client(build_server([TOY], no_world, options=Options(specs=SPECS, mounts={"/x": fails})))
    for path in ("/x/y", PREFIX + "/notes"):
        caplog.clear()
        response = ask("GET", path)
        assert response.status_code == 500
        assert response.headers["content-type"] == "application/problem+json"
        assert "secret" not in response.text
        assert [record.levelname for record in caplog.records if record.levelno >= logging.ERROR] == ["ERROR"]


# -- logs -------------------------------------------------------------------------------------------------------------


def test_the_access_line_has_no_secret_and_no_control_character(ask: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "counterfoil.access"):
        ask.get("/notes?api_key=hunter2&Token=hunter2&limit=5")
        ask.get("/nope%0Afake 200 line\u2028")
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith(f"GET {PREFIX}/notes?api_key=***&Token=***&limit=5 200 ")
    assert lines[0].endswith("world=default")
    assert len(lines) == 2
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert "counterfoil-key" not in caplog.text


def test_a_log_line_can_be_json(ask: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "counterfoil.access"):
        ask.get("/notes")
    line = json.loads(JsonLines().format(caplog.records[0]))
    assert (line["status"], line["operation"], line["api"], line["world"]) == (200, "GET /notes", "toy", "default")
    record = logging.LogRecord("counterfoil.server", logging.ERROR, "", 0, "a\nb", (), None)
    assert Readable().format(record).endswith("a\\nb")
    assert json.loads(JsonLines().format(record))["message"] == "a\nb"


# -- what it does not start with --------------------------------------------------------------------------------------


def start(**changes: Any) -> None:
    build_server([dataclasses.replace(TOY, **changes)], WORLDS.get, options=Options(specs=SPECS))


def test_a_route_that_the_spec_does_not_have_is_refused() -> None:
    with pytest.raises(SpecError, match=r"toy has routes its spec does not: GET /note$"):
        start(routes={**TOY.routes, "GET /note": TOY.routes["GET /notes"]})


@pytest.mark.parametrize("prefix", ["", "/", "/docs", "/docs/toy", "/w", "/health"])
def test_a_prefix_that_hides_something_else_is_refused(prefix: str) -> None:
    with pytest.raises(SpecError, match="cannot be served next to"):
        start(prefix=prefix)


def test_two_apis_below_one_prefix_are_refused() -> None:
    with pytest.raises(SpecError, match="cannot be served next to"):
        build_server([TOY, dataclasses.replace(TOY, prefix=PREFIX + "/x")], WORLDS.get, options=Options(specs=SPECS))


def test_a_spec_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot read the spec of toy"):
        build_server([TOY], WORLDS.get, options=Options(specs=tmp_path))


def test_websockets_are_closed_and_lifespan_is_answered() -> None:
    sent: list[str] = []
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(events)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(server()({"type": "lifespan"}, receive, send))
    asyncio.run(server()({"type": "websocket", "path": "/"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]
