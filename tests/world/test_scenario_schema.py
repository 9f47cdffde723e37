"""``counterfoil scenarios schema``: included scenarios fit it, it refuses what the loader refuses, and it explains each key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from counterfoil import yaml_reader
from counterfoil.cli import main
from counterfoil.world.scenario import ScenarioError
from counterfoil.world.scenario_loader import parse_scenario

ROOT = Path(__file__).parents[2]
SMALL = """\
title: One customer
text: Who uses nothing.
starts: 2026-01-01T00:00:00Z
seller: {name: Seller, tax_rate: 19}
zones: [{key: home, name: Germany, countries: [DE]}]
tariffs:
  - {key: basic, name: Basic, monthly_fee: "10.00", rates: [{service: data, zone: home, per_unit: 0.05}]}
customers: [{key: acme, tariff: basic}]
story:
  - {at: 2026-01-10T12:00:00Z, record_usage: {customer: acme, country: DE, quantity: 25}}
  - {advance_clock: {days: 3}}
"""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    printed = CliRunner().invoke(main, ["scenarios", "schema"], catch_exceptions=False)
    assert printed.exit_code == 0
    found: dict[str, Any] = json.loads(printed.output)
    return found


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


SCENARIOS = [*(ROOT / "fixtures" / "scenarios").glob("*.yaml"), *(ROOT / "tests" / "apis" / "scenarios").glob("*.yaml")]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted(SCENARIOS)])
def test_a_scenario_fits_it(path: Path, validator: jsonschema_rs.Draft202012Validator) -> None:
    errors = [
        f"{list(each.instance_path)}: {each.message}" for each in validator.iter_errors(yaml_reader.read_file(path))
    ]
    assert errors == []


def test_a_small_scenario_fits_it_and_is_read(validator: jsonschema_rs.Draft202012Validator) -> None:
    assert validator.is_valid(yaml_reader.read(SMALL, "small.yaml"))
    assert parse_scenario("small", SMALL.encode(), "small.yaml").definition.title == "One customer"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("text: Who", "texts: Who"),
        ("title: One customer", "title: 1"),
        ("tax_rate: 19", "tax_rate: 101"),
        ("tax_rate: 19", "taxrate: 19"),
        ('"10.00"', '"ten"'),
        ('"10.00"', "-1"),
        ("countries: [DE]", "countries: []"),
        ("countries: [DE]", "countries: [Germany]"),
        ("service: data", "service: voice"),
        ("key: acme", "key: Acme Ltd"),
        ("record_usage:", "use:"),
        (
            "{at: 2026-01-10T12:00:00Z, record_usage",
            "{at: 2026-01-10T12:00:00Z, rate_again: {customer: 1}, record_usage",
        ),
        ("{advance_clock: {days: 3}}", "{}"),
    ],
)
def test_what_the_loader_refuses_does_not_fit(
    validator: jsonschema_rs.Draft202012Validator, old: str, new: str
) -> None:
    assert old in SMALL
    wrong = SMALL.replace(old, new, 1)
    assert not validator.is_valid(yaml_reader.read(wrong, "small.yaml"))
    with pytest.raises(ScenarioError):
        parse_scenario("small", wrong.encode(), "small.yaml")


@pytest.mark.parametrize(
    "wrong", ["customer: acme, quantity: 25, megabytes: 25", "quantity: 25", "customer: acme, quantity: many"]
)
def test_a_step_s_members_are_checked_in_the_editor(validator: jsonschema_rs.Draft202012Validator, wrong: str) -> None:
    text = SMALL.replace("customer: acme, country: DE, quantity: 25", f"country: DE, {wrong}")
    assert text != SMALL
    assert not validator.is_valid(yaml_reader.read(text, "small.yaml"))


def test_every_key_is_explained(schema: dict[str, Any]) -> None:
    parts = {"the file": schema, **schema["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, member in part.get("properties", {}).items()
        if not member.get("description") and name != "CreditedLine"  # its docstring explains both of its members
    ]
    assert silent == []
