"""Own documents: selected fields, searches by a body, operations named by verbs, and references that must exist."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from tests.own_documents.served import DOCUMENTS, served

from counterfoil.cli import main


@pytest.fixture
def market() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "market.yaml") as client:
        yield client


@pytest.fixture
def office() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "office.yaml") as client:
        yield client


def stall(market: httpx.Client, **fields: Any) -> Any:
    made = market.post("/stalls", json=fields)
    assert made.status_code == 201, made.text
    return made.json()


def why(name: str, subject: str) -> str:
    done = CliRunner().invoke(
        main, ["infer", str(DOCUMENTS / f"{name}.yaml"), "--why", subject], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.output


# --- fields --------------------------------------------------------------------------------------


def test_only_the_fields_that_are_asked_for_are_shown_with_the_id_and_what_is_required(market: httpx.Client) -> None:
    made = stall(market, name="Pears", kind="fruit", rent=40, place={"row": 3, "column": 4, "hall": "North"})
    path = f"/stalls/{made['id']}"
    shown = market.get(path, params={"$select": ["name", "place.hall"]}).json()
    assert shown == {
        "id": made["id"],  # it identifies
        "revision": made["revision"],  # the document requires it, and the kind
        "kind": "fruit",
        "name": "Pears",
        "place": {"row": 3, "hall": "North"},
    }
    assert market.get(path).json() == made  # nothing was forgotten
    assert set(market.get(path, params={"$select": "nothing"}).json()) == {"id", "revision", "kind"}

    listed = market.get("/stalls", params={"fields": "rent,place(column)"}).json()["stalls"]
    assert len(listed) == 13  # 12 rows and the one that was made
    assert all(each.keys() <= {"id", "revision", "kind", "rent", "place"} for each in listed)
    assert listed[-1]["place"] == {"row": 3, "column": 4}
    without = market.get("/stalls", params={"exclude": "rent,place.hall,revision"}).json()["stalls"][-1]
    assert without == {**{k: v for k, v in made.items() if k != "rent"}, "place": {"row": 3, "column": 4}}


def test_a_create_that_asks_for_few_fields_keeps_them_all(market: httpx.Client) -> None:
    made = market.post("/stalls", params={"fields": "name"}, json={"name": "Cod", "kind": "fish", "rent": 55}).json()
    assert set(made) == {"id", "revision", "kind", "name"}
    assert market.get(f"/stalls/{made['id']}").json()["rent"] == 55


def test_fields_by_type_are_those_inside_the_attributes(market: httpx.Client) -> None:
    trader = market.get("/traders").json()[0]
    shown = market.get(f"/traders/{trader['id']}", params={"fields[traders]": "name"}).json()
    assert shown == {**trader, "attributes": {"name": trader["attributes"]["name"]}}


def test_a_parameter_of_its_own_says_which_way_a_list_is_sorted(market: httpx.Client) -> None:
    for rent in (5, 9000):
        stall(market, kind="bread", rent=rent)
    rents = [
        each["rent"] for each in market.get("/stalls", params={"sort_by": "rent", "order": "desc"}).json()["stalls"]
    ]
    assert rents == sorted(rents, reverse=True)
    assert rents[0] == 9000
    rents = [
        each["rent"] for each in market.get("/stalls", params={"sort_by": "rent", "order": "asc"}).json()["stalls"]
    ]
    assert rents == sorted(rents)


def test_each_choice_has_its_reason(market: httpx.Client) -> None:
    said = why("market", "GET /stalls")
    assert "fields" in said
    assert "'fields' is a usual name for it" in said
    assert "omit" in said
    assert "'exclude' is a usual name for it" in said
    assert "direction" in said
    assert "'order' is a usual name for it" in said
    assert "'$select' is a usual name for it" in why("market", "GET /stalls/{stallId}")


# --- searches ------------------------------------------------------------------------------------


def test_a_search_is_filtered_sorted_and_paged_by_its_body(market: httpx.Client) -> None:
    ids = [
        stall(market, name=name, kind=kind, rent=rent, labels=labels)["id"]
        for name, kind, rent, labels in (
            ("Rye", "bread", 100001, {"zone": "a"}),
            ("Pike", "fish", 100002, {"zone": "b"}),
            ("Rye and oats", "bread", 100003, {"zone": "b"}),
        )
    ]

    def found(limit: int = 100, cursor: str | None = None, sort: Any = None, **filters: Any) -> Any:
        query = {"filter": filters, **({"sort": sort} if sort else {})}
        body = {"query": query, "limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = market.post("/stalls/search", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids_of(page: Any) -> list[str]:
        return [each["id"] for each in page["stalls"]]

    assert ids_of(found(rent={"min": 100002})) == ids[1:]
    assert ids_of(found(rent={"min": 100001, "max": 100002})) == ids[:2]
    assert ids_of(found(rent={"min": 100001}, kinds=["bread", "fruit"])) == [ids[0], ids[2]]
    assert ids_of(found(name={"exact": "Rye"})) == ids[:1]
    assert ids_of(found(name={"fuzzy": "rye"})) == [ids[0], ids[2]]
    assert ids_of(found(labels={"zone": "b"})) == ids[1:]
    assert ids_of(found(rent={"min": 100001}, sort={"field": "rent", "order": "DESC"})) == ids[::-1]
    first = found(limit=2, rent={"min": 100001})
    assert ids_of(first) == ids[:2]
    rest = found(limit=2, cursor=first["cursor"], rent={"min": 100001})
    assert (ids_of(rest), "cursor" in rest) == (ids[2:], False)
    assert len(found()["stalls"]) == 15  # 12 rows and those 3
    assert found(cursor="eyJhIjoxfQ") == found()  # the document's example begins the list
    assert market.post("/stalls/search", json={"cursor": "eyJhIjoyfQ"}).status_code == 400

    said = why("market", "POST /stalls/search")
    assert "role: list" in said
    assert "it lists members of /stalls; the body selects" in said


# --- calls named by verbs ------------------------------------------------------------------------


def test_dotted_calls_create_read_change_list_and_delete(office: httpx.Client) -> None:
    made = office.post("/clients.create", json={"name": "Ada", "tier": "gold"}).json()
    client = made["client"]
    assert (made["ok"], client["name"], client["tier"], client["state"]) == (True, "Ada", "gold", "active")
    assert office.get("/clients.info", params={"client": client["id"]}).json() == made
    assert client in office.get("/clients.list", params={"tier": "gold", "limit": 50}).json()["clients"]
    changed = office.post("/clients.update", json={"client_id": client["id"], "name": "Ada K"}).json()["client"]
    assert changed == {**client, "name": "Ada K"}
    suspended = office.post("/clients.suspend", json={"client_id": client["id"]}).json()["client"]
    assert suspended == {**changed, "state": "suspended"}
    assert office.post("/clients.delete", json={"client_id": client["id"]}).json() == {"ok": True}
    gone = office.get("/clients.info", params={"client": client["id"]})
    assert (gone.status_code, gone.json()["ok"]) == (404, False)
    assert gone.json()["error"] == "/clients has no member '{}'".format(client["id"])
    assert office.post("/clients.update", json={"client_id": "nobody"}).status_code == 404


def test_calls_below_a_noun_and_calls_that_begin_with_a_verb(office: httpx.Client) -> None:
    desk = office.post("/desk/create", json={"room": "B12"}).json()
    assert office.post("/desk/get", json={"desk_id": desk["desk_id"]}).json() == desk
    assert office.post("/desk/remove", json={"desk_id": desk["desk_id"]}).status_code == 204
    assert office.post("/desk/get", json={"desk_id": desk["desk_id"]}).status_code == 404

    client = office.get("/clients.list").json()["clients"][0]["id"]
    visit = office.post("/createVisit", json={"visitor": "Bo", "client_id": client}).json()
    assert office.post("/getVisit", json={"visit_id": visit["id"]}).json() == visit
    mine = office.post("/listVisits", json={"client_id": client}).json()["visits"]
    assert visit in mine
    assert {each["client_id"] for each in mine} == {client}
    assert office.post("/getVisit", json={"visit_id": 99999}).status_code == 404


def test_a_verb_after_an_id_is_done_to_that_member(office: httpx.Client) -> None:
    assert office.post("/bills/b-17:void").json() == {"id": "b-17", "status": "voided"}
    assert office.get("/bills/b-17").json()["status"] == "voided"
    assert office.get("/bills/b-18").json()["id"] == "b-18"


def test_each_call_says_why_it_is_what_it_is() -> None:
    assert "'suspend' is a verb on /clients; 'client_id' is the member's id" in why("office", "POST /clients.suspend")
    assert "'suspend' sets state to 'suspended'" in why("office", "POST /clients.suspend")
    assert "role: list" in why("office", "POST /listVisits")
    assert "role: made_up" in why("office", "POST /getMe")  # it names no member


# --- references ----------------------------------------------------------------------------------


def test_a_reference_to_what_does_not_exist_is_refused_where_the_model_says_so(
    market: httpx.Client, tmp_path: Path
) -> None:
    assert stall(market, kind="fish", trader_id="nobody")["trader_id"] == "nobody"  # unless it is told to be strict

    model = tmp_path / "market.model.yaml"
    model.write_text("integrity: strict\n")
    with served(DOCUMENTS / "market.yaml", model=model) as strict:
        before = len(strict.get("/stalls").json()["stalls"])
        refused = strict.post("/stalls", json={"kind": "fish", "trader_id": "nobody"})
        assert (refused.status_code, refused.json()["status"]) == (422, 422)  # the document's status and shape
        assert refused.json()["detail"] == "trader_id: /traders has no member 'nobody'"
        assert len(strict.get("/stalls").json()["stalls"]) == before
        trader = strict.post("/traders", json={"name": "Bo"}).json()["id"]
        made = stall(strict, kind="fish", trader_id=trader)
        assert made["trader_id"] == trader
        assert strict.patch(f"/stalls/{made['id']}", json={"trader_id": "nobody"}).status_code == 422
        assert strict.patch(f"/stalls/{made['id']}", json={"trader_id": None}).json()["trader_id"] is None

    model.write_text("integrity: severe\n")
    done = CliRunner().invoke(main, ["infer", str(DOCUMENTS / "market.yaml"), "--model", str(model)])
    assert (done.exit_code, done.stderr.strip().count("\n")) == (2, 0)
    assert "integrity is one of lenient, strict, not 'severe'" in done.stderr


def test_a_strict_model_is_written_and_read_back(tmp_path: Path) -> None:
    strict, written = tmp_path / "strict.yaml", tmp_path / "written.yaml"
    strict.write_text("integrity: strict\n")
    file = str(DOCUMENTS / "market.yaml")
    assert CliRunner().invoke(main, ["infer", file, "--model", str(strict), "--write", str(written)]).exit_code == 0
    read = CliRunner().invoke(main, ["infer", file, "--model", str(written), "--json"])
    assert json.loads(read.stdout)["integrity"] == "strict"


# --- values that say something else --------------------------------------------------------------


def test_now_is_the_time_of_the_world_and_an_empty_text_unsets_a_field(market: httpx.Client) -> None:
    made = stall(market, kind="fish", opens_at="now", grade="")
    assert "grade" not in made  # no grade is called ''
    again = stall(market, kind="fish", opens_at="now", grade="B")
    assert (again["opens_at"], again["grade"]) == (made["opens_at"], "b")


def test_null_is_kept_where_a_field_may_be_null_besides_what_it_lists(market: httpx.Client) -> None:
    made = stall(market, kind="fish", roof="tin")
    assert made["roof"] == "tin"
    assert market.patch(f"/stalls/{made['id']}", json={"roof": None}).json()["roof"] is None
    assert stall(market, kind="fish", roof=None)["roof"] is None
