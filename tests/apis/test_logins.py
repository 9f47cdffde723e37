"""Logins affect only tokens: they are not commands, do not grow the history, and do not change a capsule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterfoil.lookup import rebuilt
from counterfoil.world.capsule import write_capsule
from counterfoil.world.commands import AdvanceClock, IssueToken

Build = Callable[..., Any]
SUMMARIES = "/customer-billing-summaries?page=1&pageSize=1"
BILL = "/organisation/1/billing"
GOOD = {"application_token": "counterfoil-key"}


def elevate_token(app: Any) -> str:
    answer = app.post("elevate", "/authenticate", key=None, json={"username": "a", "password": "counterfoil-key"})
    return str(answer.json()["token"])


def emnify_login(app: Any, body: dict[str, str]) -> Any:
    return app.post("emnify", "/authenticate", key=None, json=body)


def test_logins_refused_or_not_are_no_commands(stand_in: Build) -> None:
    app = stand_in()
    before = write_capsule(app.world)
    for number in range(50):
        assert elevate_token(app)
        assert emnify_login(app, GOOD).status_code == 200
        assert emnify_login(app, {"application_token": f"wrong {number}"}).status_code == 401
    assert (len(app.world.commands), app.world.version) == (0, 0)
    assert write_capsule(app.world) == before


def test_a_token_is_good_however_many_follow_until_it_expires(stand_in: Build) -> None:
    app = stand_in()
    first = elevate_token(app)
    tokens = {elevate_token(app) for _ in range(200)}
    assert len(tokens - {first}) == 200
    app.do(AdvanceClock(minutes=14))
    assert app.get("elevate", SUMMARIES, key=first).status_code == 200
    assert app.get("emnify", BILL, key=first).status_code == 401
    app.do(AdvanceClock(minutes=1))
    late = app.get("elevate", SUMMARIES, key=first)
    assert (late.status_code, late.json()["message"]) == (401, "The token has expired")


def test_a_token_dies_with_a_reset_and_opens_no_other_world(stand_in: Build) -> None:
    app = stand_in()
    worlds = app.application.worlds
    token = elevate_token(app)
    worlds.fork("twin", "default")

    def status(prefix: str = "") -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return int(app._client.get(f"{prefix}/elevate/v1{SUMMARIES}", headers=headers).status_code)

    worlds.create("other", "one-month")
    assert (status(), status("/w/other"), status("/w/twin")) == (200, 401, 200), "a fork is equal to what it came from"
    for _ in range(200):
        elevate_token(app)
    assert status() == 200
    worlds.reset("default")
    assert status() == 401


def test_a_token_that_was_altered_is_unknown(stand_in: Build) -> None:
    app = stand_in()
    header, claims, signature = elevate_token(app).split(".")
    for altered in (
        f"{header}.{claims}.{signature[:-1]}",
        f"{header}.{claims[:-2]}.{signature}",
        f"{header}..{signature}",
    ):
        refused = app.get("elevate", SUMMARIES, key=altered)
        assert (refused.status_code, refused.json()["message"]) == (401, "The token is not valid")


def test_logins_between_commands_do_not_disturb_a_replay(stand_in: Build) -> None:
    app = stand_in()
    first = app.do(IssueToken(api="elevate", key="counterfoil-key", minutes=5))
    elevate_token(app)
    second = app.do(IssueToken(api="elevate", key="counterfoil-key", minutes=5))
    again = rebuilt(write_capsule(app.world))
    assert [entry.fact.value for entry in again.history[again.scenario_length :]] == [first.value, second.value]


def test_failed_logins_under_many_names_are_remembered_within_a_bound(stand_in: Build) -> None:
    app = stand_in()
    for number in (*range(1100), *[1099] * 2):
        assert emnify_login(app, {"application_token": f"wrong {number}"}).status_code == 401
    assert emnify_login(app, {"application_token": "wrong 1099"}).status_code == 429
    assert len(app.world.tokens.logins) == 1000
