"""Logging in at emnify: three kinds of credential, tokens that expire by the world's clock, and a block after refusals."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from counterfoil.world.commands import AdvanceClock

SCENARIO = str(Path(__file__).parent / "scenarios" / "emnify.yaml")
BILL = "/organisation/1/billing/202601"
PASSWORD = sha1(b"counterfoil-key").hexdigest()
WRONG = {"application_token": "wrong-token"}

Build = Callable[..., Any]


@pytest.fixture
def emnify(stand_in: Build) -> Build:
    return lambda **options: stand_in(SCENARIO, apis=["emnify"], **options)


def log_in(app: Any, body: Any, key: str | None = None, **options: Any) -> Any:
    return app.post("emnify", "/authenticate", key=key, json=body, **options)


def test_a_program_logs_in_and_reads_its_bill(emnify: Build) -> None:
    app = emnify()
    answer = log_in(app, {"application_token": "counterfoil-key"})
    assert answer.status_code == 200
    assert set(answer.json()) == {"auth_token"}
    assert app.get("emnify", BILL, key=answer.json()["auth_token"]).status_code == 200


@pytest.mark.parametrize("name", ["counterfoil", "someone@example.com"])
def test_a_user_logs_in_and_refreshes(emnify: Build, name: str) -> None:
    app = emnify()
    both = log_in(app, {"username": name, "password": PASSWORD.upper(), "fingerprint": "known"}).json()
    assert set(both) == {"auth_token", "refresh_token"}
    again = log_in(app, {"refresh_token": both["refresh_token"]}).json()
    assert set(again) == {"auth_token"}
    assert again["auth_token"] != both["auth_token"]
    assert app.get("emnify", BILL, key=again["auth_token"]).status_code == 200
    assert app.get("emnify", BILL, key=both["refresh_token"]).status_code == 401
    assert log_in(app, {"refresh_token": both["auth_token"]}).status_code == 401


def test_a_refresh_token_ends_after_a_month(emnify: Build) -> None:
    app = emnify()
    token = log_in(app, {"username": "counterfoil", "password": PASSWORD}).json()["refresh_token"]
    app.do(AdvanceClock(days=29))
    assert log_in(app, {"refresh_token": token}).status_code == 200
    app.do(AdvanceClock(days=1))
    assert log_in(app, {"refresh_token": token}).status_code == 401


def test_the_login_ignores_authorization(emnify: Build) -> None:
    assert log_in(emnify(), {"application_token": "counterfoil-key"}, key="None").status_code == 200


def test_a_token_is_valid_for_240_minutes(emnify: Build) -> None:
    app = emnify()
    token = log_in(app, {"application_token": "counterfoil-key"}).json()["auth_token"]
    app.do(AdvanceClock(minutes=239))
    assert app.get("emnify", BILL, key=token).status_code == 200
    app.do(AdvanceClock(minutes=1))
    expired = app.get("emnify", BILL, key=token)
    assert (expired.status_code, expired.json()["error_code"], expired.json()["error_token"]) == (
        401,
        1103,
        "TokenExpired",
    )


def test_the_gateway_may_turn_expired_tokens_away(emnify: Build) -> None:
    app = emnify(switches={"emnify.expired_token": "gateway"})
    token = log_in(app, {"application_token": "counterfoil-key"}).json()["auth_token"]
    app.do(AdvanceClock(minutes=240))
    expired = app.get("emnify", BILL, key=token)
    assert expired.status_code == 401
    assert set(expired.json()) == {"message"}


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Bearer a.b.c", "Basic Y291bnRlcmZvaWwta2V5", "x"])
def test_the_gateway_turns_unreadable_tokens_away(emnify: Build, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = emnify().get("emnify", BILL, key=None, headers=headers)
    assert answer.status_code == 401
    assert set(answer.json()) == {"message"}
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"


def test_the_message_for_an_invalid_token_is_as_recorded(emnify: Build) -> None:
    answer = emnify().get("emnify", BILL, key="wrong")
    assert answer.json() == {"message": "token contains an invalid number of segments"}


def test_a_token_may_no_more_than_its_key(emnify: Build) -> None:
    app = emnify()
    parent = log_in(app, {"application_token": "key-of-parent"}).json()["auth_token"]
    assert app.get("emnify", BILL, key=parent).status_code == 403
    assert app.get("emnify", "/organisation/4/billing/202601", key=parent).status_code == 200
    nothing = log_in(app, {"application_token": "counterfoil-forbidden"}).json()["auth_token"]
    assert app.get("emnify", BILL, key=nothing).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        WRONG,
        {"refresh_token": "wrong-token"},
        {"username": "counterfoil", "password": "0" * 40},
        {"username": "nobody", "password": PASSWORD},
    ],
)
def test_a_refused_login_has_no_body_and_the_fourth_is_blocked(emnify: Build, body: Any) -> None:
    app = emnify()
    for _ in range(3):
        refused = log_in(app, body)
        assert (refused.status_code, refused.content) == (401, b"")
    blocked = log_in(app, body)
    assert (blocked.status_code, blocked.json()["error_code"], blocked.headers["retry-after"]) == (429, 1105, "300")
    app.do(AdvanceClock(minutes=4))
    assert log_in(app, body).headers["retry-after"] == "60"
    app.do(AdvanceClock(minutes=1))
    assert log_in(app, body).status_code == 401


def test_the_block_is_for_one_name_even_with_the_right_password(emnify: Build) -> None:
    app = emnify()
    for _ in range(3):
        log_in(app, {"username": "counterfoil", "password": "0" * 40})
    right = {"username": "counterfoil", "password": PASSWORD}
    assert log_in(app, right).status_code == 429
    assert log_in(app, {"username": "other@example.com", "password": PASSWORD}).status_code == 200
    app.do(AdvanceClock(minutes=5))
    assert log_in(app, right).status_code == 200


def test_a_success_wipes_the_failures_out(emnify: Build) -> None:
    app = emnify()
    wrong, right = ({"username": "counterfoil", "password": each} for each in ("0" * 40, PASSWORD))
    outcome = [log_in(app, each).status_code for each in (wrong, wrong, right, wrong, wrong, right)]
    assert outcome == [401, 401, 200, 401, 401, 200]


def test_the_block_can_be_switched_off(emnify: Build) -> None:
    app = emnify(switches={"emnify.login_block": "off"})
    assert [log_in(app, WRONG).status_code for _ in range(5)] == [401] * 5


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"application_token": ""},
        {"application_token": 7},
        {"username": "counterfoil"},
        {"username": "counterfoil", "password": "counterfoil-key"},
        {"application_token": "counterfoil-key", "refresh_token": "counterfoil-key"},
    ],
)
def test_a_malformed_login_is_400(emnify: Build, body: Any) -> None:
    answer = log_in(emnify(), body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, 1000)


def test_other_ways_to_get_a_login_wrong(emnify: Build) -> None:
    app = emnify()
    assert app.post("emnify", "/authenticate", key=None, content=b"").status_code == 400
    assert app.post("emnify", "/authenticate", key=None, content=b"\xff{").status_code == 400
    text = app.post("emnify", "/authenticate", key=None, content=b"x", headers={"content-type": "text/plain"})
    assert text.status_code == 415
    wrong_method = app.get("emnify", "/authenticate", key=None)
    assert (wrong_method.status_code, wrong_method.json()["error_code"]) == (405, 1406)


def test_a_login_never_leaves_the_credential_in_the_history(emnify: Build) -> None:
    app = emnify()
    log_in(app, {"username": "someone@example.com", "password": "0" * 40})
    log_in(app, {"application_token": "wrong-token"})
    assert "someone" not in str(app.world.commands)
    assert "wrong-token" not in str(app.world.commands)
