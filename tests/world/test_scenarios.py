"""Scenario files: the included ones can be opened, and each mistake gives one line with place and reason."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from counterfoil.lookup import all_switches, scenario, scenario_names
from counterfoil.world.capsule import digest_of
from counterfoil.world.scenario import ScenarioError
from counterfoil.world.scenario_loader import parse_scenario
from counterfoil.world.scenario_runner import run_scenario
from counterfoil.world.world import World

GOOD = """\
title: A test
text: Nothing much.
starts: 2026-01-01T00:00:00Z
seller: {name: Seller}
zones:
  - {key: home, name: Home, countries: [DE]}
tariffs:
  - key: basic
    name: Basic
    monthly_fee: 10
    rates:
      - {service: data, zone: home, per_unit: 0.05}
customers:
  - {key: acme, tariff: basic}
story:
  - {at: 2026-01-02T00:00:00Z, record_usage: {customer: acme, country: DE, quantity: 4}}
"""


def opened(text: str, **options: int) -> World:
    return run_scenario(parse_scenario("test", text.encode(), "test.yaml"), known_switches=all_switches(), **options)


@pytest.mark.parametrize("name", scenario_names())
def test_an_included_scenario_opens_equally_twice(name: str) -> None:
    first, second = (run_scenario(scenario(name), known_switches=all_switches()) for _ in range(2))
    assert digest_of(first) == digest_of(second)


def test_another_seed_changes_generated_names_but_not_the_story() -> None:
    one, two = (run_scenario(scenario("demo"), seed=seed, known_switches=all_switches()) for seed in (1, 2))
    assert one.contact_of(1).name == two.contact_of(1).name == "Acme Robotics GmbH"
    assert one.contact_of(20) != two.contact_of(20)


@pytest.mark.parametrize(
    ("find", "put", "line", "says"),
    [
        ("tariff: basic", "tarif: basic", 14, "unknown key 'tarif'"),
        ("monthly_fee: 10", "monthly_fee: ten", 10, "decimal"),
        ("monthly_fee: 10", "monthly_fee: -1", 10, "monthly_fee"),
        ("zone: home, per", "zone: mars, per", 12, "there is no zone 'mars'"),
        ("tariff: basic}", "tariff: gold}", 14, "there is no tariff 'gold'"),
        ("starts: 2026-01-01T00:00:00Z", "starts: yesterday", 3, "datetime"),
        ("seller: {name: Seller}", "", 1, "seller"),
        ("  - {key: acme, tariff: basic}", "  - {key: acme, tariff: basic}\n  - {key: acme}", 15, "used twice"),
        ("title: A test", "title: [", 3, "not valid YAML"),
    ],
)
def test_a_mistake_names_file_line_and_what_is_wrong(find: str, put: str, line: int, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        opened(GOOD.replace(find, put, 1))
    message = str(caught.value)
    assert message.startswith(f"test.yaml:{line}:"), message
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("find", "put", "says"),
    [
        ("quantity: 4", "quantity: 0", "story step 1: record_usage: a quantity used must be above zero (quantity)"),
        ("customer: acme", "customer: nobody", "there is no customer 'nobody'"),
        ("record_usage", "record_usag", "there are: add_customer"),
        ("country: DE, quantity: 4", "country: DE", "quantity"),
        ("2026-01-02T00", "2025-01-02T00", "time cannot run backwards"),
    ],
)
def test_a_story_that_breaks_a_rule_names_the_step(find: str, put: str, says: str) -> None:
    with pytest.raises(ScenarioError, match="story step 1") as caught:
        opened(GOOD.replace(find, put, 1))
    assert says in str(caught.value)
    assert str(caught.value).startswith("test.yaml:16: ")


@pytest.mark.parametrize(
    ("find", "put"),
    [
        ("monthly_fee: 10", "monthly_fee: .nan"),
        ("per_unit: 0.05", "per_unit: .inf"),
        ("{name: Seller}", "{name: Seller, tax_rate: .nan}"),
        ("countries: [DE]", "countries: []"),
        ("quantity: 4", "quantity: .nan"),
    ],
)
def test_invalid_numbers_and_zones_without_countries_are_refused(find: str, put: str) -> None:
    with pytest.raises(ScenarioError, match=r"^test.yaml:\d+: "):
        opened(GOOD.replace(find, put, 1))


def test_fewer_customers_than_the_story_needs_are_refused() -> None:
    with pytest.raises(ScenarioError, match="needs 1 customer, not 0"):
        opened(GOOD, customers=0)


def test_an_unreadable_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        scenario(str(tmp_path / "none.yaml"))


def test_bytes_that_are_not_text_give_one_line() -> None:
    with pytest.raises(ScenarioError, match=r"x.yaml:1: .*"):
        parse_scenario("x", b"\xff\xfe\x00bad", "x.yaml")


def test_starting_a_world_generates_no_names() -> None:
    """Start-up time does not depend on names: Faker generates none for ten thousand customers."""
    from counterfoil.world import fake_identity

    fake_identity._generated.cache_clear()
    before = fake_identity._generated.cache_info().misses
    world = run_scenario(scenario("demo"), customers=10_000, known_switches=all_switches())
    assert fake_identity._generated.cache_info().misses == before
    started = time.perf_counter()
    assert world.contact_of(9_999).name
    assert fake_identity._generated.cache_info().misses == before + 1
    assert time.perf_counter() - started < 5
