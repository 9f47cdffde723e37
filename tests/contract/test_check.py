"""``check`` as a whole: its parts, exit codes, allowed changes, and reports that stay valid with hostile content."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from checking import check
from targets import independent
from toy import TOKEN, target

from counterfoil.contract import Target
from counterfoil.contract.law_books import law_book, law_book_names
from counterfoil.contract.specs.reading import read_yaml
from counterfoil.resources import specs_dir

LAWS = ["elevate.summary", "elevate.sort"]


def starting(*bugs: str, **changes: Any) -> Any:
    return lambda names: {name: replace(independent(name, *bugs), **changes) for name in names}


def test_fine_is_0_and_findings_are_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(["elevate"], start=starting(), only=LAWS, environ={}) == 0
    assert "FINE" in capsys.readouterr().out
    assert check(["elevate"], start=starting("sort_ignores_desc"), only=LAWS, environ={}) == 1
    told = capsys.readouterr().out
    assert "BROKEN" in told
    assert "✗ elevate.sort.desc" in told
    assert "counterfoil check elevate --only elevate.sort.desc --seed 1" in told
    assert "sort=customerId:desc" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"apis": ["elevte"]}, "there is no API 'elevte'; there are: billingplatform, elevate"),
        ({"apis": ["elevate"], "urls": {"elevate": "ftp://x"}}, "must be a base such as"),
        ({"apis": ["elevate"], "urls": {"elevate": "http://u:p@x/v1"}}, "credentials with --header"),
        ({"apis": ["elevate"], "urls": {"elevate": "http://[x/v1"}}, "must be a base such as"),
        ({"apis": ["elevate"], "urls": {"emnify": "http://x"}}, "not to be checked"),
        ({"apis": ["elevate"], "urls": {"elevate": "http://x/v1"}, "headers": ["nonsense-secret"]}, "--header must be"),
        ({"apis": ["elevate"], "start": None}, "no address for elevate"),
        ({"apis": ["elevate"], "only": ["elevate.srt"]}, "there is no law 'elevate.srt'"),
        ({"apis": ["elevate"], "only": ["conformance.shape"]}, "there is no check 'conformance.shape'; there are: "),
        ({"apis": ["elevate"], "baseline": Path("/nowhere.yaml")}, "/nowhere.yaml"),
        ({"apis": ["elevate"], "baseline_update": True}, "--baseline-update needs --baseline FILE"),
        ({"apis": ["elevate"], "known": ("elevate.foo=1",)}, "the laws of elevate need no ids"),
        ({"apis": ["elevate"], "known": ("flexprice.id=1",)}, "for an API that is checked"),
        ({"apis": ["elevate"], "switches": ("elevate.like=often",)}, "must be one of contains, case_sensitive"),
        ({"apis": ["elevate"], "switches": ("elevate.lik=contains",)}, "there is no switch 'elevate.lik'"),
    ],
)
def test_a_meaningless_order_is_2_and_one_line(
    options: dict[str, Any], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(**{"start": starting(), "environ": {}, **options}) == 2
    line = capsys.readouterr().err
    assert told in line
    assert line.count("\n") == 1
    assert "nonsense-secret" not in line


def test_nothing_checked_is_3() -> None:
    # Nothing to try any of these laws on: no summaries at all.
    empty = target(lambda request: [], token=TOKEN)
    assert check(["elevate"], start=lambda names: {"elevate": empty}, only=["elevate.filter.customer"], environ={}) == 3


def test_a_real_implementation_is_only_read(capsys: pytest.CaptureFixture[str]) -> None:
    methods: list[str] = []
    healthy = independent("billingplatform")
    assert healthy.transport is not None

    def note(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        assert healthy.transport is not None
        return healthy.transport.handle_request(request)

    watched = replace(healthy, transport=httpx.MockTransport(note), disposable=False, capabilities={})
    only = ["billingplatform.create", "billingplatform.change", "billingplatform.runs", "billingplatform.errors"]
    assert check(["billingplatform"], start=lambda names: {"billingplatform": watched}, only=only, environ={}) == 0
    assert set(methods) == {"GET"}
    assert "use --writes" in capsys.readouterr().out
    assert (
        check(["billingplatform"], start=lambda names: {"billingplatform": watched}, only=only, writes=True, environ={})
        == 0
    )
    assert {"POST", "PATCH"} <= set(methods)
    assert "left behind" in capsys.readouterr().out


def test_conformance_runs_too_and_finds_what_a_schema_can_tell(tmp_path: Path) -> None:
    sick = starting("array_in_envelope")
    assert (
        check(["billingplatform"], start=sick, fast=True, report=tmp_path, json=True, environ={}, max_examples=5) == 1
    )
    found = json.loads((tmp_path / "report.json").read_text())
    by_part = {(finding["part"], finding["id"]) for finding in found["findings"]}
    assert ("conformance", "conformance.response_schema_conformance") in by_part
    assert ("law", "billingplatform.runs.unique") in by_part
    assert "counterfoil-key" not in (tmp_path / "report.json").read_text()


def test_json_is_all_there_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    check(["elevate"], start=starting(), only=["elevate.auth"], json=True, environ={})
    assert json.loads(capsys.readouterr().out)["exit_code"] == 0


def test_a_baseline_makes_a_known_deviation_green(tmp_path: Path) -> None:
    accepted = tmp_path / "baseline.yaml"
    accepted.write_text("- {id: elevate.sort.unknown, owner: me, reason: known, expires: '2999-01-01'}\n")
    sick = starting("unknown_sort_accepted")
    assert check(["elevate"], start=sick, only=LAWS, environ={}) == 1
    assert check(["elevate"], start=sick, only=LAWS, environ={}, baseline=accepted) == 0
    assert check(["elevate"], start=starting(), only=LAWS, environ={}, baseline=accepted) == 1


def test_a_baseline_can_be_written_by_the_check(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "start": starting("unknown_sort_accepted", "sort_ignores_desc"),
        "only": LAWS,
        "environ": {},
    }
    baseline = tmp_path / "baseline.yaml"
    assert check(["elevate"], **options, baseline=baseline, baseline_update=True) == 0
    assert "elevate.sort.desc" in baseline.read_text()
    assert check(["elevate"], **options, baseline=baseline) == 0
    options["start"] = starting("unknown_sort_accepted", "sort_ignores_desc", "like_is_prefix")
    options["only"] = [*LAWS, "elevate.filter"]
    assert check(["elevate"], **options, baseline=baseline) == 1, "what came later is a finding"


def test_every_check_of_schemathesis_can_be_named() -> None:
    from schemathesis.checks import CHECKS, load_all_checks

    from counterfoil.contract.conformance.records import EXPECTED

    load_all_checks()
    assert set(CHECKS.get_all_names()) == set(EXPECTED)


def test_an_exceeded_time_limit_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    only = {"start": starting(), "only": ["elevate.filter"], "max_time": 0.05, "environ": {}}
    assert check(["elevate"], **only, strict=True) == 3
    told = capsys.readouterr().out
    assert "not tried" in told
    assert "the time given with --max-time is used up" in told
    assert "PARTLY TRIED" in told or "NOTHING WAS CHECKED" in told
    assert "FINE" not in told


def test_credentials_come_from_the_environment() -> None:
    from counterfoil.contract.find_targets import find_targets

    environ = {
        "COUNTERFOIL_TOKEN": "all",
        "COUNTERFOIL_TOKEN_ORACLE_BRM": "own",
        "COUNTERFOIL_LOGIN_ELEVATE": '{"a": "b"}',
    }
    urls = {"elevate": "https://e.example/v1/", "oracle-brm": "https://o.example/brm"}
    found = find_targets([], urls, ["X: y"], None, environ)
    assert (found["elevate"].token, found["oracle-brm"].token, found["elevate"].login) == ("all", "own", {"a": "b"})
    assert found["elevate"] == Target("https://e.example/v1", "all", headers={"X": "y"}, login={"a": "b"})


@pytest.mark.parametrize("api", law_book_names())
def test_every_law_has_an_id_of_its_own_and_a_sentence_it_comes_from(api: str) -> None:
    laws = law_book(api).laws
    ids = [law.id for law in laws]
    assert len(ids) == len(set(ids))
    clauses = {clause["id"]: clause for clause in read_yaml(specs_dir() / api / "clauses.yaml")}
    for law in laws:
        assert law.id.startswith(f"{api}.")
        assert law.says
        assert law.says.strip()[-1] == ".", f"{law.id} is no sentence: {law.says}"
        assert set(law.clauses) <= set(clauses), law.id
        for clause in law.clauses:
            assert law.id in clauses[clause].get("laws", []), f"{clause} does not name {law.id}"
    named = {law for clause in clauses.values() for law in clause.get("laws", [])}
    assert named <= set(ids)
