"""The same instant with any UTC offset makes the same world, equal in every byte and amount."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from counterfoil.ledger.errors import BadValue
from counterfoil.lookup import scenario
from counterfoil.world.capsule import make_capsule, open_capsule, read_capsule, write_capsule
from counterfoil.world.commands import AdvanceClock, RecordUsage, read_command
from counterfoil.world.scenario_loader import parse_scenario
from counterfoil.world.scenario_runner import run_scenario
from counterfoil.world.timestamps import read_instant
from counterfoil.world.world import World

NINE = datetime(2026, 1, 31, 9, tzinfo=UTC)
FORMS = [
    "2026-01-31T09:00:00Z", "2026-01-31t09:00:00z", "2026-01-31 09:00:00+00:00", "2026-01-31T09:00:00.000Z",
    "2026-01-31T10:00:00+01:00", "2026-01-31T10:00:00+0100", "2026-01-31T10:00:00+01", "2026-01-31T09:00Z",
    "2026-01-31T10:00+01:00[Europe/Berlin]", "2026-01-31T04:00:00.000-0500", "2026-01-31T08:59:60Z",
    "2026-01-31T09:00:00.000000000Z",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMS)
def test_what_clients_write_is_read(text: str) -> None:
    assert read_instant(text) == NINE
    assert read_instant(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["", "2026-01-31", "2026-01-31T09:00:00", "31.1.2026", "2026-02-30T09:00:00Z",
                                  "2026-01-31T09:00:00+25:00", "2026-01-31T09:00:61Z"])  # fmt: skip
def test_a_refusal_explains_the_expected_form(text: str) -> None:
    with pytest.raises(ValueError, match="write it as in 2026-01-31T09:00:00Z"):
        read_instant(text)
    with pytest.raises(BadValue, match="write it as in 2026-01-31T09:00:00Z") as refused:
        read_command({"command": "advance_clock", "to": text})
    assert refused.value.field == "to"


def test_a_time_without_an_offset_is_refused_in_python() -> None:
    with pytest.raises(BadValue, match="needs its offset"):
        AdvanceClock(to=datetime(2026, 2, 1))  # noqa: DTZ001


def told(started_at: Any, to: Any) -> World:
    world = run_scenario(scenario("one-month"))
    world.execute(read_command({"command": "advance_clock", "to": "2026-02-01T01:00:00Z"}))
    usage = {"customer": 1, "country": "DE", "quantity": "1000", "started_at": started_at}
    world.execute(read_command({"command": "record_usage", **usage}))
    world.execute(read_command({"command": "advance_clock", "to": to}))
    return world


def test_offsets_make_no_difference_to_a_world_or_its_capsule() -> None:
    """Half an hour before February in UTC is January, though it is February in Berlin and in Kolkata."""
    first = told("2026-01-31T23:30:00Z", "2026-02-01T19:00:00Z")
    berlin = datetime.fromisoformat("2026-02-01T00:30:00+01:00")
    others = [
        told("2026-02-01T00:30:00+01:00", "2026-02-02T00:30:00+05:30"),
        told("2026-02-01T05:00:00+0530", "2026-02-01T14:00:00-05"),
        told(berlin, datetime.fromisoformat("2026-02-01T20:00:00+01:00")),
    ]
    for other in others:
        assert write_capsule(other) == write_capsule(first)
    opened = open_capsule(read_capsule(write_capsule(others[0])), ())
    assert make_capsule(opened).digest == make_capsule(first).digest
    assert RecordUsage(customer=1, country="DE", quantity=1, started_at=berlin).started_at == berlin.astimezone(UTC)  # type: ignore[arg-type]


def test_a_scenario_that_starts_in_another_offset_is_the_same_story() -> None:
    """At midnight UTC it is the evening before in New York; the first fees are due on the UTC date nevertheless."""
    own = scenario("demo")
    text = own.source.decode()
    line = next(each for each in text.splitlines() if each.startswith("starts:"))
    elsewhere = own.definition.starts.astimezone(timezone(timedelta(hours=-5))).isoformat()
    other = parse_scenario("demo", text.replace(line, f"starts: {elsewhere}").encode(), "demo.yaml")
    assert other.definition == own.definition
    first, second = (list(run_scenario(each, customers=40).ledger.store.unique_states()) for each in (own, other))
    assert first == second


def test_a_leap_second_is_accepted_and_other_forms_are_explained(stand_in: Any) -> None:
    app = stand_in("quiet", apis=["oracle-brm"])
    for written in ("2026-06-30T23:59:60Z", "2026-07-01T02:00:00%2B02:00"):
        assert app.get("oracle-brm", f"/customerBill?limit=1&billDate.gte={written}").status_code == 200
    for written in ("2026-07-01T01:00:00%2B0100", "2026-07-01T01:00:00+01:00", "tomorrow"):
        refused = app.get("oracle-brm", f"/customerBill?limit=1&billDate.gte={written}")
        assert refused.status_code == 400
        assert "write it as in 2026-01-31T09:00:00Z or 2026-01-31T10:00:00+01:00 (in a URL, + is %2B)" in refused.text
