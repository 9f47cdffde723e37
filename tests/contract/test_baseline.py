"""Accepted deviations turn a finding into a note, until they expire or are no longer needed."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from counterfoil.contract.baseline import BadBaseline, accept, read_baseline
from counterfoil.contract.baseline_update import updated, write_baseline
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


def test_an_accepted_deviation_is_not_a_finding(tmp_path: Path) -> None:
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


CHECK = Record(
    "elevate",
    "conformance",
    "conformance.ignored_auth",
    "GET /x",
    "broken",
    9,
    findings=(Finding("elevate", "conformance", "conformance.ignored_auth", "GET /x", "", "401", '200: it\'s "free"'),),
)


def rewritten(path: Path, *records: Record) -> str:
    write_baseline(path, updated(read_baseline(path) if path.exists() else (), records, TODAY))
    return path.read_text(encoding="utf-8")


def test_an_update_accepts_what_is_broken_now(tmp_path: Path) -> None:
    path = tmp_path / "baseline.yaml"
    rewritten(path, BROKEN, CHECK, HELD)
    assert Verdict(records=accept((BROKEN, CHECK), read_baseline(path), TODAY)).exit_code == 0
    first, second = read_baseline(path)
    assert (first.id, first.expires, first.operation) == (LAW, date(2026, 4, 20), "")
    assert (second.id, second.operation, second.api) == ("conformance.ignored_auth", "GET /x", "elevate")
    assert second.reason == 'expected 401; got 200: it\'s "free"'


def test_an_update_keeps_owner_and_reason_and_removes_what_holds(tmp_path: Path) -> None:
    path = entries(tmp_path, entry() + entry(id="elevate.paging.slice") + entry(id="emnify.vat"))
    held = Record("elevate", "law", "elevate.paging.slice", "GET /x", "held", 3)
    rewritten(path, BROKEN, held)
    kept = read_baseline(path)
    assert [each.id for each in kept] == [LAW, "emnify.vat"], "what was not tried stays"
    assert (kept[0].owner, kept[0].reason, kept[0].expires) == ("billing", "ticket 4711", date(2026, 12, 31))


def test_an_update_renews_what_had_expired(tmp_path: Path) -> None:
    path = entries(tmp_path, entry("2026-01-19"))
    rewritten(path, BROKEN)
    (kept,) = read_baseline(path)
    assert (kept.owner, kept.expires) == ("billing", date(2026, 4, 20))


def test_an_update_without_findings_is_an_empty_baseline(tmp_path: Path) -> None:
    path = tmp_path / "baseline.yaml"
    rewritten(path, HELD)
    assert read_baseline(path) == ()


def test_the_format_in_the_documentation_is_the_one_that_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "check-an-implementation.md").read_text(encoding="utf-8")
    (example,) = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "expires" in block]
    assert [each.id for each in read_baseline(entries(tmp_path, example))] == [LAW, "conformance.ignored_auth"]
