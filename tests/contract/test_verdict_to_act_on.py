"""A check's result is actionable: untried laws do not count as passed, commands repeat the run, curl lines work when pasted."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checking import check
from recording import Recorder

from counterfoil.app import build
from counterfoil.serving import listen, origin_of, serve_in_thread

ROOT = Path(__file__).parents[2]
KEY = "counterfoil-key"
ENVIRON = {"COUNTERFOIL_TOKEN": KEY}
BASES = {"emnify": "/emnify/api/v1", "flexprice": "/flexprice/v1", "elevate": "/elevate/v1"}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    application = build(list(BASES), scenario_name="demo")
    taken = listen("127.0.0.1", 0)
    stop = serve_in_thread(application.server, taken)
    yield origin_of(taken)
    stop()


def unsorted(method: str, path: str, status: int, headers: dict[str, str], body: bytes) -> Any:
    """Amounts become strings, and requested sorts are reversed."""
    if status == 200 and "sort=" in path:
        body = json.dumps(json.loads(body)[::-1]).encode()
    if status == 200 and "ratingStatus" not in path:
        body = body.replace(b'"openBillRunValue":', b'"openValue":')
    return status, headers, body


@pytest.fixture(scope="module")
def sick(origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    folder = tmp_path_factory.mktemp("report")
    with Recorder(origin, unsorted) as recorder:
        url = f"{recorder.url}{BASES['elevate']}"
        code = check(["elevate"], urls={"elevate": url}, fast=True, max_examples=2, report=folder, environ=ENVIRON)
        assert code == 1
        yield json.loads((folder / "report.json").read_text()), url


def test_the_again_line_repeats_the_run_at_the_same_address(sick: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from click.testing import CliRunner

    from counterfoil.cli.check import check as command

    report, url = sick
    finding = next(f for f in report["findings"] if f["id"] == "elevate.sort.asc")
    words = shlex.split(finding["reproduce"])
    assert words[:2] == ["counterfoil", "check"]
    assert f"elevate={url}" in words
    result = CliRunner().invoke(command, words[2:], env=ENVIRON)
    assert result.exit_code == 1
    assert "elevate.sort.asc" in result.output


def test_a_conformance_finding_is_found_again_and_its_curl_line_works(sick: Any) -> None:
    report, _ = sick
    finding = next(f for f in report["findings"] if f["id"] == "conformance.response_schema_conformance")
    assert "--only conformance.response_schema_conformance" in finding["reproduce"]
    line = next(line for line in finding["requests"] if line.startswith("curl"))
    assert '"Authorization: Bearer $COUNTERFOIL_TOKEN"' in line
    done = subprocess.run(
        ["bash", "-c", f"{line} -sS -o /dev/null -w '%{{http_code}}'"],
        env=ENVIRON | {"no_proxy": "*", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.stdout[-3:] == "200", done


def test_two_headers_have_a_variable_each_and_the_again_line_works_with_both(origin: str, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from counterfoil.cli.check import check as command

    given = ("X-Tenant: the-tenant-of-acme", f"Authorization: Bearer {KEY}", "X-Region: north-by-north-west")
    with Recorder(origin, unsorted) as recorder:
        url = f"{recorder.url}{BASES['elevate']}"
        options: dict[str, Any] = {"urls": {"elevate": url}, "headers": given, "only": ("elevate.sort.asc",)}
        assert check(["elevate"], **options, report=tmp_path, environ={}) == 1
        report = (tmp_path / "report.json").read_text()
        assert not [value for value in ("the-tenant-of-acme", "north-by-north-west", KEY) if value in report]
        finding = json.loads(report)["findings"][0]
        for line in (finding["requests"][-1], finding["reproduce"]):
            for word in ("X-Tenant: $COUNTERFOIL_HEADER_X_TENANT", "X-Region: $COUNTERFOIL_HEADER_X_REGION"):
                assert f'"{word}"' in line
            assert '"Authorization: Bearer $COUNTERFOIL_TOKEN"' in line
        environ = {
            "COUNTERFOIL_HEADER_X_TENANT": "the-tenant-of-acme",
            "COUNTERFOIL_HEADER_X_REGION": "north-by-north-west",
            "COUNTERFOIL_TOKEN": KEY,
        }
        shell = f"printf '%s\\n' {finding['reproduce'].removeprefix('counterfoil check ')}"
        words = subprocess.run(["bash", "-c", shell], env=environ, capture_output=True, text=True).stdout.splitlines()
        assert given[0] in words
        assert CliRunner().invoke(command, words, env={}).exit_code == 1


def test_one_broken_behaviour_is_one_cause(sick: Any) -> None:
    report, _ = sick
    sorting = {f["cause"] for f in report["findings"] if f["id"].startswith("elevate.sort.")}
    assert len({f["id"] for f in report["findings"] if f["id"].startswith("elevate.sort.")}) > 2
    assert len(sorting) == 1


def test_a_finding_shows_the_sentence_of_the_document(sick: Any) -> None:
    report, _ = sick
    finding = next(f for f in report["findings"] if f["id"] == "elevate.sort.asc")
    assert any(sentence.startswith("elevate.c07: ") for sentence in finding["sentences"])


def test_a_value_that_does_not_fit_its_schema_is_shown_with_the_sentence_about_it(origin: str, tmp_path: Path) -> None:
    """Every customerId is a text, where the document has an integer."""

    def as_text(method: str, path: str, status: int, headers: dict[str, str], body: bytes) -> Any:
        return status, headers, re.sub(rb'"customerId":(\d+)', rb'"customerId":"\1"', body)

    only = ["elevate.summary.id-is-integer", "conformance.response_schema_conformance"]
    with Recorder(origin, as_text) as recorder:
        urls = {"elevate": f"{recorder.url}{BASES['elevate']}"}
        options: dict[str, Any] = {"fast": True, "max_examples": 2, "report": tmp_path, "environ": ENVIRON}
        assert check(["elevate"], urls=urls, only=only, **options) == 1
    found = {f["id"]: f for f in json.loads((tmp_path / "report.json").read_text())["findings"]}
    law, schema = (found[name] for name in only)
    assert law["got"].startswith('"'), "a text, and not a number"
    assert law["cause"] == schema["cause"]
    assert 'is not of type "integer", at /0/customerId' in schema["got"]
    assert "Schema at" not in schema["got"]
    assert schema["sentences"][0].startswith("elevate.c20: customerId is an integer")
    file, _, line = schema["place"].rpartition(":")
    assert (ROOT / file).read_text().splitlines()[int(line) - 1].strip() == "customerId:"


def test_laws_without_a_needed_id_are_not_tried_and_fail_with_strict(
    origin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options: dict[str, Any] = {"urls": {"emnify": origin + BASES["emnify"]}, "only": ["emnify"], "environ": ENVIRON}
    assert check(["emnify"], **options) == 0
    told = capsys.readouterr().out
    assert "PARTLY TRIED" in told
    assert "use --known emnify.org_id=VALUE" in told
    assert check(["emnify"], **options, strict=True) == 3


@pytest.mark.parametrize(
    ("api", "known"), [("emnify", "emnify.org_id=4242"), ("flexprice", "flexprice.id=nobody_at_all")]
)
def test_an_id_that_the_target_does_not_have_is_one_line(
    origin: str, api: str, known: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options: dict[str, Any] = {"urls": {api: origin + BASES[api]}, "only": [api], "environ": ENVIRON}
    assert check([api], **options, known=(known,)) == 3
    told = capsys.readouterr().out
    assert f"--known {known}: the target shows nothing for this id" in told
    assert "BROKEN" not in told


def test_a_baseline_entry_for_no_law_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = tmp_path / "baseline.yaml"
    entry.write_text("- {id: elevate.typo.law, owner: me, reason: known, expires: '2999-01-01'}\n")
    assert check(["elevate"], urls={"elevate": "http://127.0.0.1:9/v1"}, baseline=entry, environ={}) == 2
    assert "elevate.typo.law" in capsys.readouterr().err


def test_laws_are_listed_with_their_sentence_and_needs() -> None:
    from click.testing import CliRunner

    from counterfoil.cli.check import check as command

    listed = CliRunner().invoke(command, ["--list-laws", "billingplatform"]).output
    assert "billingplatform.lock.dates  PATCH /billingRuns/{id}" in listed
    assert "needs --writes, capability move_run" in listed
