"""An id that is an object is returned as it was sent; a member that a POST to its path deletes no longer exists."""

from __future__ import annotations

from pathlib import Path

import httpx

from counterfoil.app import build
from counterfoil.lookup import own_api
from counterfoil.testing.in_process import InProcessTransport

GRID = Path(__file__).parent / "documents" / "grid.yaml"


def test_an_id_of_two_parts_comes_back_and_is_listed() -> None:
    application = build(own=[own_api(GRID, rows=4, seed=0)])
    base = "http://localhost/grid"
    with httpx.Client(transport=InProcessTransport(application.asgi_app), base_url=base) as grid:
        made = grid.post("/cells", json={"id": {"x": 5, "y": 7}, "value": "tea"})
        assert (made.status_code, made.json()) == (201, {"id": {"x": 5, "y": 7}, "value": "tea"})
        cells = grid.get("/cells").json()
        assert (len(cells), cells[-1]) == (5, made.json())
        assert grid.get("/cells/x,5").status_code == 404


def test_a_post_that_deletes() -> None:
    application = build(own=[own_api(GRID, rows=4, seed=0)])
    with httpx.Client(transport=InProcessTransport(application.asgi_app), base_url="http://localhost/grid") as grid:
        rows = grid.get("/rows").json()
        path = f"/rows/{rows[1]['id']}"
        gone = grid.post(f"{path}/delete")
        assert (gone.status_code, gone.json()) == (200, rows[1])
        assert (grid.get(path).status_code, grid.post(f"{path}/delete").status_code) == (404, 404)
        assert grid.get("/rows").json() == [rows[0], *rows[2:]]
