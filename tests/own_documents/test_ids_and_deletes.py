"""An id that is an object is returned as it was sent; a member that a POST to its path deletes no longer exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import yaml
from tests.own_documents.checked import found_by_path, verdict
from tests.own_documents.served import DOCUMENTS, served

from counterfoil.app import build
from counterfoil.lookup import own_api
from counterfoil.testing.in_process import InProcessTransport

RECIPES = DOCUMENTS / "recipes.yaml"
GRID = Path(__file__).parent / "documents" / "grid.yaml"


def test_an_id_of_two_parts_comes_back_and_is_listed() -> None:
    application = build(own=[own_api(GRID, rows=4, seed=0)])
    base = "http://localhost/grid"
    with httpx.Client(transport=InProcessTransport(application.asgi_app), base_url=base, timeout=60) as grid:
        made = grid.post("/cells", json={"id": {"x": 5, "y": 7}, "value": "tea"})
        assert (made.status_code, made.json()) == (201, {"id": {"x": 5, "y": 7}, "value": "tea"})
        cells = grid.get("/cells").json()
        assert (len(cells), cells[-1]) == (5, made.json())
        assert grid.get("/cells/x,5").status_code == 404


def test_a_post_that_deletes() -> None:
    application = build(own=[own_api(GRID, rows=4, seed=0)])
    with httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="http://localhost/grid", timeout=60
    ) as grid:
        rows = grid.get("/rows").json()
        path = f"/rows/{rows[1]['id']}"
        gone = grid.post(f"{path}/delete")
        assert (gone.status_code, gone.json()) == (200, rows[1])
        assert (grid.get(path).status_code, grid.post(f"{path}/delete").status_code) == (404, 404)
        assert grid.get("/rows").json() == [rows[0], *rows[2:]]


def test_an_id_that_no_path_can_carry_is_refused_where_clients_choose_it() -> None:
    with served(RECIPES, rows=3) as kitchen:
        before = kitchen.get("/recipes").json()
        for wrong in ("soups/leek", "..", "x" * 21):
            refused = kitchen.post("/recipes", json={"code": wrong})
            assert (refused.status_code, refused.json()) == (422, {"field": "code"})
        assert kitchen.get("/recipes").json() == before
        assert kitchen.post("/recipes", json={"code": "soups leek?"}).json() == {"code": "soups leek?"}
        assert kitchen.get("/recipes/soups%20leek%3F").json() == {"code": "soups leek?"}
        assert kitchen.post("/notes", json={"code": "soups/leek"}).json()["code"] == "soups/leek", "no path has it"
        assert kitchen.get("/notes").json()[-1]["code"] == "soups/leek"


def test_no_id_is_refused_for_a_path_that_the_documents_own_example_does_not_fit() -> None:
    with served(RECIPES, rows=3) as kitchen:
        made = kitchen.post("/spices", json={"code": "cumin", "name": "Cumin"})
        assert (made.status_code, made.json()["name"]) == (201, "Cumin")
        assert kitchen.get(f"/spices/{made.json()['code']}").json() == made.json()
        assert kitchen.post("/spices", json={"code": "cu/min", "name": "Cumin"}).status_code == 400


def test_a_server_that_refuses_such_an_id_is_not_wrong_and_one_that_refuses_others_is(tmp_path: Path) -> None:
    """The server refuses such a recipe, and a drink with any other id."""
    document = tmp_path / "recipes.json"
    recipes = yaml.safe_load(RECIPES.read_text())
    paths = {path: item for path, item in recipes["paths"].items() if path.startswith("/recipes")}
    recipes["paths"] = paths | {path.replace("/recipes", "/drinks"): item for path, item in paths.items()}
    document.write_text(json.dumps(recipes))

    def is_refused(path: str, code: str) -> bool:
        if path == "/recipes":
            return code == ".." or "/" in code or len(code) > 20
        return "/" not in code and len(code) < 20

    def answers(path: str, body: bytes) -> int:
        code = re.search(rb'"code": "((?:[^"\\\\]|\\\\.)*)"', body)
        return 422 if code and is_refused(path, code[1].decode()) else 201

    assert list(found_by_path(document, answers, "positive_data_acceptance")) == ["/drinks"]


def test_the_stand_in_keeps_the_laws_of_such_a_document() -> None:
    assert verdict(RECIPES)["findings"] == []


LOADS = """
openapi: 3.0.3
info: {title: Crane, version: "1"}
paths:
  /loads:
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Load"}}}}
      responses: {"200": {description: load, content: {application/json: {schema: {$ref: "#/components/schemas/Load"}}}}}
  /loads/{loadId}:
    get:
      parameters: [{name: loadId, in: path, required: true, schema: {type: integer, format: int64}}]
      responses: {"200": {description: load, content: {application/json: {schema: {$ref: "#/components/schemas/Load"}}}}}
components:
  schemas:
    Load: {type: object, properties: {id: {type: integer, format: int64}, weight: {type: integer, format: int64}}}
"""


def test_a_whole_number_of_64_bits_is_kept_as_an_id(tmp_path: Path) -> None:
    document = tmp_path / "crane.yaml"
    document.write_text(LOADS)
    with served(document, rows=3) as crane:
        for id in (2**53 + 1, 10**18 + 1, 2**63 - 1):
            assert crane.post("/loads", json={"id": id, "weight": 7}).json() == {"id": id, "weight": 7}
            assert crane.get(f"/loads/{id}").json() == {"id": id, "weight": 7}
