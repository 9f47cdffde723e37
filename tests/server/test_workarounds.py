"""One test for each workaround: the problem still exists, and the workaround solves it."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import starlette.convertors

from counterfoil.asgi import raw_path
from counterfoil.openapi import from_document
from counterfoil.server import workarounds

from .listening import get, listening

ConnexionMiddleware: Any = workarounds.Connexion.__mro__[1]
OpenAPISpecification: Any = workarounds.PreparedSpecification.__mro__[1]
RoutingMiddleware: Any = workarounds.Routing.__mro__[1]


def python(code: str, *flags: str) -> str:
    done = subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_connexion_is_imported_without_its_warning() -> None:
    python("import counterfoil.server.app", "-W", "error")
    trap = subprocess.run([sys.executable, "-W", "error", "-c", "import connexion"], capture_output=True, timeout=60)
    assert trap.returncode, "connexion no longer warns: import it without catch_warnings"


def test_the_private_attributes_of_a_specification_are_those_connexion_has() -> None:
    document = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {}}
    own = OpenAPISpecification(document)
    prepared = workarounds.PreparedSpecification(document)
    assert set(vars(own)) == set(vars(prepared)) == set(workarounds.PRIVATE_ATTRIBUTES)
    assert (prepared.spec, prepared.raw, prepared.components) == (own.spec, own.raw, own.components)


def test_connexion_does_not_accept_a_document_unchanged() -> None:
    app = ConnexionMiddleware(lambda *_: None, import_name="counterfoil")
    with pytest.raises(TypeError):
        app.add_api(workarounds.PreparedSpecification({"openapi": "3.0.3", "paths": {}, "components": {}}))


def test_starlettes_convertors_stay_as_they_are() -> None:
    before = dict(starlette.convertors.CONVERTOR_TYPES)
    workarounds.Routing(None)
    assert before == starlette.convertors.CONVERTOR_TYPES
    try:
        RoutingMiddleware(None)
        assert before != starlette.convertors.CONVERTOR_TYPES, (
            "connexion leaves the convertors alone: delete Routing.__init__"
        )
    finally:
        starlette.convertors.CONVERTOR_TYPES.update(before)


def test_the_stack_is_built_without_a_request() -> None:
    built = []

    async def app(scope: object, receive: object, send: object) -> None:
        built.append(scope)

    workarounds.build_now(app)
    assert len(built) == 1


def test_connexion_builds_its_stack_only_when_it_is_called() -> None:
    app = ConnexionMiddleware(lambda *_: None, import_name="counterfoil")
    assert app.middleware_stack is None, "connexion builds at once: delete build_now"


def test_connexion_repeats_path_level_parameters() -> None:
    shared = {"name": "a", "in": "query", "schema": {"type": "string"}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/x": {"parameters": [shared], "get": {"parameters": [], "responses": {"200": {"description": "d"}}}}
        },
    }
    spec = OpenAPISpecification(document)
    made = [
        spec.operation_cls.from_spec(spec, path="/x", method="get", resolver=workarounds.NamedOperations())
        for _ in range(2)
    ]
    assert len(made[1].parameters) == 2, "connexion no longer repeats them: specs._operation need not merge them"


def test_path_level_parameters_are_merged_once() -> None:
    shared = {"name": "a", "in": "query", "schema": {"type": "string"}}
    own = {"name": "a", "in": "query", "schema": {"type": "integer"}}
    raw = {
        "openapi": "3.0.3",
        "paths": {
            "/x": {"parameters": [shared], "get": {"parameters": [own], "responses": {}}, "put": {"responses": {}}}
        },
    }
    operations = from_document("x", raw).operations
    assert operations["GET /x"]["parameters"] == [own]
    assert operations["PUT /x"]["parameters"] == [shared]
    assert raw["paths"]["/x"]["parameters"] == [shared], "the document itself is not changed"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("plain", b"plain"),
        ("a\r\nb", b"a%0D%0Ab"),
        ("a\0", b"a%00"),
        ("€", b"%E2%82%AC"),
        ("é", b"\xe9"),
        ("\ud800", b"%3F"),
    ],
)
def test_a_header_value_holds_no_line_end(value: str, sent: bytes) -> None:
    assert workarounds.safe_header(value).encode("latin-1") == sent


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ({"raw_path": b"/a%2Fb%0A"}, "/a%2Fb%0A"),
        ({"raw_path": b"/%61%2D%7e"}, "/a-~"),
        ({"raw_path": b"/a?x=1"}, "/a"),
        ({"path": "/a b\n€"}, "/a%20b%0A%E2%82%AC"),
    ],
)
def test_the_path_is_taken_as_it_was_sent(scope: dict[str, object], path: str) -> None:
    assert raw_path(scope) == path


def test_connexion_is_imported_in_one_place() -> None:
    package = Path(workarounds.__file__).parent.parent
    importing = [
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if re.search(r"^\s*(from|import) connexion\b", file.read_text(), re.MULTILINE)
    ]
    assert importing == ["server/workarounds.py"]


async def _breaks(scope: Any, receive: Any, send: Any) -> None:
    await workarounds.break_connection(send, "on purpose", abruptly=True)


async def _raises(scope: Any, receive: Any, send: Any) -> None:
    raise ConnectionError("on purpose")


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_an_exception_breaks_no_connection_but_the_workaround_does(http: str, caplog: pytest.LogCaptureFixture) -> None:
    with listening(_breaks, http) as port:
        assert get(port, "/") == (b"", True)
    assert not [each for each in caplog.records if each.levelname == "ERROR"]
    with listening(_raises, http) as port, caplog.at_level("ERROR", logger="uvicorn.error"):
        httpx.get(f"http://127.0.0.1:{port}/", timeout=60)
    trap = [each for each in caplog.records if each.levelname == "ERROR"]
    assert trap, "uvicorn lets an exception through in silence: break_connection may be simpler"


def test_under_another_server_a_broken_connection_is_an_exception() -> None:
    async def send(message: Any) -> None: ...

    with pytest.raises(ConnectionError, match="on purpose"):
        asyncio.run(_breaks({}, None, send))
