"""The files of a project that the plugin reads, and the files that it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from counterfoil import Sandbox
from counterfoil.resources import fixtures_dir
from counterfoil.world.scenario import ScenarioError

USES = """
import pytest

{mark}
def test_it(counterfoil):
    assert counterfoil.world.ledger.customers == {customers}
"""


ALONE = ("--disable-plugin-autoload", "-pno:cacheprovider", "-pcounterfoil.pytest_plugin")
"""Without other plugins, which take seconds to import."""


def story(name: str) -> str:
    return (fixtures_dir() / "scenarios" / f"{name}.yaml").read_text(encoding="utf-8")


def test_a_scenario_may_be_given_as_its_text() -> None:
    with Sandbox(scenario=story("one-month")) as sandbox:
        assert sandbox.world.ledger.customers == 1
    wrong = "title: t\ntext: t\nstarts: 2026-01-01T00:00:00Z\nseller: {name: S}\nnonsense: 1\n"
    with pytest.raises(ScenarioError, match="scenario text:5: unknown key 'nonsense'"):
        Sandbox(scenario=wrong)


def test_a_scenario_is_beside_the_test_or_in_the_root_folder(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyprojecttoml('[tool.counterfoil]\nscenario = "story.yaml"\n')
    folder = pytester.mkdir("tests")
    (pytester.path / "story.yaml").write_text(story("late-payer"))
    (folder / "mine.yaml").write_text(story("one-month"))
    marked = USES.format(mark="@pytest.mark.counterfoil(scenario='mine.yaml')", customers=1)
    (folder / "test_marked.py").write_text(marked)
    (folder / "test_table.py").write_text(USES.format(mark="", customers=3))
    (folder / "test_wrong.py").write_text(
        USES.format(mark="@pytest.mark.counterfoil(scenario='nope.yaml')", customers=1)
    )
    for start in (pytester.path, folder):
        monkeypatch.chdir(start)
        result = pytester.runpytest_subprocess(*ALONE, str(folder))
        result.assert_outcomes(passed=2, errors=1)
        result.stdout.fnmatch_lines([f"*there is no scenario file nope.yaml; looked in: {folder}, {pytester.path}*"])


def test_capsules_of_failed_tests_are_ignored_by_git_and_pruned(pytester: pytest.Pytester) -> None:
    capsules = pytester.path / ".counterfoil" / "capsules"
    capsules.mkdir(parents=True)
    for number in range(60):
        (capsules / f"old-{number:02}.json").write_text("{}")
    pytester.makeini("[pytest]")  # makes this the root folder
    pytester.makepyfile(test_it="def test_fails(counterfoil): assert False")
    pytester.runpytest_subprocess(*ALONE).assert_outcomes(failed=1)
    left = sorted(path.name for path in capsules.iterdir())
    assert len(left) == 50
    assert "test-it.py-test-fails.json" in left
    assert "*" in (capsules.parent / ".gitignore").read_text().splitlines()


def test_a_folder_of_the_users_is_not_pruned(pytester: pytest.Pytester) -> None:
    reports = pytester.mkdir("reports")
    for number in range(60):
        (reports / f"mine-{number}.json").write_text("{}")
    pytester.makeini("[pytest]")  # makes this the root folder
    pytester.makepyfile(test_it="def test_fails(counterfoil): assert False")
    pytester.runpytest_subprocess(*ALONE, "--counterfoil-capsules", "reports").assert_outcomes(failed=1)
    assert len(list(reports.iterdir())) == 61


def test_a_capsule_is_written_to_a_path_given_as_text(tmp_path: Path) -> None:
    with Sandbox(scenario="late-payer") as sandbox:
        data = sandbox.capsule(str(tmp_path / "world.json"))
    assert json.loads((tmp_path / "world.json").read_bytes()) == json.loads(data)
