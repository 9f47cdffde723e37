"""One test for each guard: the trap is there, and the guard holds."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterfoil.server import guards
from counterfoil.server.specs import from_document

from .listening import get, listening

HEAVY = ("starlette.testclient", "httpcore", "requests.sessions", "flask", "faker", "rich", "click", "schemathesis")


def python(code: str, *flags: str) -> str:
    done = subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_server_imports_nothing_heavy_and_warns_of_nothing() -> None:
    code = f"import sys, counterfoil.server.assemble; print([m for m in {HEAVY} if m in sys.modules])"
    assert python(code, "-W", "error") == "[]\n"


def test_the_trap_is_still_there() -> None:
    code = "import sys, connexion; print('starlette.testclient' in sys.modules)"
    assert python(code, "-W", "ignore") == "True\n", "connexion became lighter: import_connexion_quickly may go"


def test_who_uses_connexion_after_us_finds_it_whole() -> None:
    code = """
import sys, warnings; warnings.simplefilter("ignore")
import counterfoil.server.guards
import connexion, connexion.problem, httpx, requests
from connexion import FlaskApp, request, NoContent
from connexion.decorators import FlaskDecorator
assert callable(connexion.problem) and connexion.AsyncApp and connexion.utils
assert httpx.AsyncClient and requests.get and connexion.spec.jinja2.Template
import requests.adapters, httpx._models
app = connexion.AsyncApp("x")
print(sorted(n for n in ("App", "Api", "RestyResolver", "ProblemException") if hasattr(connexion, n)))
"""
    assert python(code) == "['Api', 'App', 'ProblemException', 'RestyResolver']\n"


@pytest.mark.parametrize(
    "first",
    [
        "assert callable(connexion.problem)",
        "from connexion.problem import problem; assert callable(problem) and callable(connexion.problem)",
        "from connexion import cli; assert cli.main and connexion.App",
        "from connexion import *; App",
        "assert connexion.decorators.FlaskDecorator",
        "import connexion.decorators.response as r; assert r.NoContent is connexion.NoContent",
        "assert 'App' in dir(connexion) or connexion.App",
        "import importlib; importlib.reload(connexion); assert connexion.App",
    ],
)
def test_whatever_is_touched_first_is_what_it_would_have_been(first: str) -> None:
    code = f"import counterfoil.server.guards, connexion\n{first}\nassert connexion.FlaskApp"
    python(code, "-W", "ignore")


def test_two_threads_may_touch_it_first_at_once() -> None:
    code = """
import counterfoil.server.guards, connexion, threading
gate, seen = threading.Barrier(8), []
def touch(): gate.wait(); seen.append(connexion.AsyncApp.__name__)
threads = [threading.Thread(target=touch) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(seen))
"""
    assert python(code, "-W", "ignore") == "8\n"


def test_who_used_connexion_before_us_keeps_it() -> None:
    code = "import connexion; a = connexion.App; import counterfoil.server.assemble; print(a is connexion.App)"
    assert python(code, "-W", "ignore") == "True\n"


def test_starlettes_convertors_stay_as_they_are() -> None:
    code = """
import starlette.convertors as c; before = dict(c.CONVERTOR_TYPES)
import sys; sys.path.insert(0, sys.argv[1]) if len(sys.argv) > 1 else None
from counterfoil.server.routing import Routing
Routing(None); print(before == c.CONVERTOR_TYPES)
"""
    assert python(code) == "True\n"


def test_the_stack_is_built_without_a_request() -> None:
    built = []

    async def app(scope: object, receive: object, send: object) -> None:
        built.append(scope)

    guards.build_now(app)
    assert len(built) == 1


def test_path_level_parameters_are_not_repeated() -> None:
    shared = {"name": "a", "in": "query", "schema": {"type": "string"}}
    own = {"name": "a", "in": "query", "schema": {"type": "integer"}}
    raw = {
        "openapi": "3.0.3",
        "paths": {
            "/x": {"parameters": [shared], "get": {"parameters": [own], "responses": {}}, "put": {"responses": {}}}
        },
    }
    item = from_document("x", raw).resolved["paths"]["/x"]
    assert item["get"]["parameters"] == [own]
    assert item["put"]["parameters"] == [shared]
    assert "parameters" not in item
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
    assert guards.header_bytes(value) == sent


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
    assert guards.wire_path(scope) == path


def test_no_workaround_lives_elsewhere() -> None:
    """Other modules of the server name connexion only to subclass its public middleware."""
    folder = Path(guards.__file__).parent
    allowed = {
        "auth.py": ["connexion.middleware.security"],
        "responses.py": ["connexion.middleware.response_validation"],
        "routing.py": ["connexion.middleware.abstract"],
        "validation.py": ["connexion.middleware.request_validation"],
    }
    for file in folder.glob("*.py"):
        if file.name == "guards.py":
            continue
        found = [
            line.split()[1]
            for line in file.read_text().splitlines()
            if line.startswith(("from connexion", "import connexion"))
        ]
        assert found == allowed.get(file.name, []), file.name


async def _breaks(scope: Any, receive: Any, send: Any) -> None:
    await guards.break_connection(send, "on purpose", abruptly=True)


async def _raises(scope: Any, receive: Any, send: Any) -> None:
    raise ConnectionError("on purpose")


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_an_exception_breaks_no_connection_but_the_guard_does(http: str, caplog: pytest.LogCaptureFixture) -> None:
    with listening(_breaks, http) as port:
        assert get(port, "/") == (b"", True)
    assert not [each for each in caplog.records if each.levelname == "ERROR"]
    with listening(_raises, http) as port, caplog.at_level("ERROR", logger="uvicorn.error"):
        httpx.get(f"http://127.0.0.1:{port}/")
    trap = [each for each in caplog.records if each.levelname == "ERROR"]
    assert trap, "uvicorn lets an exception through in silence: break_connection may be simpler"


def test_under_another_server_a_broken_connection_is_an_exception() -> None:
    async def send(message: Any) -> None: ...

    with pytest.raises(ConnectionError, match="on purpose"):
        asyncio.run(_breaks({}, None, send))
