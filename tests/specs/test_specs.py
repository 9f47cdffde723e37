"""Every spec keeps every lint rule, and every rule finds the bug that it is meant to find."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counterfoil.contract.specs import lint as rules
from counterfoil.contract.specs import metadata_rules
from counterfoil.contract.specs.lint import LintedSpec, lint, load_spec, spec_folders

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = spec_folders(ROOT / "specs")
EXAMPLES = ROOT / "fixtures" / "examples"

every_spec = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def test_there_are_specs_to_look_at() -> None:
    assert {"elevate", "billingplatform"} <= {folder.name for folder in FOLDERS}


@every_spec
@pytest.mark.parametrize("rule", rules.RULES + rules.SOURCED_RULES, ids=lambda rule: rule.__name__)
def test_spec_keeps_the_rule(folder: Path, rule: Callable[[LintedSpec], list[rules.LintFinding]]) -> None:
    findings = rule(load_spec(folder))
    assert not findings, "\n".join(map(str, findings))


@every_spec
def test_every_answer_a_vendor_printed_fits_our_spec(folder: Path) -> None:
    findings = metadata_rules.printed_responses_valid(load_spec(folder), EXAMPLES / folder.name)
    assert not findings, "\n".join(map(str, findings))


@pytest.mark.parametrize("api", ["elevate", "oracle-brm", "flexprice", "emnify", "billingplatform"])
def test_every_vendor_has_printed_answers(api: str) -> None:
    if not (ROOT / "specs" / api / "openapi.yaml").exists():
        pytest.skip(f"no spec of {api} yet")
    assert list((EXAMPLES / api).glob("*.json")), f"no printed answers of {api}"


# ---------------------------------------------------------------- the bugs the rules are there for

OPERATION = "#/paths/~1customer-billing-summaries/get"
ITEM = "#/components/schemas/CustomerBillingSummary"

BUGS: dict[str, tuple[str, str, Any, str, str]] = {
    # name: (parent of what is changed, key, new value or None to remove, rule that must see it, words of its message)
    "no title": ("#/info", "title", None, "valid_openapi", "title"),
    "unknown type": (f"{ITEM}/properties/customerId", "type", "int", "valid_openapi", "int"),
    "openapi 3.1": ("#", "openapi", "3.1.0", "valid_openapi", "3.0.x"),
    "operation unsourced": (OPERATION, "x-source", None, "sources_present", "operation without x-source"),
    "parameter unsourced": ("#/components/parameters/SortParam", "x-source", None, "sources_present", "parameter without"),
    "schema unsourced": (ITEM, "x-source", None, "sources_present", "schema without"),
    "response unsourced": (f"{OPERATION}/responses/200", "x-source", None, "sources_present", "response without"),
    "header unsourced": ("#/components/headers/Allow", "x-source", None, "sources_present", "header without"),
    "body unsourced": ("#/paths/~1authenticate/post/requestBody", "x-source", None, "sources_present", "requestBody without"),
    "scheme unsourced": ("#/components/securitySchemes/bearerAuth", "x-source", None, "sources_present", "without"),
    "made-up source": (OPERATION, "x-source", "rumour", "sources_present", "rumour"),
    "made-up property source": (f"{ITEM}/properties/customerId", "x-source", "rumour", "sources_present", "rumour"),
    "property example": (f"{ITEM}/properties/customerId", "example", "one", "examples_valid", "integer"),
    "parameter example": ("#/components/parameters/ResultsPerPageParam", "example", 1001, "examples_valid", "1000"),
    "header example": ("#/components/headers/Retry-After", "example", -1, "examples_valid", "minimum"),
    "parameter without example": ("#/components/parameters/PageParam", "example", None, "examples_present", "without an example"),
    "response example": (
        f"{OPERATION}/responses/200/content/application~1json/examples/two/value/0",
        "billingStatus",
        "PAUSED",
        "examples_valid",
        "PAUSED",
    ),
    "response example, one too many": (
        f"{OPERATION}/responses/200/content/application~1json/examples/two/value/0",
        "currency",
        "EUR",
        "examples_valid",
        "currency",
    ),
    "body example": (
        "#/paths/~1authenticate/post/requestBody/content/application~1json/examples/user/value",
        "password",
        None,
        "examples_valid",
        "oneOf",
    ),
    "null where none may be": (
        f"{OPERATION}/responses/200/content/application~1json/examples/two/value/0",
        "customerId",
        "null",
        "examples_valid",
        "null",
    ),
    "path parameters": ("#/paths/~1authenticate", "parameters", [], "router_rules", "not on the path"),
    "no operationId": (OPERATION, "operationId", None, "router_rules", "without operationId"),
    "range of statuses": (f"{OPERATION}/responses", "4XX", {"description": "No"}, "router_rules", "name each status"),
    "403 undocumented": (f"{OPERATION}/responses", "403", None, "router_rules", "403 is not documented"),
    "parameter without type": ("#/components/parameters/SortParam/schema", "type", None, "router_rules", "plain type"),
    "two JSON types": (
        f"{OPERATION}/responses/200/content",
        "application/problem+json",
        {"schema": {"type": "string"}},
        "router_rules",
        "more than one JSON type",
    ),
    "link to nowhere": (f"{OPERATION}/responses/200/links/OneCustomer", "operationId", "x", "links_resolve", "not exist"),
    "link parameter": (f"{OPERATION}/responses/200/links/OneCustomer/parameters", "id", 1, "links_resolve", "'id'"),
    "link expression": (
        f"{OPERATION}/responses/200/links/OneCustomer/parameters",
        "customerId",
        "$response.content#/0",
        "links_resolve",
        "not a runtime expression",
    ),
    "link into nothing": (
        f"{OPERATION}/responses/200/links/OneCustomer/parameters",
        "customerId",
        "{$response.body#/0/id}",
        "links_resolve",
        "points at nothing",
    ),
    "switch of another API": ("#/x-assumptions/0", "switch", "emnify.like", "assumptions_well_formed", "elevate.<what>"),
    "switch twice": ("#/x-assumptions/0", "switch", "elevate.like", "assumptions_well_formed", "repeated"),
    "default no choice": ("#/x-assumptions/0", "default", "never", "assumptions_well_formed", "not among"),
    "default of another type": ("#/x-assumptions/0", "default", 400, "assumptions_well_formed", "not among"),
    "no rule": ("#/x-assumptions/0", "rule", None, "assumptions_well_formed", "rule is missing"),
    "empty text": ("#/x-assumptions/0", "text", " ", "assumptions_well_formed", "is empty"),
    "clause points at nothing": (OPERATION, "responses", {}, "clauses_accounted", "not in openapi.yaml"),
}  # fmt: skip


@pytest.mark.parametrize("bug", BUGS)
def test_the_rule_finds_the_bug(bug: str) -> None:
    place, key, value, rule, words = BUGS[bug]
    spec = load_spec(ROOT / "specs" / "elevate")
    document = copy.deepcopy(spec.document)
    parent = rules.resolve(document, place)
    if value is None:
        del parent[key]
    else:
        parent[key] = None if value == "null" else value

    findings = getattr(rules, rule)(replace(spec, document=document))

    assert any(words in str(finding) for finding in findings), findings
    assert all(finding.api == "elevate" and "\n" not in str(finding) for finding in findings)


CLAUSE = "- {id: elevate.c01, says: It sorts., x-source: seed, "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{CLAUSE} }}", "nothing covers it"),
        (f"{CLAUSE} laws: []}}", "wants does not say"),
        (f"{CLAUSE} laws: [elevate.sort.sideways]}}", "no law elevate.sort.sideways"),
        (f"{CLAUSE} laws: 7}}", "laws must be a list"),
        (f"{CLAUSE} spec: '#/paths/~1nowhere'}}", "not in openapi.yaml"),
        (f"{CLAUSE} untestable: ''}}", "untestable is empty"),
        (f"{CLAUSE} untestable: so, spec: '#/info'}}", "cannot be untestable"),
        (f"{CLAUSE} spec: '#/info', status: 200}}", "status is not a member"),
        (f"{CLAUSE} spec: '#/info'}}\n{CLAUSE} spec: '#/info'}}", "repeated"),
        ("- {id: c01, says: It sorts., x-source: seed, spec: '#/info'}", "named elevate.<what>"),
        ("- {id: elevate.c01, x-source: seed, spec: '#/info'}", "says is empty"),
        ("- {id: elevate.c01, says: It sorts., x-source: me, spec: '#/info'}", "'me' is none of"),
        ("- it sorts", "must be a mapping"),
        ("clauses: none", "must be a list"),
        ("- {", "clauses.yaml:"),
    ],
)
def test_a_clause_with_nothing_behind_it_is_found(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "clauses.yaml").write_text(text, encoding="utf-8")
    spec = replace(load_spec(ROOT / "specs" / "elevate"), folder=tmp_path)

    findings = metadata_rules.clauses_accounted(spec, known_laws={"elevate.sort.desc"})

    assert any(words in str(finding) for finding in findings), findings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "x.json:1"),
        ("[]", "must be an object"),
        ('{"operation": "GET /x", "status": 200, "source": "s"}', "no operation 'GET /x'"),
        ('{"operation": "GET /customer-billing-summaries", "status": 204, "source": "s"}', "no status 204"),
        ('{"operation": "GET /customer-billing-summaries", "status": 200, "body": []}', "source is missing"),
        ('{"operation": "GET /customer-billing-summaries", "status": 200, "source": "s", "body": {}}', "array"),
        (
            '{"operation": "GET /customer-billing-summaries", "status": 200, "source": "s", "body": {}, "validates": false}',
            "no note",
        ),
        (
            '{"operation": "GET /customer-billing-summaries", "status": 200, "source": "s", "body": [], "validates": false}',
            "but it does",
        ),
    ],
)
def test_a_printed_answer_that_does_not_fit_is_found(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")

    findings = metadata_rules.printed_responses_valid(load_spec(ROOT / "specs" / "elevate"), tmp_path)

    assert any(words in str(finding) for finding in findings), findings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("openapi: [", "openapi.yaml:2: not valid YAML"),
        ("a: 1\nb: 2\na: 3\n", "openapi.yaml:3: key 'a' is given twice, first in line 1"),
        ("? [1]\n: 2\n", "openapi.yaml:1: a key must be text"),
        ("just words", "not an OpenAPI document"),
        ("openapi: 3.0.3\n", "info"),
        ("openapi: 3.0.3\ninfo: 7\npaths: []\n", "object"),
        ("\x00", "openapi.yaml"),
        ("&a [*a]", "openapi.yaml:1: contains itself"),
        ("openapi: 3.0.3\nx: &a {b: *a}\n", "openapi.yaml:2: contains itself"),
        ("openapi: 3.0.3\nx: {$ref: '#/x/y'}\n", "has no target"),
    ],
)
def test_a_spec_that_cannot_be_read_is_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "openapi.yaml").write_text(text, encoding="utf-8")

    findings = lint(tmp_path)

    assert findings
    assert any(words in str(finding) for finding in findings)
    assert all("\n" not in str(finding) for finding in findings)


def test_a_reference_to_nowhere_is_a_finding(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "specs" / "elevate", tmp_path / "elevate")
    path = tmp_path / "elevate" / "openapi.yaml"
    path.write_text(path.read_text().replace("schemas/BearerToken'", "schemas/Gone'"))

    findings = lint(tmp_path / "elevate")

    assert any("Gone" in str(finding) for finding in findings), findings


def test_no_spec_at_all_is_a_finding(tmp_path: Path) -> None:
    assert "openapi.yaml" in str(lint(tmp_path)[0])
