"""``counterfoil infer``: the model of a document, the reason for each decision, corrections, and mistakes in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from tests.own_documents.served import DOCUMENTS

from counterfoil.cli import main
from counterfoil.lookup import own_api
from counterfoil.testing import Sandbox, SandboxServer

CAFE = DOCUMENTS / "cafe.yaml"


def counterfoil(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


def model_of(file: Path, *more: object) -> Any:
    done = counterfoil("infer", file, "--json", *more)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_each_decision_has_a_reason_and_a_confidence() -> None:
    model = model_of(CAFE)
    guests = model["collections"]["/guests"]
    assert (guests["entity"], guests["id"], guests["parameter"]) == ("#/components/schemas/Guest", "id", "guestId")
    assert guests["server_owned"] == ["id", "created_at", "updated_at"]
    orders = model["collections"]["/orders"]
    assert (orders["references"], orders["state"]) == ({"guest_id": "/guests"}, "status")
    assert model["operations"]["POST /orders/{id}/cancel"]["sets"] == {"status": "canceled"}
    assert model["operations"]["POST /guests"]["body"] == "guest"
    listed = model["operations"]["GET /orders"]
    assert listed["filters"] == {
        "status": "status",
        "price_gte": {"field": "price", "operator": "from"},
        "guest_id": "guest_id",
    }
    assert (listed["pages"]["kind"], listed["pages"]["at"], listed["sort"]) == ("page", "page", "sort")
    for each in model["decisions"]:
        assert each["reason"], each
        assert 0 < each["confidence"] <= 1, each
    subjects = {each["of"] for each in model["decisions"]}
    assert set(model["collections"]) | set(model["operations"]) <= subjects

    why = counterfoil("infer", CAFE, "--why", "/guests/{guestId}")
    assert "role: delete" in why.output
    assert "DELETE of one member" in why.output
    summary = counterfoil("infer", CAFE).output
    assert "16 of 18 operations answer from state, 1 is made up (seeded, stable), 1 is 501" in summary
    assert "501 GET /contradiction: " in summary


@pytest.mark.parametrize("name", ["cafe.yaml", "workshop.yaml", "library.yaml", "ferry.json", "crooked.yaml"])
def test_a_model_that_is_written_reads_back_the_same(name: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    assert counterfoil("infer", DOCUMENTS / name, "--write", first).exit_code == 0
    assert counterfoil("infer", DOCUMENTS / name, "--model", first, "--write", second).exit_code == 0
    assert first.read_text() == second.read_text()
    inferred, read = model_of(DOCUMENTS / name), model_of(DOCUMENTS / name, "--model", first)
    assert inferred == read


def test_a_correction_takes_the_place_of_what_was_inferred(tmp_path: Path) -> None:
    model = tmp_path / "cafe.model.yaml"
    model.write_text(
        "collections:\n  /guests: {rows: 2}\n"
        "actions:\n  POST /orders/{id}/cancel: {set: {status: served, note: too late}, when: [open]}\n"
        "made_up: [GET /settings]\n"
    )
    decided = model_of(CAFE, "--model", model)["decisions"]
    assert {"of": "/guests", "decision": "rows: 2", "reason": f"{model} says so", "confidence": 1.0} in decided
    server = SandboxServer(own=(own_api(CAFE, model=model, rows=12, seed=0),))
    with Sandbox("quiet", server=server) as world, world.client() as client:
        assert len(client.get("/guests", params={"limit": 10}).json()["data"]) == 2
        order = client.post("/orders", data={"price": 100}).json()
        done = client.post(f"/orders/{order['id']}/cancel").json()
        assert (done["status"], done["note"]) == ("served", "too late")
        refused = client.post(f"/orders/{order['id']}/cancel")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, 409)
        client.put("/settings", json={"name": "Night Café"})
        assert client.get("/settings").json()["name"] == "Corner Café"
    server.stop()


def test_corrections_may_stand_in_the_document_and_a_file_has_the_last_word(tmp_path: Path) -> None:
    document, model = tmp_path / "cafe.yaml", tmp_path / "model.yaml"
    document.write_text(CAFE.read_text() + "\nx-counterfoil: {collections: {/guests: {rows: 3}, /orders: {rows: 4}}}\n")
    model.write_text("collections: {/guests: {rows: 5}}")
    collections = model_of(document, "--model", model)["collections"]
    assert (collections["/guests"]["rows"], collections["/orders"]["rows"]) == (5, 4)
    document.write_text(CAFE.read_text() + "\nx-counterfoil: {collections: {/nothing: {}}}\n")
    refused = counterfoil("infer", document)
    assert (
        refused.exit_code,
        "x-counterfoil: collections: /nothing: the document has no such path" in refused.stderr,
    ) == (2, True)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("collections: {/nothing: {rows: 1}}", "the document has no such path"),
        ("operations: {GET /nothing: {role: list}}", "the document has no such operation"),
        ("made_up: [GET /nothing]", "no operation 'GET /nothing'"),
        ("collections: {/guests: {rows: many}}", "rows cannot be read"),
        ("collections: {/guests: {colour: red}}", "there is no 'colour'"),
        ("operations: {GET /guests: {role: dance}}", "not 'dance'"),
        ("operations: {GET /guests: {filters: {email: {field: email, operator: near}}}}", "operator one of"),
        ("- a list", "a model is a mapping"),
        ("counterfoil: 9", "format 9"),
        ("{", "model.yaml:"),
    ],
)
def test_a_model_for_another_document_is_refused_in_one_line(model: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(model)
    done = counterfoil("infer", CAFE, "--model", file)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


def test_other_mistakes_are_one_line(tmp_path: Path) -> None:
    for arguments, said in (
        ((tmp_path / "none.yaml",), "no such file"),
        (("https://example.com/openapi.yaml",), "nothing is fetched"),
        ((CAFE, "--model", tmp_path / "none.yaml"), "cannot be read"),
        ((CAFE, "--why", "/nothing"), "nothing was decided about '/nothing'"),
        ((CAFE, "--write", tmp_path / "none" / "model.yaml"), "cannot be written"),
    ):
        done = counterfoil("infer", *arguments)
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
        assert said in done.stderr


HANDLERS = """
from counterfoil.own import Answer, Refusal, handler

