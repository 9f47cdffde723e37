"""A scenario read from the cache is equal to the one that was parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.lookup import scenario, scenario_names
from counterfoil.world import scenario_loader
from counterfoil.world.scenario import ScenarioError
from counterfoil.world.scenario_loader import parse_scenario

TEXT = "title: t\ntext: t\nstarts: 2026-01-01T00:00:00+02:00\nseller: {name: S}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COUNTERFOIL_CACHE", str(tmp_path))
    return tmp_path / "scenarios"


@pytest.mark.parametrize("name", scenario_names())
def test_a_cached_scenario_is_equal_to_the_parsed_one(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scenario(name)
    assert len(list(folder.iterdir())) == 1

    def never(*_: object) -> None:
        raise AssertionError("the cached form should have been read")

    monkeypatch.setattr(scenario_loader, "_parse_yaml", never)
    again = scenario(name)
    assert again == first
    assert repr(again.definition) == repr(first.definition)  # the very same types, numbers and time zones


def test_dates_and_numbers_of_every_kind_survive_the_cache() -> None:
    values = "2026-01-01, 2026-01-01T01:02:03.5Z, 2026-01-01 01:02:03, 1.10, 1e3, null, true, '1', 007"
    text = f"{TEXT}story: [{{add_charge: {{a: [{values}]}}}}]"
    first, again = (parse_scenario("x", text.encode(), "x.yaml", remember=True) for _ in range(2))
    assert repr(again.definition.story) == repr(first.definition.story)


def test_a_value_without_a_json_form_is_served_but_not_cached(folder: Path) -> None:
    for odd in (".inf", "-.inf", ".nan"):
        parse_scenario("x", f"{TEXT}story: [{{add_charge: {{a: {odd}}}}}]".encode(), "x.yaml", remember=True)
    assert not folder.exists()


def test_an_invalid_scenario_is_not_cached_and_refused_with_its_line_each_time(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(ScenarioError, match=r"x\.yaml:5: unknown key 'nonsense'"):
            parse_scenario("x", f"{TEXT}nonsense: 1\n".encode(), "x.yaml", remember=True)
        with pytest.raises(ScenarioError, match=r"x\.yaml:5: there is no tariff 'gold'"):
            parse_scenario("x", f"{TEXT}customers: [{{key: a, tariff: gold}}]\n".encode(), "x.yaml", remember=True)
    assert not folder.exists()


def test_a_text_that_is_no_file_is_not_cached(folder: Path) -> None:
    parse_scenario("x", TEXT.encode(), "a request")
    assert not folder.exists()


def test_a_damaged_cache_file_is_ignored(folder: Path) -> None:
    first = parse_scenario("x", TEXT.encode(), "x.yaml", remember=True)
    (kept,) = folder.iterdir()
    for spoilt in (b"", b"{", b"\xff", b"{}", b'{"title": 5}', b"[]"):
        kept.write_bytes(spoilt)
        assert parse_scenario("x", TEXT.encode(), "x.yaml", remember=True) == first
