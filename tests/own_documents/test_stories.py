"""A stand-in made from a document keeps state: stories over HTTP, in worlds that are forked, reset and exported as capsules."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterfoil.lookup import own_api
from counterfoil.testing import Sandbox, SandboxServer

CAFE = Path(__file__).parent / "documents" / "cafe.yaml"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    started = SandboxServer(own=(own_api(CAFE, rows=12, seed=0),))
    yield started
    started.stop()


@pytest.fixture
def world(server: SandboxServer) -> Iterator[Sandbox]:
    with Sandbox("quiet", server=server) as sandbox:
        yield sandbox


@pytest.fixture
def cafe(world: Sandbox) -> Iterator[httpx.Client]:
    with world.client() as client:
        yield client


def _get(client: httpx.Client, path: str, **query: Any) -> Any:
    response = client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()


def test_what_is_created_can_be_read_listed_changed_and_deleted(world: Sandbox, cafe: httpx.Client) -> None:
    sent = {"FullName": "Ada Kelly", "Email": "ada@example.com", "favourites": ["scones"]}
    made = cafe.post("/guests", json={"guest": sent})
    assert made.status_code == 201
    guest = made.json()["guest"]
    assert (guest["full_name"], guest["email"], guest["favourites"]) == ("Ada Kelly", "ada@example.com", ["scones"])
    now = world.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert guest["created_at"] == guest["updated_at"] == now
    assert guest["id"].startswith("gst_")  # as in the document's example
    assert len(guest["id"]) == len("gst_8Kd02mXa")

    assert _get(cafe, f"/guests/{guest['id']}") == {"guest": guest}
    assert _get(cafe, "/guests", email="ada@example.com")["data"] == [guest]
    assert _get(cafe, "/guests", created_after=now)["data"] == []

    world.clock.advance(hours=3)
    changed = cafe.patch(f"/guests/{guest['id']}", json={"notes": {"allergies": "nuts"}}).json()["guest"]
    assert changed == {
        **guest,
        "notes": {"allergies": "nuts"},
        "updated_at": world.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    again = cafe.patch(f"/guests/{guest['id']}", json={"notes": {"table": 7}, "email": None}).json()["guest"]
    assert (again["notes"], again["email"], again["full_name"]) == (
        {"allergies": "nuts", "table": 7},
        None,
        "Ada Kelly",
    )

    assert cafe.delete(f"/guests/{guest['id']}").status_code == 204
    for gone in (cafe.get(f"/guests/{guest['id']}"), cafe.delete(f"/guests/{guest['id']}")):
        assert gone.status_code == 404
        assert gone.json()["error"]["code"] == 404  # the document's own shape
        assert guest["id"] in gone.json()["error"]["message"]
    assert cafe.get("/orders/99999").json()["error"]["code"] == 404


def test_a_cursor_walks_the_whole_list_once(cafe: httpx.Client) -> None:
    seen, query = [], {"limit": 5}
    while True:
        page = _get(cafe, "/guests", **query)
        seen += [each["id"] for each in page["data"]]
        assert page["url"] == "/guests"  # the document's pattern wants a path
        if not page["has_more"]:
            break
        query["starting_after"] = seen[-1]
    assert len(seen) == len(set(seen)) == 12  # 5 + 5 + 2
    assert len(_get(cafe, "/guests")["data"]) == 4  # the document's default
    assert cafe.get("/guests", params={"starting_after": "nobody"}).status_code == 400


def test_pages_filters_and_sorting(cafe: httpx.Client) -> None:
    for price, note in ((900, "cake"), (300, "tea")):
        assert cafe.post("/orders", data={"price": price, "note": note}).json()["price"] == price
    first = _get(cafe, "/orders")
    assert (len(first["items"]), first["total"], first["page"]) == (10, 14, 1)  # 12 rows and 2 that were created
    second = _get(cafe, "/orders", page=2)
    assert (len(second["items"]), second["page"]) == (4, 2)
    assert [each["note"] for each in second["items"][-2:]] == ["cake", "tea"]
    everything = first["items"] + second["items"]

    opened = _get(cafe, "/orders", status="open", per_page=50)
    assert [each["id"] for each in opened["items"]] == [each["id"] for each in everything if each["status"] == "open"]
    dear = _get(cafe, "/orders", price_gte=900, per_page=50)["items"]
    assert [each["id"] for each in dear] == [each["id"] for each in everything if each["price"] >= 900]
    prices = [each["price"] for each in _get(cafe, "/orders", sort="-price", per_page=50)["items"]]
    assert prices == sorted((each["price"] for each in everything), reverse=True)
    guests = {each["id"] for each in _get(cafe, "/guests", limit=10)["data"]}
    mine = [each for each in everything if each.get("guest_id") in guests]
    assert mine, "orders belong to guests that are there"
    whose = mine[0]["guest_id"]
    assert {each["guest_id"] for each in _get(cafe, "/orders", guest_id=whose, per_page=50)["items"]} == {whose}


def test_update_by_post_and_an_action_that_sets_a_state(world: Sandbox, cafe: httpx.Client) -> None:
    order = cafe.post("/orders", data={"price": 450}).json()
    assert order["status"] == "open"
    assert cafe.post(f"/orders/{order['id']}", data={"note": "no sugar"}).json() == {**order, "note": "no sugar"}
    canceled = cafe.post(f"/orders/{order['id']}/cancel").json()
    assert (canceled["status"], canceled["price"]) == ("canceled", 450)
    assert canceled["canceled_at"] == world.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert _get(cafe, f"/orders/{order['id']}") == canceled
    assert cafe.post("/orders/99999/cancel").status_code == 404


def test_a_parent_holds_only_its_children_and_there_is_one_of_the_settings(cafe: httpx.Client) -> None:
    one, other = (each["id"] for each in _get(cafe, "/guests")["data"][:2])
    visit = cafe.post(f"/guests/{one}/visits", json={"table": 3}).json()
    assert (visit["guest_id"], visit["table"]) == (one, 3)
    assert visit in _get(cafe, f"/guests/{one}/visits")
    assert {each["guest_id"] for each in _get(cafe, f"/guests/{other}/visits")} == {other}
    assert visit not in _get(cafe, f"/guests/{other}/visits")
    assert cafe.get("/guests/nobody/visits").status_code == 404

    before = _get(cafe, "/settings")
    assert cafe.put("/settings", json={"name": "Night Café"}).json()["name"] == "Night Café"
    assert _get(cafe, "/settings") == {**before, "name": "Night Café"}


def test_a_body_that_is_a_list_makes_them_all(cafe: httpx.Client) -> None:
    made = cafe.post("/tables", json=[{"seats": 2}, {"seats": 4}, {"seats": 6}])
    assert (made.status_code, [each["seats"] for each in made.json()]) == (201, [2, 4, 6])
    assert len({each["id"] for each in made.json()}) == 3
    assert made.headers["x-total-made"].isdecimal()  # the document requires it
    assert _get(cafe, "/tables")[-3:] == made.json()


def test_forks_resets_capsules_faults_and_the_journal(
    server: SandboxServer, world: Sandbox, cafe: httpx.Client
) -> None:
    from counterfoil.lookup import rebuilt
    from counterfoil.world.capsule import digest_of

    application = server.application
    guest = cafe.post("/guests", json={"guest": {"FullName": "Ada Kelly"}}).json()["guest"]
    fork = application.worlds.fork("cafe-fork", world.name)
    with httpx.Client(base_url=f"{server.origin}/w/cafe-fork/cafe/v1", headers=world.headers, timeout=60) as other:
        other.patch(f"/guests/{guest['id']}", json={"full_name": "Bea"})
        assert other.get(f"/guests/{guest['id']}").json()["guest"]["full_name"] == "Bea"
        assert _get(cafe, f"/guests/{guest['id']}")["guest"]["full_name"] == "Ada Kelly"
    assert fork.name == "cafe-fork"
    application.worlds.delete("cafe-fork")

    again = rebuilt(world.capsule())
    assert digest_of(again) == digest_of(application.worlds.named(world.name))
    assert again.commands[-1].value["full_name"] == "Ada Kelly"  # type: ignore[attr-defined]

    world.fail("cafe", "GET /guests/{guestId}", status=404, times=1)
    struck = cafe.get(f"/guests/{guest['id']}")
    assert (struck.status_code, struck.json()["error"]["code"]) == (404, 404)
    assert cafe.get(f"/guests/{guest['id']}").status_code == 200

    assert cafe.get("/contradiction").status_code == 501
    told = world.requests("cafe", status=501)[-1]
    assert told.operation == "GET /contradiction"
    assert "no valid answer" in (told.reason or "")

    world.reset()
    assert cafe.get(f"/guests/{guest['id']}").status_code == 404


def test_the_store_is_at_hand_in_tests(world: Sandbox, cafe: httpx.Client) -> None:
    guests = world.store("/guests")
    made = guests.create(full_name="Cy", favourites=["toast"])
    assert _get(cafe, f"/guests/{made.id}")["guest"]["full_name"] == "Cy"
    cafe.patch(f"/guests/{made.id}", json={"full_name": "Cyrus"})
    assert guests.get(made.id)["full_name"] == "Cyrus"
    guests.get(made.id).update(email="cy@example.com")
    assert _get(cafe, "/guests", email="cy@example.com")["data"][0]["id"] == made.id
    assert (len(guests), len(guests.list(full_name="Cyrus"))) == (13, 1)
    guests.delete(made.id)
    assert cafe.get(f"/guests/{made.id}").status_code == 404
    with pytest.raises(KeyError, match="/orders"):
        world.store("/nothing")


def test_prefer_asks_for_a_code_or_an_example(cafe: httpx.Client) -> None:
    assert _get(cafe, "/forecast") == [30, 31, 32]
    rainy = cafe.get("/forecast", headers={"Prefer": "example=rainy"})
    assert (rainy.json(), rainy.headers["preference-applied"]) == ([3, 4, 5], "example=rainy")
    unknown = cafe.get("/forecast", headers={"Prefer": "example=stormy"})
    assert unknown.status_code == 400
    assert "sunny" in unknown.text
    refused = cafe.get("/orders/1", headers={"Prefer": "code=404"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, 404)


SEEN = """
import hashlib, sys
from pathlib import Path
import httpx
from counterfoil.lookup import own_api
from counterfoil.testing import Sandbox, SandboxServer

