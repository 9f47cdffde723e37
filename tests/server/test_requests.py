"""What an operation receives: exact names, typed values, defaults, its mount path, and the caller's identity."""

from __future__ import annotations

import pytest

from .toy import PREFIX, Client


def query(ask: Client, text: str) -> dict[str, list[str]]:
    response = ask.get(f"/notes?{text}")
    assert response.status_code == 200, response.text
    return response.json()["query"]


def test_names_stay_exact_and_values_are_typed_by_the_spec(ask: Client) -> None:
    assert query(ask, "limit=5&amountDue.value.gt=0.10&%40type=Memo&urgent=true&since=2026-01-31&shared=-3") == {
        "limit": ["int", "5"],
        "amountDue.value.gt": ["Decimal", "0.10"],
        "@type": ["str", "Memo"],
        "urgent": ["bool", "True"],
        "since": ["str", "2026-01-31"],
        "shared": ["int", "-3"],
    }


def test_defaults_are_filled_in_and_nothing_else(ask: Client) -> None:
    assert query(ask, "") == {"limit": ["int", "10"]}


def test_lists_are_repeated_or_joined_as_the_spec_says(ask: Client) -> None:
    got = query(ask, "tag=a&tag=b,c&ids=1,2")
    assert got["tag"] == ["list", "['a', 'b,c']"]
    assert got["ids"] == ["list", "[1, 2]"]


def test_dotted_and_similar_names_do_not_collide(ask: Client) -> None:
    assert "amountDue.value.gt" not in query(ask, "amountDue_value_gt=3&amountDue=3")


@pytest.mark.parametrize(
    ("sent", "seen"),
    [("a%2Fb", "a/b"), ("a%0Ab", "a\nb"), ("a+b%2B", "a+b+"), ("%E2%82%AC", "€"), ("%41", "A"), ("a%00", "a\0")],
)
def test_an_id_may_hold_any_character_percent_encoded(ask: Client, sent: str, seen: str) -> None:
    assert ask.get(f"/notes/{sent}").json()["id"] == seen


def test_an_id_in_the_operations_404_is_not_the_routers(ask: Client) -> None:
    response = ask.get("/notes/nothing")
    assert response.status_code == 404
    assert response.json()["reason"] == "unknown_resource"


def test_a_literal_path_wins_over_a_parameter(ask: Client) -> None:
    assert ask.get("/notes/latest").json() == {"latest": True}
    assert ask("DELETE", PREFIX + "/notes/latest").status_code == 405
    assert ask("DELETE", PREFIX + "/notes/x").status_code == 204


def test_a_204_has_neither_body_nor_type(ask: Client) -> None:
    response = ask("DELETE", PREFIX + "/notes/x")
    assert response.content == b""
    assert not {"content-type", "content-length"} & set(response.headers)


def test_read_only_members_are_ignored_in_requests_and_nullables_may_be_null(ask: Client) -> None:
    response = ask.post("/notes", json={"text": "x", "id": "9", "due": None, "tag": None})
    assert response.status_code == 201
    assert response.json()["due"] is None


def test_fractions_in_a_body_keep_their_digits(ask: Client) -> None:
    response = ask.post("/notes", content=b'{"text":"x","amount":0.10}')
    assert b'"amount":0.10' in response.content


# -- where it is mounted ----------------------------------------------------------------------------------------------


def test_the_same_api_in_another_world(ask: Client) -> None:
    default, blue = ask.get("/notes").json(), ask("GET", f"/w/blue{PREFIX}/notes").json()
    assert (default["world"], default["base"]) == ("default", PREFIX)
    assert (blue["world"], blue["base"]) == ("blue", f"/w/blue{PREFIX}")
    assert blue["origin"] == "http://toy.test"


def test_a_worlds_name_may_be_percent_encoded_and_stays_so_in_links(ask: Client) -> None:
    body = ask("GET", f"/w/gr%C3%BCn{PREFIX}/notes").json()
    assert (body["world"], body["base"]) == ("grün", f"/w/gr%C3%BCn{PREFIX}")


@pytest.mark.parametrize("name", ["green", "", "%FF", "%2e%2e", "x" * 3000])
def test_an_unknown_world_is_a_404_problem(ask: Client, name: str) -> None:
    response = ask("GET", f"/w/{name}{PREFIX}/notes")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["evil\r\nx: y", "a b", '"><script>', ""])
def test_an_invalid_host_is_not_repeated_in_links(ask: Client, host: str) -> None:
    assert ask.get("/notes", headers={"host": host}).json()["origin"] == "http://toy.test"


# -- who asks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("wrong", 401), ("counterfoil-forbidden", 403), ("counterfoil-key", 200)]
)
def test_a_secured_operation_wants_a_credential(ask: Client, key: str | None, status: int) -> None:
    assert ask.get("/notes", key=key).status_code == status


def test_401_beats_400_and_406(ask: Client) -> None:
    assert ask.get("/notes?limit=abc", key=None, headers={"accept": "text/html"}).status_code == 401
    assert ask.post("/notes", key=None, content=b"{").status_code == 401


def test_an_operation_without_security_is_open(ask: Client) -> None:
    assert ask.get("/notes/latest", key=None).status_code == 200


def test_an_optional_credential_is_used_when_it_is_there(ask: Client) -> None:
    assert ask.get("/optional", key=None).json() == {"key": None}
    assert ask.get("/optional").json() == {"key": "counterfoil-key"}
