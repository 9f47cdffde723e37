"""Accepted deviations: they turn a finding into a note, until they expire or are no longer needed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from counterfoil.contract.baseline import BadBaseline, accept, read_baseline
from counterfoil.contract.verdict import Finding, Record, Verdict

TODAY = date(2026, 1, 20)
LAW = "elevate.sort.desc"
BROKEN = Record(
    "elevate", "law", LAW, "GET /x", "broken", 3, findings=(Finding("elevate", "law", LAW, "GET /x", "", "a", "b"),)
)
HELD = Record("elevate", "law", LAW, "GET /x", "held", 3)


def entries(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "baseline.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def entry(expires: str = "2026-12-31", id: str = LAW) -> str:
    return f"- id: {id}\n  owner: billing\n  reason: ticket 4711\n  expires: '{expires}'\n"


def judged(tmp_path: Path, text: str, *records: Record) -> Verdict:
    return Verdict(records=accept(records, read_baseline(entries(tmp_path, text)), TODAY))


def test_an_accepted_deviation_is_no_finding(tmp_path: Path) -> None:
    verdict = judged(tmp_path, entry(), BROKEN)
    assert verdict.exit_code == 0
    assert verdict.records[0].status == "accepted"
    assert "billing, until 2026-12-31: ticket 4711" in verdict.records[0].reason


def test_it_is_accepted_up_to_and_including_its_last_day(tmp_path: Path) -> None:
    assert judged(tmp_path, entry("2026-01-20"), BROKEN).exit_code == 0
    verdict = judged(tmp_path, entry("2026-01-19"), BROKEN)
    assert [finding.id for finding in verdict.findings] == [LAW, "baseline.entry"]
    assert "expired on 2026-01-19" in verdict.findings[1].got


def test_an_unquoted_date_is_a_date(tmp_path: Path) -> None:
    assert judged(tmp_path, entry().replace("'", ""), BROKEN).exit_code == 0


def test_an_entry_that_is_no_longer_needed_is_a_finding(tmp_path: Path) -> None:
    verdict = judged(tmp_path, entry(), HELD)
    assert [finding.id for finding in verdict.findings] == ["baseline.entry"]
    assert "it holds now" in verdict.findings[0].got
    assert verdict.exit_code == 1


def test_an_entry_whose_law_was_not_tried_is_left_alone(tmp_path: Path) -> None:
    assert judged(tmp_path, entry(id="emnify.vat"), HELD).findings == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: b", "a baseline is a list"),
        ("- id: x", "entry 1: has no owner, reason, expires"),
        (entry() + entry().replace("owner", "boss"), "entry 2: has no owner"),
        (entry("soon"), "expires must be a date"),
        (entry() + "  colour: red\n", "colour is not a member"),
        ("- [", "baseline.yaml:"),
        ("- 7", "entry 1: must have id"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadBaseline) as raised:
        read_baseline(entries(tmp_path, text))
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)
