"""A switch is defined once, in its API's package; the list in the spec is generated from it and says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from counterfoil import resources
from counterfoil.api import Switch
from counterfoil.cli import main
from counterfoil.cli.spec_switches import with_switches
from counterfoil.lookup import load_apis
from counterfoil.resources import specs_dir

APIS = {api.name: api for api in load_apis()}


@pytest.mark.parametrize("name", APIS)
def test_the_spec_lists_the_switches_of_its_api(name: str) -> None:
    document = yaml.safe_load((specs_dir() / name / "openapi.yaml").read_text(encoding="utf-8"))
    listed = {each["switch"]: each for each in document.get("x-assumptions", [])}
    assert list(listed) == [switch.name for switch in APIS[name].switches]
    for switch in APIS[name].switches:
        each = listed[switch.name]
        assert (each["text"], each["rule"]) == (switch.text, switch.source)
        assert (each["default"], type(each["default"])) == (switch.default, type(switch.default))
        assert each["choices"] == (None if switch.choices is None else list(switch.choices))


SWITCHES = (
    Switch(
        "toy.status",
        "Which: 200, or `off`? It's a text with a colon: and a # sign " * 4,
        200,
        (200, "off", True),
        "x.md",
    ),
    Switch("toy.limit", "How many.", 0, None, "x.md"),
)
WORDED = tuple(Switch(s.name, " ".join(s.text.split()), s.default, s.choices, s.source) for s in SWITCHES)


@pytest.mark.parametrize(
    "before",
    [
        "openapi: 3.0.3\n\npaths: {}\n",
        "openapi: 3.0.3\nx-assumptions:\n  - switch: toy.old\n  # a comment\n    text: old\npaths: {}\n",
        "openapi: 3.0.3\nx-assumptions: []\npaths: {}\n",
        "openapi: 3.0.3\npaths: {}\nx-assumptions:\n- switch: toy.old\n",
    ],
)
def test_the_list_is_written_where_it_stands_or_before_the_paths(before: str) -> None:
    after = with_switches(before, WORDED)

    document = yaml.safe_load(after)
    assert {key: document[key] for key in ("openapi", "paths")} == {"openapi": "3.0.3", "paths": {}}
    assert [each["text"] for each in document["x-assumptions"]] == [switch.text for switch in WORDED]
    assert document["x-assumptions"][0]["choices"] == [200, "off", True]
    assert document["x-assumptions"][1]["choices"] is None
    assert max(map(len, after.splitlines())) <= 120
    assert with_switches(after, WORDED) == after
    assert "x-assumptions" not in with_switches(after, ())


def test_a_document_without_paths_is_refused() -> None:
    with pytest.raises(ValueError, match="paths"):
        with_switches("openapi: 3.0.3\n", WORDED)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the specs, which the command line then uses instead of the packaged ones."""
    for name in APIS:
        (tmp_path / "specs" / name).mkdir(parents=True)
        for path in (specs_dir() / name).glob("*.yaml"):
            (tmp_path / "specs" / name / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(resources, "specs_dir", lambda: tmp_path / "specs")
    return tmp_path / "specs"


def test_a_difference_is_found_and_can_be_written(copied: Path) -> None:
    path = copied / "elevate" / "openapi.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("default: contains", "default: case_sensitive"), encoding="utf-8")
    finding = (
        "elevate: openapi.yaml: x-assumptions differs from the API's switches; run `counterfoil specs switches --write`"
    )

    lint = CliRunner().invoke(main, ["specs", "lint"])
    assert (lint.exit_code, lint.output.splitlines()) == (1, [finding, "1 finding"])
    compared = CliRunner().invoke(main, ["specs", "switches"])
    assert (compared.exit_code, compared.output) == (1, finding.replace(" openapi.yaml:", "") + "\n")

    written = CliRunner().invoke(main, ["specs", "switches", "elevate", "--write"])
    assert (written.exit_code, written.output) == (0, "elevate: written\n")
    assert path.read_text(encoding="utf-8") == before
    assert CliRunner().invoke(main, ["specs", "switches"]).output == "no differences\n"


def test_an_unknown_api_is_one_clear_line() -> None:
    done = CliRunner().invoke(main, ["specs", "switches", "nope"])
    assert done.exit_code == 2
    assert "there is no API 'nope'; there are: " in done.output
    assert done.output.count("\n") == 1
