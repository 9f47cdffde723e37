"""The times of a made row agree: what begins ends later, and what has not happened has no time."""

from __future__ import annotations

from typing import Any

import pytest
from tests.own_documents.served import DOCUMENTS, served

PANTRY = DOCUMENTS / "pantry.yaml"
PAIRS = [("created", "updated"), ("startsAt", "endsAt"), ("valid_from", "valid_until"), ("opened", "closed")]


def deliveries(rows: int) -> list[dict[str, Any]]:
    with served(PANTRY, rows=rows) as pantry:
        found: list[dict[str, Any]] = pantry.get("/deliveries").json()
        assert found == [pantry.get(f"/deliveries/{each['id']}").json() for each in found]
        return found


@pytest.mark.parametrize(("begins", "ends"), PAIRS)
def test_nothing_ends_before_it_begins(begins: str, ends: str) -> None:
    found = deliveries(60)
    assert len(found) == 60
    assert [each for each in found if each[begins] > each[ends]] == []
    assert len({each[begins] for each in found}) > 40


def test_nor_does_what_is_inside_a_field() -> None:
    windows = [each["window"] for each in deliveries(60)]
    assert [each for each in windows if each["from"] > each["to"]] == []


def test_what_the_state_or_a_flag_says_has_a_time_and_nothing_else_has() -> None:
    found = deliveries(60)
    assert {each["status"] for each in found} == {"ordered", "paid", "cancelled"}
    for each in found:
        assert (each["paid_at"] is not None) is (each["status"] == "paid")
        assert ("canceledAt" in each) is (each["status"] == "cancelled")
        assert (("salted_at" in each), ("frozenAt" in each)) == (each["salted"], each["frozen"])
        assert each["promised_at"], "it must be there, and no state says it"
        assert "deletedAt" not in each


def test_one_row_more_changes_no_other_and_the_same_seed_makes_the_same() -> None:
    assert deliveries(60)[:59] == deliveries(59) == deliveries(59)
