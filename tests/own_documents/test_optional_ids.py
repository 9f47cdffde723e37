"""A created resource has an id in the response, even if no operation lists it and the document does not require the id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from counterfoil.lookup import own_api
from counterfoil.testing import Sandbox, SandboxServer

BOATHOUSE = Path(__file__).parent / "documents" / "boathouse.yaml"


@pytest.fixture(scope="module")
def boathouse() -> Iterator[httpx.Client]:
    server = SandboxServer(own=(own_api(BOATHOUSE, rows=3, seed=0),))
    with (
        Sandbox("quiet", server=server) as world,
        httpx.Client(base_url=world.url("boathouse"), auth=("", ""), timeout=60) as client,
    ):
        yield client
    server.stop()


def test_a_pass_is_bought_with_an_id_of_its_own(boathouse: httpx.Client) -> None:
    order = {"kind": "day", "day": "2026-05-02", "email": "rower@example.com"}
    first, second = (boathouse.post("/passes", json=order) for _ in range(2))

    assert (first.status_code, first.json()["kind"], first.json()["day"]) == (201, "day", "2026-05-02")
    assert len(first.json()["passId"]) == len("0c4d2f7e-92a5-4b8e-8a4f-1b1f6f2d9e55")
    assert first.json()["passId"] != second.json()["passId"]
    assert "email" not in first.json()  # the answer's schema has none
    stub = boathouse.get(f"/passes/{first.json()['passId']}/stub")
    assert (stub.status_code, stub.headers["content-type"]) == (200, "image/png")


def test_what_is_below_a_member_and_never_listed_has_an_id_too(boathouse: httpx.Client) -> None:
    outing = boathouse.get("/outings").json()[0]["outingId"]
    one, two = (boathouse.post(f"/outings/{outing}/wishes", json={"text": text}).json() for text in ("tea", "a canoe"))
    assert (one["text"], two["text"]) == ("tea", "a canoe")
    assert one["id"] != two["id"]


def test_an_outing_is_made_read_changed_and_cancelled(boathouse: httpx.Client) -> None:
    made = boathouse.post("/outings", json={"title": "By moonlight", "days": ["2026-06-01"], "fare": 0})
    assert (made.status_code, made.json()["title"], made.json()["fare"]) == (201, "By moonlight", 0)
    path = f"/outings/{made.json()['outingId']}"
    assert boathouse.get(path).json() == made.json()
    changed = boathouse.patch(path, json={"title": "By daylight"})
    assert (changed.status_code, changed.json()) == (200, {**made.json(), "title": "By daylight"})
    assert boathouse.delete(path).status_code == 204
    assert boathouse.get(path).status_code == 404
