"""Third-party validators find no error in any spec, and would find one.

npx fetches Spectral and IBM's validator the first time. ``specs lint`` has rules for what they found:
``test_lint_finds_what_others_found``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.specs.tools import ROOT, SPECS, need_module, npx

from counterfoil.contract.specs.lint import lint

SPECTRAL = "@stoplight/spectral-cli@6.16.3"
IBM = "ibm-openapi-validator@1.38.4"

STYLE_OF_IBM = {
    # Names, sizes and shapes that IBM wants of its own APIs; ours are as their vendors have them.
    "ibm-enum-casing-convention",
    "ibm-integer-attributes",
    "ibm-no-array-responses",
    "ibm-no-consecutive-path-parameter-segments",
    "ibm-operation-summary-length",
    "ibm-parameter-casing-convention",
    "ibm-path-segment-casing-convention",
    "ibm-property-casing-convention",
    "ibm-required-array-properties-in-response",
    "ibm-required-enum-properties-in-response",
    "ibm-schema-type-format",
    # Takes the branches of an anyOf that only say which members are required for schemas without members.
    "ibm-define-required-properties",
    "ibm-property-attributes",
}

ERRORS_ALONE = """
import { Ruleset } from "@stoplight/spectral-core";
import RULES;
const others = Object.values(new Ruleset(all).rules).filter((rule) => rule.severity !== 0);
export default { extends: all, rules: Object.fromEntries(others.map(({ name }) => [name, "off"])) };
"""
"""A ruleset of those rules whose breach is an error. The tests look at no others, which take most of the time."""

every_spec = pytest.mark.parametrize("path", SPECS, ids=lambda path: path.parent.name)


def errors_alone(folder: Path, rules: str) -> Path:
    path = folder / "rules.mjs"
    path.write_text(ERRORS_ALONE.replace("RULES", rules), encoding="utf-8")
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A spec whose example is not what its schema says."""
    text = (ROOT / "specs" / "elevate" / "openapi.yaml").read_text(encoding="utf-8")
    path = tmp_path / "openapi.yaml"
    path.write_text(text.replace("customerId: 1\n", "customerId: one\n"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    return path


def test_spectral_finds_no_error_but_in_a_broken_spec(tmp_path: Path, broken: Path) -> None:
    rules = errors_alone(tmp_path, '{ oas as all } from "@stoplight/spectral-rulesets"')
    done = npx(
        *("spectral", "lint", "--ruleset", rules, "--format", "json", "--quiet"),
        *("--fail-severity", "error", *SPECS, broken),
        packages=(SPECTRAL,),
    )
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout[done.stdout.index("[") : done.stdout.rindex("]") + 1])
    errors = {(each["source"], each["code"]) for each in found if each["severity"] == 0}
    assert errors == {(str(broken), "oas3-valid-media-example")}


def test_ibms_validator_finds_no_error_but_in_a_broken_spec(tmp_path: Path) -> None:
    """Nor any but those of IBM's own style."""
    text = (ROOT / "specs" / "elevate" / "openapi.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "openapi.yaml"
    broken.write_text(text.replace("operationId: createbearertoken", "operationId: getCustomerBillingSummary"), "utf-8")
    rules_file = errors_alone(tmp_path, 'all from "@ibm-cloud/openapi-ruleset"')
    options = ("--errors-only", "--no-colors", "--ruleset", rules_file)
    done = npx("lint-openapi", *options, *SPECS, broken, packages=(IBM,))
    found = {}
    for part in done.stdout.split("Validation Results for ")[1:]:
        rules = set(re.findall(r"^  Rule    :   (\S+)$", part, re.MULTILINE))
        assert rules, "each has some that are not of IBM's style, or the output has changed"
        found[part.partition(":\n")[0]] = rules - STYLE_OF_IBM
    assert found == {**{str(spec): set() for spec in SPECS}, str(broken): {"operation-operationId-unique"}}, done.stderr


@every_spec
def test_openapi_spec_validator_finds_no_error(path: Path) -> None:
    need_module("ruamel.yaml", "ruamel.yaml")
    from openapi_spec_validator import OpenAPIV30SpecValidator
    from ruamel.yaml import YAML

    document = YAML(typ="safe", pure=True).load(path)
    assert [error.message for error in OpenAPIV30SpecValidator(document).iter_errors()] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "specs").glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_a_yaml_1_2_parser_reads_what_we_read(path: Path) -> None:
    need_module("ruamel.yaml", "ruamel.yaml")
    from ruamel.yaml import YAML

    from counterfoil import yaml_reader

    parser = YAML(typ="safe", pure=True)
    parser.constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)
    assert with_text_keys(parser.load(path)) == yaml_reader.read_file(path)


def with_text_keys(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): with_text_keys(each) for key, each in value.items()}
    return [with_text_keys(each) for each in value] if isinstance(value, list) else value


PLAIN = """\
openapi: 3.0.3
info: {title: A user's own, version: '1', description: d}
paths:
  /bills:
    post:
      operationId: makeBill
      responses:
        200:
          description: d
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Bill'}
              example: {id: 1, payer: {name: A}}
          links:
            again: {operationId: makeBill}
components:
  schemas:
    Payer: {type: object, properties: {name: {type: string}}}
    Bill:
      type: object
      properties:
        id: {type: integer}
        payer: {type: object, nullable: true, allOf: [{$ref: '#/components/schemas/Payer'}]}
"""


@pytest.mark.parametrize(
    ("find", "put", "where", "says"),
    [
        # openapi-generator 7.26 refuses this: trial of swagger-api/swagger-core#2833
        ("{operationId: makeBill}", "{operationId: makeBill, requestBody: {id: 1}}", "links/again", "not a string"),
        # Spectral 6.16, Redocly 2.77 and IBM's 1.38 found this in oracle-brm, and lint did not
        ("payer: {name: A}}", "payer: null}", "200/content/application~1json", "null is not of type"),
        # parsers of YAML 1.2 take << for a member
        ("info: {", "x-i: &i {a: 1}\ninfo: {<<: *i, ", "openapi.yaml:3", "no merge key"),
        ("openapi: 3.0.3\n", "openapi: 3.0.3\nopenapi: 3.0.3\n", "openapi.yaml:2", "given twice"),
        ("{id: 1,", "{id: one,", "200/content/application~1json", "integer"),
        ("schemas/Payer'", "schemas/Nobody'", "allOf/0", "no target"),
    ],
)
def test_lint_finds_what_others_found(tmp_path: Path, find: str, put: str, where: str, says: str) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(PLAIN, encoding="utf-8")
    assert lint(path) == lint(tmp_path) == [], "a document without sources needs none"

    path.write_text(PLAIN.replace(find, put), encoding="utf-8")

    assert any(where in str(each) and says in str(each) for each in lint(path)), lint(path)


def test_a_document_of_another_name_is_linted_by_that_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(PLAIN.replace("{id: 1,", "{id: one,"), encoding="utf-8")
    assert {each.api for each in lint(path)} == {"mine"}