@handler("GET /settings")
def settings(request, store):
    {body}
"""


@pytest.fixture
def answers(tmp_path: Path) -> Callable[[str], tuple[httpx.Response, str]]:
    """What ``GET /settings`` answers with this body of a handler, and the reason in the journal."""

    def ask(body: str) -> tuple[httpx.Response, str]:
        file = tmp_path / "handlers.py"
        file.write_text(HANDLERS.format(body=body))
        server = SandboxServer(own=(own_api(CAFE, handlers=file, rows=3, seed=0),))
        with Sandbox("quiet", server=server) as world, world.client() as client:
            response = client.get("/settings")
            reason = world.requests("cafe")[-1].reason or ""
        server.stop()
        return response, reason

    return ask


def test_answers_of_handlers_are_validated_and_failures_have_their_reason_in_the_journal(
    answers: Callable[[str], tuple[httpx.Response, str]],
) -> None:
    good, _ = answers('return {"name": store["/guests"].list()[0]["full_name"]}')
    assert good.status_code == 200
    usual, _ = answers("return store.default(request)")
    assert usual.json()["name"] == "Corner Café"
    changed = "said = store.default(request); said.body[{0!r}] = {1!r}; return store.default(request) if {2} else said"
    assert answers(changed.format("name", "Closed", False))[0].json()["name"] == "Closed"
    assert answers(changed.format("name", 7, False))[0].status_code == 500
    assert answers(changed.format("name", "Closed", True))[0].json()["name"] == "Corner Café"
    invalid, reason = answers('return {"name": 7}')
    assert (invalid.status_code, "#/name" in reason) == (500, True)
    failed, reason = answers('raise ZeroDivisionError("no guests")')
    assert (failed.status_code, reason) == (500, "ZeroDivisionError: no guests")
    assert "no guests" not in failed.text
    missing, _ = answers('return store["/guests"].get("nobody")')
    assert missing.status_code == 404
    refused, _ = answers('raise Refusal("conflict", "closed today")')
    assert (refused.status_code, "closed today" in refused.text) == (409, True)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("def (", "SyntaxError"),
        ("raise SystemExit(3)", "handlers.py:1: SystemExit: 3"),
        ("x = 1", "no function is marked"),
        (HANDLERS.format(body="...").replace("/settings", "/nothing"), "no operation 'GET /nothing'"),
        (
            HANDLERS.format(body="...").replace("def ", "async def "),
            "a handler is a plain function of (request, store)",
        ),
        (HANDLERS.format(body="...").replace(", store)", ")"), "a handler is a plain function of (request, store)"),
    ],
)
def test_a_file_of_handlers_that_cannot_be_used_stops_the_start(source: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "handlers.py"
    file.write_text(source)
    done = counterfoil("serve", "--spec", CAFE, "--handlers", file, "--port", "0", "--quiet")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
    assert said in done.stderr
    assert str(file) in done.stderr


def test_a_handler_that_fails_after_it_wrote_has_written_nothing(tmp_path: Path) -> None:
    file = tmp_path / "handlers.py"
    file.write_text("""
from counterfoil.own import Answer, handler

@handler("POST /guests")
def add(request, store):
    first, second = store["/guests"].list()[:2]
    first.update(full_name="Ada")
    assert store["/guests"].get(first.id)["full_name"] == "Ada"  # a handler sees what it wrote
    second.delete()
    how = request.body["guest"]["FullName"]
    if how == "raise":
        raise RuntimeError("no more")
    return Answer({"guest": 7 if how == "invalid" else first}, status=201)
""")
    server = SandboxServer(own=(own_api(CAFE, handlers=file, rows=3, seed=0),))
    with Sandbox("quiet", server=server) as world, world.client() as client:
        before = client.get("/guests").json()
        for how in ("raise", "invalid"):
            assert client.post("/guests", json={"guest": {"FullName": how}}).status_code == 500
            assert client.get("/guests").json() == before
        assert client.post("/guests", json={"guest": {"FullName": "well"}}).status_code == 201
        guests = client.get("/guests").json()
        assert len(guests["data"]) == 2
        done = json.loads(world.capsule())["commands"]
        assert [each["command"] for each in done] == ["write_resources"]
    server.stop()
