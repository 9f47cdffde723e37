"""Reports of a check: they survive hostile content, say the same in every format, and are short where they must be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from checking import check
from rich.console import Console
from targets import independent

from counterfoil.contract.causes import causes
from counterfoil.contract.reports import write_report
from counterfoil.contract.reports.console import to_console
from counterfoil.contract.reports.github import to_summary
from counterfoil.contract.reports.sarif import to_sarif
from counterfoil.contract.verdict import Finding, Record, RunError, Verdict

ROOT = Path(__file__).parents[2]

HOSTILE = "</script><img src=x onerror=alert(1)> ]]> \x00\x1b[31m | **bold** \ud83d"


def hostile() -> Verdict:
    finding = Finding(
        "elevate",
        "law",
        "elevate.x",
        "GET /x",
        HOSTILE,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        (HOSTILE,),
        ("elevate.c01",),
        HOSTILE,
    )
    broken = Record("elevate", "law", "elevate.x", "GET /x", "broken", 1, findings=(finding,))
    skipped = Record("elevate", "law", "elevate.y", "GET /x", "not applicable", reason=HOSTILE)
    return Verdict(
        records=[broken, skipped], errors=[RunError("elevate", HOSTILE)], left_behind=[HOSTILE], notes=[HOSTILE]
    )


def test_reports_hold_on_hostile_content(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = write_report(hostile(), tmp_path / "new" / "folder")
    assert [path.name for path in files] == ["junit.xml", "report.html", "report.json", "report.sarif"]
    suite = Xml.parse(files[0]).getroot().find("testsuite")
    assert suite is not None
    assert [case.get("name") for case in suite] == ["elevate.x", "elevate.y", "could be run"]
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("1", "1", "1")
    page = files[1].read_text(encoding="utf-8")
    assert "<img" not in page
    assert "&lt;img" in page
    assert "src=" not in page.replace("src=x", "")
    assert json.loads(files[2].read_text())["findings"][0]["id"] == "elevate.x"
    summary = to_summary(hostile())
    assert "<img" not in summary
    assert "**bold**" not in summary
    to_console(hostile(), Console(markup=False, highlight=False))
    assert "\x1b[31m" not in capsys.readouterr().out


def test_a_github_step_summary_is_written(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    start = lambda names: {"elevate": independent("elevate")}  # noqa: E731
    check(["elevate"], start=start, only=["elevate.auth"], environ={"GITHUB_STEP_SUMMARY": str(summary)})
    assert "✅ counterfoil: FINE" in summary.read_text()


LIST = "GET /customer-billing-summaries"


def finding(id: str, family: str, got: str, **more: Any) -> Finding:
    values = {"api": "elevate", "part": "law", "operation": LIST, "says": "", "expected": "status 200"}
    return Finding(**{**values, "id": id, "family": family, "got": got, **more})


def causes_of(*findings: Finding) -> list[set[str]]:
    return [{each.id for each in group} for group in causes(findings)]


def test_laws_of_one_kind_are_one_cause() -> None:
    wrong = {"expected": "ascending", "part": "law"}
    found = causes_of(
        finding("elevate.sort.asc", "sorting", "3 before 1", **wrong),
        finding("elevate.sort.desc", "sorting", "1 before 3", **wrong),
        finding("elevate.filter.customer", "filtering", "2 items", **wrong),
    )
    assert found == [{"elevate.sort.asc", "elevate.sort.desc"}, {"elevate.filter.customer"}]


def test_an_operation_that_answers_501_is_one_cause_in_laws_and_conformance() -> None:
    schema = {"part": "conformance", "expected": "a status below 500"}
    found = causes_of(
        finding("elevate.sort.asc", "sorting", "501: not here"),
        finding("elevate.filter.customer", "filtering", "501: not here"),
        finding("conformance.not_a_server_error", "", "Server error (answered 501: not here)", **schema),
        finding("conformance.unsupported_method", "", "No 405 (answered 501: no)", operation="PUT /x", **schema),
    )
    assert len(found) == 1


def test_a_request_that_is_refused_is_one_cause_whatever_the_law_was_about() -> None:
    found = causes_of(
        finding("elevate.sort.asc", "sorting", "404: no such page"),
        finding("elevate.filter.customer", "filtering", "404: no such page"),
        finding("elevate.filter.nothing", "filtering", "200: []", expected="status 400"),
    )
    assert found == [{"elevate.sort.asc", "elevate.filter.customer"}, {"elevate.filter.nothing"}]


def test_errors_that_lack_the_same_are_one_cause_wherever_they_come_from() -> None:
    error = {"expected": "the vendor's error body", "part": "law"}
    found = causes_of(
        finding("elevate.auth.none", "auth", 'no string in message: {"error": "Unauthorized"}', **error),
        finding(
            "elevate.auth.login", "auth", 'no string in message: {"error": "Bad"}', operation="POST /login", **error
        ),
        finding("elevate.sort.unknown", "errors", "status '400' in the body of a 404", **error),
        finding("elevate.page.zero", "errors", "status '400' in the body of a 405", **error),
        finding("elevate.errors.accept", "errors", "200: []", expected="status 406"),
    )
    assert found == [
        {"elevate.auth.none", "elevate.auth.login"},
        {"elevate.sort.unknown", "elevate.page.zero"},
        {"elevate.errors.accept"},
    ]


def test_errors_as_html_are_one_cause_in_laws_and_conformance() -> None:
    html, conformance = (
        "400 as text/html, not application/json: <!doctype",
        "Undocumented Content-Type: Received: text/html",
    )
    media_type = {"part": "conformance", "family": "conformance.x", "expected": "a documented media type"}
    found = causes_of(
        finding("elevate.sort.unknown", "errors", html, expected="the vendor's error body"),
        finding("elevate.auth.login", "auth", html, expected="the vendor's error body", operation="POST /login"),
        finding("conformance.a", got=f"{conformance} (answered 400: <!doctype)", operation="GET /x", **media_type),
        finding("conformance.b", got=f"{conformance} (answered 405: <!doctype)", operation="GET /y", **media_type),
        finding("conformance.c", got=f"{conformance} (answered 200: <!doctype)", operation="GET /z", **media_type),
    )
    assert [len(group) for group in found] == [4, 1]


def test_a_value_that_is_not_documented_is_one_cause_in_its_law_and_in_its_schema() -> None:
    schema = {"part": "conformance", "expected": "a body that fits the documented schema"}
    found = causes_of(
        finding("elevate.summary.billing-status", "enums", "DONE", expected="billingStatus one of ACTIVE, CEASED"),
        finding("conformance.response_schema_conformance", "conformance.x", '"DONE" is not one of "ACTIVE"', **schema),
    )
    assert len(found) == 1


def test_a_response_of_another_shape_is_told_by_its_schema_first() -> None:
    schema = {"part": "conformance", "expected": "a body that fits the documented schema"}
    group = causes(
        [
            finding("elevate.summary.difference", "shape", "a response without the member openBillRunValue"),
            finding(
                "conformance.response_schema_conformance", "conformance.x", "'openBillRunValue' is required", **schema
            ),
        ]
    )
    assert [[each.id for each in found] for found in group] == [
        ["conformance.response_schema_conformance", "elevate.summary.difference"]
    ]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of a check of an application whose descending sort ascends, and which takes unknown sort fields."""
    folder = tmp_path_factory.mktemp("reported")
    sick = independent("elevate", "sort_ignores_desc", "unknown_sort_accepted")
    baseline = folder / "baseline.yaml"
    baseline.write_text("- {id: elevate.sort.unknown, owner: me, reason: ticket 4711, expires: 2999-01-01}\n")
    environ = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    options = {"only": ["elevate.sort", "elevate.filter"], "report": folder, "baseline": baseline, "environ": environ}
    assert check(["elevate"], start=lambda names: {"elevate": sick}, **options) == 1
    return folder


