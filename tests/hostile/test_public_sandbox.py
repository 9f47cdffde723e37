"""Visitors of ``serve --public`` cannot affect later visitors."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from counterfoil.app import Application, build
from counterfoil.asgi import address_key
from counterfoil.control.access import guard
from counterfoil.page.visitors import VisitorLimits, VisitorMiddleware
from counterfoil.testing.in_process import InProcessTransport

WORLDS = "/_sandbox/v1/worlds"
WRONG = {"username": "someone", "password": "0" * 40}


def client(asgi_app: Any, address: str = "127.0.0.1") -> httpx.Client:
    async def from_address(scope: Any, receive: Any, send: Any) -> None:
        await asgi_app({**scope, "client": (address, 1)}, receive, send)

    return httpx.Client(transport=InProcessTransport(from_address), base_url="http://127.0.0.1:8000", timeout=60)


def visit(caller: httpx.Client) -> tuple[str, str]:
    """The visitor's first world, and the key of its APIs."""
    begun = caller.post("/visit", json={}).json()
    caller.headers["X-Counterfoil-Visit"] = begun["visit"]
    (world, *_) = begun["worlds"]
    (grant,) = caller.get(f"{WORLDS}/{world}").json()["credentials"]
    return world, grant["key"]


@pytest.fixture
def application() -> Application:
    return build(scenario_name="one-month", public=True)


def asgi_app(application: Application, **limits: Any) -> VisitorMiddleware:
    return VisitorMiddleware(
        application.server,
        application.worlds,
        check_host=guard(None, ()),
        limits=VisitorLimits(**limits),
        clock=lambda: 0.0,
    )


@pytest.mark.parametrize("path", ["/emnify/api/v1/authenticate", "/w/default/emnify/api/v1/authenticate"])
def test_a_visitors_logins_do_not_change_the_world_that_others_get(application: Application, path: str) -> None:
    stranger = client(application.asgi_app)
    for number in range(20):
        refused = stranger.post(path, json={**WRONG, "username": f"u{number}"})
        assert refused.status_code == 403
        assert refused.json()["error_token"]  # in the vendor's shape
    assert application.world.version == 0
    visitor = client(application.asgi_app)
    world, _ = visit(visitor)
    assert visitor.get(f"{WORLDS}/{world}").json()["commands"] == 0


def test_writes_through_a_vendors_api_count_as_commands(application: Application) -> None:
    visitor = client(asgi_app(application, commands=5))
    world, key = visit(visitor)
    runs = f"/w/{world}/billingplatform/backend/api/v1/billingRuns/"
    headers = {"Authorization": f"Bearer {key}"}
    statuses = [visitor.post(runs, json={"name": "x"}, headers=headers).status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    assert visitor.post(f"{WORLDS}/{world}/reset").status_code == 200
    assert visitor.post(runs, json={"name": "x"}, headers=headers).status_code == 200


def test_an_ipv6_subscriber_is_one_address(application: Application) -> None:
    still = asgi_app(application, visits=(1.0, 3.0))
    addresses = [f"2001:db8:1:2::{number:x}" for number in range(1, 6)]
    statuses = [client(still, each).post("/visit", json={}).status_code for each in addresses]
    assert statuses == [200, 200, 200, 429, 429]
    assert client(still, "2001:db8:1:3::1").post("/visit", json={}).status_code == 200


def test_what_of_an_address_counts() -> None:
    assert address_key("203.0.113.9") == "203.0.113.9"
    assert address_key("::ffff:203.0.113.9") == "203.0.113.9"
    assert address_key("fe80::1%eth0") == address_key("fe80::2")
    assert address_key("not an address: x") == "not an address: x"


def test_a_clock_moves_less_at_a_time_the_older_a_world_is(application: Application) -> None:
    """Bounded by what there is to do, the same on every machine, and not by how far the first move may go."""
    visitor = client(application.asgi_app)
    visit(visitor)
    other = visitor.post("/visit", json={}).json()["worlds"][1]
    made = visitor.post(WORLDS, json={"name": other, "scenario": "demo", "customers": 60})
    assert made.status_code == 201, made.text

    def advance(months: int) -> httpx.Response:
        return visitor.post(f"{WORLDS}/{other}/commands/advance_clock", json={"months": months})

    decades = [advance(120) for _ in range(3)]
    assert [each.status_code for each in decades] == [200, 200, 429]
    most = re.search(r"moves (\d+) months at a time here", decades[2].json()["detail"])
    assert most is not None
    assert 60 < int(most[1]) < 120
    assert advance(int(most[1])).status_code == 200