rows = int(sys.argv[2])
server = SandboxServer(own=(own_api(Path(sys.argv[1]), rows=rows, seed=0),))
with Sandbox("quiet", server=server, seed=7) as world, world.client() as client:
    for path in ("/guests?limit=5", "/orders?per_page=5", "/settings"):
        print(client.get(path).text.replace(str(client.base_url), ""))
server.stop()
"""


def test_same_seed_same_bytes_and_one_row_more_changes_no_other(tmp_path: Path) -> None:
    def seen(rows: int, hash_seed: str) -> list[str]:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", SEEN, str(CAFE), str(rows)]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.splitlines()

    one, other, longer = seen(12, "1"), seen(12, "2"), seen(13, "3")
    assert one == other
    assert [each.replace('"total":13', '"total":12') for each in longer] == one


def test_the_mark_names_a_document_or_says_in_one_line_why_not(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("cafe.yaml").write_text(CAFE.read_text())
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.counterfoil(spec="cafe.yaml", rows=3)
        def test_good(counterfoil):
            with counterfoil.client("cafe") as client:
                assert client.get("/orders").json()["total"] == 3
            assert counterfoil.url().endswith("/cafe/v1")

        @pytest.mark.counterfoil(spec="none.yaml")
        def test_missing(counterfoil): ...

        @pytest.mark.counterfoil(rows=3)
        def test_of_what(counterfoil): ...
        """
    )
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:randomly", "-n", "0")
    done.assert_outcomes(passed=1, errors=2)
    text = done.stdout.str()
    assert "none.yaml: no such file" in text
    assert "rows belong to a document: say which, with spec=" in text