def test_sarif_points_at_the_line_of_the_spec(reported: Path) -> None:
    (run,) = json.loads((reported / "report.sarif").read_text())["runs"]
    results = {result["ruleId"]: result for result in run["results"]}
    physical = results["elevate.sort.desc"]["locations"][0]["physicalLocation"]
    spec = ROOT / physical["artifactLocation"]["uri"]
    line = spec.read_text().splitlines()[physical["region"]["startLine"] - 1]
    assert line.strip() == "SortParam:"
    assert (
        "again: counterfoil check elevate --only elevate.sort.desc" in results["elevate.sort.desc"]["message"]["text"]
    )
    rule = run["tool"]["driver"]["rules"][results["elevate.sort.desc"]["ruleIndex"]]
    assert rule["id"] == "elevate.sort.desc"
    assert "vendors/elevate.md#" in rule["help"]["text"]
    assert "suppressions" not in results["elevate.sort.desc"]
    assert results["elevate.sort.unknown"]["suppressions"][0]["justification"] == "me, until 2999-01-01: ticket 4711"
    assert run["invocations"][0]["exitCode"] == 1


def test_every_report_has_the_vendor_s_sentence_and_what_it_cites(reported: Path) -> None:
    page, junit = (reported / "report.html").read_text(), (reported / "junit.xml").read_text()
    for text in (page, junit, json.dumps(json.loads((reported / "report.json").read_text()))):
        assert (
            "elevate.c07: sort is a comma-separated list of fields to sort by. (docs/vendors/elevate.md#document)"
            in text
        )
        assert "specs/elevate/openapi.yaml:" in text
    assert "The spec was written from the page of getCustomerBillingSummary" in page, "the statement itself"


def test_the_step_summary_is_short(reported: Path) -> None:
    summary = (reported / "summary.md").read_text()
    assert summary.startswith("### ❌ counterfoil: BROKEN: 1 cause")
    assert len(summary.splitlines()) < 12
    many = [
        Record(
            "elevate",
            "law",
            f"elevate.x{n}",
            LIST,
            "broken",
            1,
            findings=(finding(f"elevate.x{n}", f"f{n}", "b" * 900),),
        )
        for n in range(200)
    ]
    assert len(to_summary(Verdict(records=many))) < 6000


def test_the_step_summary_says_once_that_nothing_could_be_run() -> None:
    summary = to_summary(Verdict(errors=[RunError("elevate", "cannot be reached")]))
    assert summary.strip() == "### ⚠️ counterfoil: COULD NOT RUN: cannot be reached"


def test_what_could_not_be_run_is_in_sarif_too() -> None:
    (run,) = to_sarif(Verdict(errors=[RunError("elevate", "cannot be reached")]))["runs"]
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "elevate: cannot be reached"
