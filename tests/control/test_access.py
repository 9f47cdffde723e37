"""Neither a page of another site nor a client without the token can change worlds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Sandbox

Build = Callable[..., Sandbox]
TOKEN = "a-token-of-ours"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "127.8.9.1", "[::1]:8000", "blue.localhost"]
)
def test_loopback_names_are_known(sandbox: Build, host: str) -> None:
    assert sandbox()("GET", "/worlds", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "192.168.0.7:8000", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]",
     "localhost, evil.example", "localhost/evil", "a b", "", "127.0.0.1:port", "evil.example@localhost", "0177.0.0.1"],
)  # fmt: skip
def test_a_rebound_name_is_refused(sandbox: Build, host: str) -> None:
    """DNS rebinding: evil.example is made to point at 127.0.0.1; the browser then takes page and server for one origin."""
    server = sandbox()
    headers = {"Host": host, "Origin": f"http://{host}"}
    problem = server.refused(403, "POST", "/worlds/default/commands/advance_clock", {"days": 1}, headers=headers)
    assert problem["field"] == "Host"
    assert server.refused(403, "GET", "/worlds", headers={"Host": host})["field"] == "Host"
    assert server.get("/worlds/default")["version"] == 0


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:8001", "http://localhost", "https://localhost", "http://127.0.0.1:8000",
     "file://", "http://localhost:8000.evil.example", "", "http://localhost:8000, http://evil.example"],
)  # fmt: skip
def test_a_page_of_another_origin_is_refused(sandbox: Build, origin: str) -> None:
    server = sandbox()
    problem = server.refused(403, "POST", "/worlds/default/reset", headers={"Origin": origin})
    assert problem["field"] == "Origin"
    assert server.get("/worlds/default")["version"] == 0


def test_the_servers_own_page_is_not(sandbox: Build) -> None:
    server = sandbox()
    assert server("POST", "/worlds/default/reset", headers={"Origin": "http://localhost:8000"}).status_code == 200
    on_port_80 = {"Host": "localhost", "Origin": "http://localhost:80"}
    assert server("POST", "/worlds/default/reset", headers=on_port_80).status_code == 200


def test_no_preflight_is_answered_and_no_answer_invites_other_origins(sandbox: Build) -> None:
    server = sandbox()
    asking = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = server("OPTIONS", "/worlds", headers=asking)
    assert preflight.status_code == 405
    for answer in (preflight, server("GET", "/worlds"), server("GET", "/worlds", headers=asking)):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_form_of_another_site_cannot_post(sandbox: Build) -> None:
    """A form needs no preflight; even without an Origin, none of its three media types is accepted."""
    server = sandbox()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        path = "/_sandbox/v1/worlds/default/commands/advance_clock"
        answer = server.client.post(path, content=b'{"days": 1}', headers={"Content-Type": kind})
        assert answer.status_code == 415
    assert server.get("/worlds/default")["version"] == 0


def test_with_a_token_nothing_goes_without_it(sandbox: Build) -> None:
    server = sandbox(token=TOKEN)
    for method, path in [
        ("GET", "/worlds"),
        ("GET", "/apis"),
        ("POST", "/worlds"),
        ("GET", "/worlds/none"),
        ("DELETE", "/worlds/default"),
    ]:
        answer = server(method, path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.text
    for headers in (
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer"},
        {"X-Counterfoil-Token": TOKEN[:-1]},
        {"X-Counterfoil-Token": ""},
        {"Authorization": "Bearer counterfoil-key"},
    ):
        server.refused(401, "GET", "/worlds", headers=headers)
    for headers in (
        {"Authorization": f"Bearer {TOKEN}"},
        {"authorization": f"bearer  {TOKEN}"},
        {"X-Counterfoil-Token": TOKEN},
    ):
        assert server("GET", "/worlds", headers=headers).status_code == 200


def test_the_token_does_not_excuse_host_and_origin(sandbox: Build) -> None:
    server = sandbox(token=TOKEN)
    good = {"X-Counterfoil-Token": TOKEN}
    server.refused(403, "GET", "/worlds", headers=good | {"Host": "evil.example"})
    server.refused(403, "GET", "/worlds", headers=good | {"Origin": "http://evil.example"})


def test_a_server_is_known_by_the_names_it_is_bound_to(sandbox: Build) -> None:
    server = sandbox(hosts=["counterfoil", "10.0.0.7"], token=TOKEN)
    good = {"X-Counterfoil-Token": TOKEN}
    for host in ("counterfoil:8000", "10.0.0.7", "localhost"):
        assert server("GET", "/worlds", headers=good | {"Host": host}).status_code == 200
    for host in ("counterfoil.example", "10.0.0.8"):
        server.refused(403, "GET", "/worlds", headers=good | {"Host": host})


def test_bound_to_every_interface_any_address_will_do_but_no_name(sandbox: Build) -> None:
    server = sandbox(hosts=["0.0.0.0"], token=TOKEN)
    good = {"X-Counterfoil-Token": TOKEN}
    assert server("GET", "/worlds", headers=good | {"Host": "192.168.0.7:8000"}).status_code == 200
    server.refused(403, "GET", "/worlds", headers=good | {"Host": "evil.example"})
