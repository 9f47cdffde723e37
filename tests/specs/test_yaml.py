"""YAML files are read with YAML 1.2's core schema; all mistakes are reported at once, with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from counterfoil import yaml_reader
from counterfoil.cli import main

STORY = """\
title: one
text: x
starts: 2026-01-01T00:00:00Z
seller: {name: S, country: DE, currency: EUR, tax_rate: 19}
zones:
  - {key: home, name: Germany, countries: [DE, NO]}
tariffs:
  - key: basic
    name: Basic
    monthly_fee: 10.00
    rates:
      - {service: data, zone: home, per_unit: 0.05}
customers:
  - {key: acme, name: Acme, email: a@acme.example, country: NO, tariff: basic}
story:
  - {at: 2026-01-10T12:00:00Z, record_usage: {customer: acme, country: NO, quantity: 25}}
"""


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[
            (word, word)
            for word in ("yes", "NO", "on", "Off", "y", "1_000", "12:30", "2026-01-01", "2026-01-01T00:00:00Z", "=")
        ],
        *[("true", True), ("False", False), ("null", None), ("~", None), ("'1'", "1"), ("!!str 1", "1")],
        *[
            ("007", 7),
            ("0o17", 15),
            ("0x1F", 31),
            ("-3", -3),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("1.", 1.0),
            ("-.inf", float("-inf")),
        ],
    ],
)
def test_scalars_are_those_of_yaml_1_2(written: str, value: Any) -> None:
    read = yaml_reader.read(f"a: {written}\n", "f")["a"]
    assert (read, type(read)) == (value, type(value))


def lint(folder: Path, text: str | bytes) -> tuple[int, list[str]]:
    path = folder / "s.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = CliRunner().invoke(main, ["scenarios", "lint", str(path)])
    return done.exit_code, done.output.replace(f"{path}:", "").splitlines()


def test_norway_is_a_country(tmp_path: Path) -> None:
    assert lint(tmp_path, STORY) == (0, ["1 fine"])


@pytest.mark.parametrize(
    "change",
    [lambda b: b.replace(b"\n", b"\r\n"), lambda b: b"\xef\xbb\xbf" + b, lambda b: b.decode().encode("utf-16")],
)
def test_line_ends_and_byte_order_marks_change_nothing(tmp_path: Path, change: Any) -> None:
    assert lint(tmp_path, change(STORY.encode()))[0] == 0


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        ("story:", "story: []\nstory:", ["16: key 'story' is given twice, first in line 15"]),
        ("name: Acme", "name: 12", ["14: Expected `str | null`, got `int` (customers[0].name)"]),
        ("tax_rate: 19", "tax_rate: 12:30", ["4: Invalid decimal string (seller.tax_rate)"]),
        ("tax_rate: 19", "tax_rate: yes", ["4: Invalid decimal string (seller.tax_rate)"]),
        ("starts: 2026-01-01T00:00:00Z", "starts: 2026-01-01", ["3: Invalid RFC3339 encoded datetime (starts)"]),
        ("title: one", "title: !!python/name:os.system", ["1: the tag !!python/name:os.system is not allowed"]),
        (
            "monthly_fee: 10.00",
            "monthly_fee: ten",
            ["10: Invalid decimal string (tariffs[0].monthly_fee)"],
        ),
    ],
)  # fmt: skip
def test_a_mistake_has_its_field_and_line(tmp_path: Path, find: str, put: str, said: list[str]) -> None:
    code, lines = lint(tmp_path, STORY.replace(find, put, 1))
    assert code == 1
    assert lines == said


def test_all_mistakes_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    text = (
        STORY.replace("title: one", "titel: one")
        .replace("name: Acme", "name: 12")
        .replace("tax_rate: 19", "tax_rate: x")
    )
    code, lines = lint(tmp_path, text)
    assert code == 1
    assert [line.partition(":")[0] for line in lines] == ["1", "1", "4", "14"]  # title is missing, and titel unknown

    _, lines = lint(tmp_path, STORY.replace("zone: home", "zone: mars").replace("tariff: basic}", "tariff: gold}"))
    assert [line.partition(" (")[0] for line in lines] == [
        "12: there is no zone 'mars'",
        "14: there is no tariff 'gold'",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: &a [*a]", "1: contains itself through an alias"),
        ("\n" + "[" * 200 + "]" * 200, "2: nests more than 100 deep"),
        ("[" * 5000, "1: not valid YAML: exceeded maximum nesting depth"),
        ("a: " + "9" * 500, "1: 9999999999999999999999999999999999999999… has more than 400 digits"),
        ("a: 1e999", "1: 1e999 is too large a number"),
        ("a: &a {b: 1}\nc: {<<: 5}", "2: a merge key takes a mapping or a list of mappings"),
    ],
)
def test_what_could_grow_is_bounded(text: str, says: str) -> None:
    with pytest.raises(yaml_reader.YamlError) as caught:
        yaml_reader.read(text, "f")
    assert str(caught.value) == f"f:{says}"


def test_aliases_of_aliases_are_refused_before_they_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 60)]
    with pytest.raises(yaml_reader.YamlError, match="aliases repeat more than 100,000 nodes"):
        yaml_reader.read("\n".join(lines), "f")


def test_an_explicit_key_overrides_a_merge_key() -> None:
    document = yaml_reader.read_document("a: &a {x: 1, y: 1}\nb: {<<: *a, y: 2}\nc: {'<<': 3}\n", "f")
    assert document.value == {"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 2}, "c": {"<<": 3}}
    assert document.merges == (2,)
