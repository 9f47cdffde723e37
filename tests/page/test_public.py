"""Public mode: what visitors may do, and that they cannot affect each other; over HTTP, and on the page in a browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from tests.page.conftest import start

from counterfoil.app import Application, build
from counterfoil.control.access import guard
from counterfoil.lookup import own_api
from counterfoil.page.visitors import VisitorLimits, VisitorMiddleware
from counterfoil.testing.in_process import InProcessTransport

WORLDS = "/_sandbox/v1/worlds"


@pytest.fixture
def application() -> Application:
    return build(scenario_name="one-month", public=True)


class Visit:
    """One visitor: a client with its cookie, CSRF token and worlds."""

    def __init__(self, asgi_app: Any) -> None:
        self.client = httpx.Client(transport=InProcessTransport(asgi_app), base_url="http://127.0.0.1:8000", timeout=60)
        visit = self.client.post("/visit", json={})
        assert visit.status_code == 200, visit.text
        self.cookie = visit.headers["set-cookie"]
        self.client.headers["X-Counterfoil-Visit"] = visit.json()["visit"]
        self.worlds = visit.json()["worlds"]
        self.world = self.worlds[0]

    def key(self) -> str:
        (grant,) = self.client.get(f"{WORLDS}/{self.world}").json()["credentials"]
        return str(grant["key"])


@pytest.fixture
def visits(application: Application) -> Iterator[tuple[Visit, Visit]]:
    one, other = Visit(application.asgi_app), Visit(application.asgi_app)
    yield one, other
    one.client.close()
    other.client.close()


def test_every_visitor_has_a_world_of_their_own(visits: tuple[Visit, Visit]) -> None:
    one, other = visits
    assert not set(one.worlds) & set(other.worlds)
    assert one.client.post(f"{WORLDS}/{one.world}/commands/advance_clock", json={"days": 1}).status_code == 200
    assert one.client.get(f"{WORLDS}/{one.world}").json()["commands"] == 1
    assert other.client.get(f"{WORLDS}/{other.world}").json()["commands"] == 0
    again = one.client.post("/visit", json={})
    assert again.json()["worlds"] == one.worlds
    assert "set-cookie" not in again.headers


def test_a_visitor_writes_resources_of_an_own_document_in_their_own_worlds_only() -> None:
    shop = own_api(Path(__file__).parents[2] / "examples" / "own-api" / "shop.yaml", rows=3, seed=0)
    application = build(own=[shop], scenario_name="quiet", public=True)
    one, other = Visit(application.asgi_app), Visit(application.asgi_app)
    query, body = {"api": "shop", "collection": "/customers"}, {"value": {"name": "Acme"}}
    assert one.client.post(f"{WORLDS}/{one.world}/resources", params=query, json=body).status_code == 201
    assert one.client.get(f"{WORLDS}/{one.world}/resources", params=query).json()["total"] == 4
    for world in (other.world, "default"):
        assert one.client.post(f"{WORLDS}/{world}/resources", params=query, json=body).status_code == 403
        assert one.client.get(f"{WORLDS}/{world}/resources", params=query).status_code == 403
    del one.client.headers["X-Counterfoil-Visit"]
    assert one.client.post(f"{WORLDS}/{one.world}/resources", params=query, json=body).status_code == 403
    assert other.client.get(f"{WORLDS}/{other.world}/resources", params=query).json()["total"] == 3


def test_the_cookies_attributes(visits: tuple[Visit, Visit]) -> None:
    assert "HttpOnly" in visits[0].cookie
    assert "SameSite=Strict" in visits[0].cookie
    assert "Path=/" in visits[0].cookie
    assert "Max-Age=86400" in visits[0].cookie
    assert "Secure" not in visits[0].cookie


def test_the_cookie_is_for_https_only_where_the_page_came_by_https(application: Application) -> None:
    with httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="https://127.0.0.1:8000", timeout=60
    ) as client:
        assert "Secure" in client.post("/visit", json={}).headers["set-cookie"]


def test_paths_are_read_as_the_router_reads_them(visits: tuple[Visit, Visit]) -> None:
    one, other = visits

    def escaped(name: str) -> str:
        return "".join(f"%{ord(each):02x}" for each in name)

    assert one.client.get(f"{WORLDS}/{escaped(one.world)}").status_code == 200
    assert one.client.get(f"/plots/{escaped(one.world)}/revenue.svg").status_code == 200
    for world in (other.world, "default"):
        for path in (
            f"{WORLDS}/{escaped(world)}",
            f"{WORLDS}/{one.world}%2F..%2F{world}",
            f"{WORLDS}/{one.world}/%2e%2e/{world}",
            f"/plots/{escaped(world)}/revenue.svg",
            f"/plots/{one.world}%2F..%2F{world}/revenue.svg",
            f"/w/{one.world}{WORLDS}/{world}",
            f"/w/{world}/events/{world}",
            f"//{WORLDS}/{world}",
        ):
            assert one.client.get(path).status_code in (403, 404), path
    # the other visitor's world keeps out the usual key, however its name is written
    path = f"/w/{escaped(other.world)}/elevate/v1/customer-billing-summaries?page=1&pageSize=5"
    other.client.post(f"{WORLDS}/{other.world}/reset")
    assert one.client.get(path, headers={"Authorization": "Bearer counterfoil-key"}).status_code == 401
    assert one.client.get(path, headers={"Authorization": f"Bearer {other.key()}"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "{world}"),
        ("GET", "{world}/customers"),
        ("GET", "{world}/journal"),
        ("GET", "{world}/capsule"),
        ("POST", "{world}/reset"),
        ("POST", "{world}/commands/advance_clock"),
        ("POST", "{world}/fork"),
        ("POST", "{world}/faults"),
        ("DELETE", "{world}"),
    ],
)
@pytest.mark.parametrize("whose", ["another", "default"])
def test_worlds_of_others_are_neither_read_nor_changed(
    application: Application, visits: tuple[Visit, Visit], method: str, path: str, whose: str
) -> None:
    one, other = visits
    world = other.world if whose == "another" else "default"
    for spelled in (world, world.replace("d", "%64", 1) if "d" in world else world):
        answer = one.client.request(method, f"{WORLDS}/{path.format(world=spelled)}", json={})
        assert answer.status_code in (403, 404), answer.text
    for escaped in ("/%5Fsandbox/v1/worlds/", "/_sandbox/v1/%77orlds/", "/_sandbox/v1/worlds//"):
        assert one.client.request(method, escaped + path.format(world=world), json={}).status_code in (403, 404)
    kept = application.worlds.get(world)
    assert kept is not None
    assert kept.version == 0


def test_events_and_plots_of_others_are_not_shown(visits: tuple[Visit, Visit]) -> None:
    one, other = visits
    assert one.client.get(f"/plots/{one.world}/revenue.svg?currency=EUR").status_code == 200
    for world in (other.world, "default"):
        assert one.client.get(f"/plots/{world}/revenue.svg").status_code == 403
        assert one.client.get(f"/events/{world}").status_code == 403
        assert one.client.get(f"/%65vents/{world}").status_code in (403, 404)


def test_no_world_is_made_of_what_a_visitor_brings(visits: tuple[Visit, Visit]) -> None:
    one, _ = visits
    name = f"{one.world[:-1]}2"
    for brought in ({"scenario": "title: A gym\ntext: Ada pays 30.00 a month.\n"}, {"capsule": {}}):
        answer = one.client.post(WORLDS, json={"name": name, **brought})
        assert (answer.status_code, answer.json()["status"]) == (403, 403)
        assert "this server makes no worlds from" in answer.json()["detail"]
    assert one.client.post(WORLDS, json={"name": name, "scenario": "one-month"}).status_code == 201


def test_no_visitor_may_list_worlds(visits: tuple[Visit, Visit]) -> None:
    assert visits[0].client.get(WORLDS).status_code == 403


def test_changes_need_cookie_and_csrf_token(visits: tuple[Visit, Visit]) -> None:
    one, other = visits
    reset = f"{WORLDS}/{one.world}/reset"
    assert one.client.post(reset, headers={"X-Counterfoil-Visit": ""}).status_code == 403
    assert (
        one.client.post(reset, headers={"X-Counterfoil-Visit": other.client.headers["X-Counterfoil-Visit"]}).status_code
        == 403
    )
    assert one.client.post(reset, headers={"Origin": "http://evil.example"}).status_code == 403
    assert one.client.post(reset, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert one.client.post("/visit", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert one.client.post(reset).status_code == 200
    value, _, signature = one.client.cookies["counterfoil-visitor"].rpartition(".")
    forged = f"{value}.{'y' if signature[0] == 'x' else 'x'}{signature[1:]}"
    assert (
        httpx.Client(transport=one.client._transport, base_url="http://127.0.0.1:8000", timeout=60)
        .get(f"{WORLDS}/{one.world}", headers={"Cookie": f"counterfoil-visitor={forged}"})
        .status_code
        == 403
    )
    for odd in ("", "x", "é.1.2", ".", "..", "a=b; c"):
        raw = httpx.Headers([(b"cookie", f"counterfoil-visitor={odd}".encode("latin-1"))])
        bare = httpx.Client(transport=one.client._transport, base_url="http://127.0.0.1:8000", timeout=60)
        assert bare.get(f"{WORLDS}/{one.world}", headers=raw).status_code == 403


def test_a_visitors_world_accepts_their_key_only(visits: tuple[Visit, Visit]) -> None:
    one, other = visits
    path = "/elevate/v1/customer-billing-summaries?page=1&pageSize=5"
    keys = {"own": one.key(), "another's": other.key(), "the usual": "counterfoil-key"}
    seen = {
        whose: one.client.get(f"/w/{one.world}{path}", headers={"Authorization": f"Bearer {key}"}).status_code
        for whose, key in keys.items()
    }
    assert seen == {"own": 200, "another's": 401, "the usual": 401}
    assert one.client.get(path, headers={"Authorization": "Bearer counterfoil-key"}).status_code == 401
    one.client.post(f"{WORLDS}/{one.world}/reset")
    assert (
        one.client.get(f"/w/{one.world}{path}", headers={"Authorization": "Bearer counterfoil-key"}).status_code == 401
    )


def test_worlds_are_bounded_in_number_size_and_life(application: Application) -> None:
    seconds = [0.0]
    gate = VisitorMiddleware(
        application.server,
        application.worlds,
        check_host=guard(None, ()),
        limits=VisitorLimits(worlds=2, cookie_age=100.0, visits=(1.0, 100.0)),
        clock=lambda: seconds[0],
        wall_clock=lambda: seconds[0],
    )
    one, _ = Visit(gate), Visit(gate)
    with httpx.Client(transport=InProcessTransport(gate), base_url="http://127.0.0.1:8000", timeout=60) as third:
        assert third.post("/visit", json={}).status_code == 503
    named = {"name": one.worlds[1], "scenario": "quiet"}
    assert one.client.post(WORLDS, json=named).status_code == 503
    assert one.client.post(WORLDS, json={**named, "name": "mine"}).status_code == 403
    assert one.client.post(WORLDS, json={"scenario": "quiet"}).status_code == 403
    seconds[0] = 101.0
    assert one.client.get(f"{WORLDS}/{one.world}").status_code == 403


def test_a_clock_that_is_set_back_forgets_no_visitor(application: Application) -> None:
    """As with two servers whose clocks differ by some seconds. The cookie is good for 100 seconds of the clock as it is."""
    wall = [1000.0]
    gate = VisitorMiddleware(
        application.server,
        application.worlds,
        check_host=guard(None, ()),
        limits=VisitorLimits(cookie_age=100.0),
        clock=lambda: 0.0,
        wall_clock=lambda: wall[0],
    )
    visit = Visit(gate)
    statuses = {}
    for wall[0] in (1000.0, 997.0, 1100.0, 1101.0):
        statuses[wall[0]] = visit.client.get(f"{WORLDS}/{visit.world}").status_code
    assert statuses == {1000.0: 200, 997.0: 200, 1100.0: 200, 1101.0: 403}


def test_a_scenario_may_be_chosen_within_bounds(visits: tuple[Visit, Visit]) -> None:
    one, _ = visits
    named = {"name": one.worlds[1], "scenario": "demo"}
    assert one.client.post(WORLDS, json={**named, "customers": 100_000}).status_code == 422
    assert one.client.post(WORLDS, json={**named, "time_to_live": 90_000}).status_code == 422
    assert one.client.post(WORLDS, json=named).status_code == 201
    assert one.client.post(f"{WORLDS}/{one.world}/fork", json={"name": one.worlds[1]}).status_code == 409
    assert one.client.post(f"{WORLDS}/{one.world}/fork", content=b"x" * 100_000).status_code == 413


def test_rates_are_limited(application: Application) -> None:
    still = VisitorMiddleware(
        application.server,
        application.worlds,
        check_host=guard(None, ()),
        limits=VisitorLimits(changes=(1.0, 3.0), visits=(1.0, 2.0)),
        clock=lambda: 0.0,
    )
    one, _ = Visit(still), Visit(still)
    statuses = [one.client.post(f"{WORLDS}/{one.world}/reset").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    with httpx.Client(transport=InProcessTransport(still), base_url="http://127.0.0.1:8000", timeout=60) as third:
        refused = third.post("/visit", json={})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")


def test_every_answer_carries_the_safe_headers(visits: tuple[Visit, Visit]) -> None:
    one, _ = visits
    for path in (
        "/",
        "/docs",
        "/docs/elevate",
        "/elevate/v1/customer-billing-summaries",
        f"{WORLDS}/{one.world}",
        "/health",
    ):
        headers = one.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"


def test_a_host_that_is_not_the_servers_is_refused(application: Application) -> None:
    with httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="http://evil.example", timeout=60
    ) as client:
        assert client.post("/visit", json={}).status_code == 403


def test_serve_public() -> None:
    program = [sys.executable, "-m", "counterfoil", "serve", "--public", "--port", "0", "--scenario", "one-month"]
    refused = subprocess.run([*program, "--control-token", "x"], capture_output=True, text=True)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    with subprocess.Popen([*program, "--known-as", "sandbox.example"], stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            line = serving.stdout.readline()
            assert line.startswith("page http://127.0.0.1:")
            with httpx.Client(base_url=line.split()[1], headers={"Host": "sandbox.example"}, timeout=60) as client:
                assert client.post("visit", json={}).status_code == 200
                assert client.post("visit", json={}, headers={"Host": "evil.example"}).status_code == 403
        finally:
            serving.kill()


def test_an_expired_visit_begins_again(pages: Any) -> None:
    server, end = start(scenario_name="one-month", public=True)
    try:
        page = pages("", server=server)
        page.tab.click("#clock-day")
        expect(page.tab.locator("#now")).to_contain_text("21 Jan")
        page.tab.context.clear_cookies()
        page.go("runs")
        expect(page.tab.locator("h1")).to_have_text("Billing runs")
        expect(page.tab.locator("#now")).to_contain_text("20 Jan")
    finally:
        end()


def test_the_page_works_for_a_visitor_and_shows_only_their_key(pages: Any) -> None:
    server, end = start(scenario_name="one-month", public=True)
    try:
        page = pages("", server=server)
        tab = page.tab
        tab.click("#clock-day")
        expect(tab.locator("#now")).to_contain_text("21 Jan")
        page.go("vendors/1")
        expect(tab.locator(".vendor-view .tag.good")).to_have_count(5)
        assert "counterfoil-key" not in tab.content()
        page.menu("Share this world…")
        expect(tab.locator("dialog")).to_contain_text("This server makes no worlds from capsules")
        expect(tab.locator("#share-file")).to_be_visible()
        tab.keyboard.press("Escape")
        assert "v-" not in tab.evaluate("location.hash")  # the world's name is not in the address
        page.menu("Fork")
        expect(tab.locator("#status")).to_contain_text("The original world is unchanged")
        tab.click("#clock-day")
        expect(tab.locator("#now")).to_contain_text("22 Jan")
        page.menu("Scenario…")
        tab.click("[data-scenario=late-payer]")
        expect(tab.locator("#world")).to_contain_text("One who pays late")
        assert server.application.world.version == 0
        assert len(server.application.worlds) == 3
    finally:
        end()
