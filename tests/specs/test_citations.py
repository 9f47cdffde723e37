"""Every citation of the vendor pages has a target: in source, specs, printed answers, tests and pages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil.contract.specs.citations import CITATION, Pages, broken_citations, broken_links, root_for
from counterfoil.contract.specs.lint import lint
from counterfoil.lookup import load_apis
from counterfoil.world.commands import RecordPayment

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {".py", ".js", ".html", ".yaml", ".json", ".md"}
OUTDATED = re.compile(r"vendor[- ]facts|\bseed 00\d|\b[Rr]ules? \d+")
"""Names of documents that are not in the repository, and numbers of rules in them."""


def texts(*folders: str) -> Iterator[Path]:
    """Every text file of the repository below the folders, except this one, whose examples are wrong on purpose."""
    for folder in folders:
        found = [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in TEXTS and path.is_file()]
        assert found, f"no files in {folder}"
        yield from (path for path in found if path != Path(__file__).resolve())


@pytest.mark.parametrize("folder", ["src", "specs", "fixtures", "tests", "docs"])
def test_every_citation_has_a_target(folder: str) -> None:
    pages = Pages(ROOT)
    broken = [str(each) for path in texts(folder) for each in broken_citations(path, pages)]
    assert not broken, "\n".join(broken)


def test_the_pages_link_to_what_is_there() -> None:
    pages = Pages(ROOT)
    found = [*texts("docs"), ROOT / "CONTRIBUTING.md"]
    broken = [str(each) for path in found if path.suffix == ".md" for each in broken_links(path, pages)]
    assert not broken, "\n".join(broken)


PATH = re.compile(r"`((?:src|tests|docs|specs|fixtures|benchmarks|examples)/[^`*<>{}\s]+)`")


@pytest.mark.parametrize(
    "page", ["CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md", "docs/vendors/README.md"]
)
def test_the_files_that_a_page_names_are_there(page: str) -> None:
    named = PATH.findall((ROOT / page).read_text(encoding="utf-8"))
    assert named
    assert [each for each in named if not (ROOT / each.partition("#")[0]).exists()] == []


def test_the_example_of_a_test_in_contributing_passes(stand_in: Any) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    example: dict[str, Any] = {"RecordPayment": RecordPayment}
    exec(source, example)
    example["test_a_paid_bill_is_settled"](stand_in)


def test_nothing_is_cited_that_is_not_in_the_repository() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}: cite docs/vendors/<api>.md#<anchor> instead"
        for path in texts("src", "specs", "fixtures", "tests")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := OUTDATED.search(line))
    ]
    assert not found, "\n".join(found)


def test_every_switch_of_every_api_cites_a_statement() -> None:
    pages = Pages(ROOT)
    switches = [switch for api in load_apis() for switch in api.switches]
    assert switches
    for switch in switches:
        cited = CITATION.fullmatch(switch.source)
        assert cited, f"{switch.name}: {switch.source!r}"
        page = ROOT / "docs" / "vendors" / cited["page"]
        assert pages.problem(page, cited["anchor"]) is None, switch
        assert f"`{switch.name}`" in page.read_text(encoding="utf-8"), f"{cited['page']} does not name {switch.name}"


# --- what a wrong citation looks like ------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of one API's spec and page."""
    shutil.copytree(ROOT / "specs" / "elevate", tmp_path / "specs" / "elevate")
    shutil.copytree(ROOT / "docs" / "vendors", tmp_path / "docs" / "vendors")
    return tmp_path


def spoil(path: Path, old: str, new: str) -> int:
    """Replace the first ``old`` by ``new``; returns its line."""
    before, found, after = path.read_text(encoding="utf-8").partition(old)
    assert found, old
    path.write_text(before + new + after, encoding="utf-8")
    return before.count("\n") + 1


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("openapi.yaml", "elevate.md#like", "elevate.md#likes", "has no such anchor"),
        ("openapi.yaml", "elevate.md#like", "elevat.md#like", "no such page"),
        ("clauses.yaml", "elevate.md#bare-array", "elevate.md#array", "has no such anchor"),
        ("openapi.yaml", "docs/vendors/elevate.md#like", "1.6 rule 9", "is not a citation"),
        ("clauses.yaml", "docs/vendors/elevate.md#bare-array", "the vendor", "is not a citation"),
        ("clauses.yaml", "  rule: docs/vendors/elevate.md#bare-array\n", "", "rule is missing"),
    ],
)
def test_a_citation_without_target_is_one_clear_line(project: Path, file: str, old: str, new: str, words: str) -> None:
    assert lint(project / "specs" / "elevate") == []
    line = spoil(project / "specs" / "elevate" / file, old, new)

    (finding,) = lint(project / "specs" / "elevate")

    assert words in str(finding)
    assert "docs/vendors/" in str(finding)
    assert "\n" not in str(finding)
    if words in {"has no such anchor", "no such page"}:
        assert str(finding).startswith(f"elevate: {file}:{line}: docs/vendors/{new}: ")


def test_specs_lint_exits_with_1(project: Path) -> None:
    line = spoil(project / "specs" / "elevate" / "openapi.yaml", "elevate.md#like", "elevate.md#likes")

    done = subprocess.run(
        [sys.executable, "-m", "counterfoil", "specs", "lint", str(project / "specs")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    first, last = done.stdout.splitlines()
    assert first.startswith(f"elevate: openapi.yaml:{line}: docs/vendors/elevate.md#likes: ")
    assert last == "1 finding"
    assert done.stderr == ""


def test_specs_show_prints_where_each_switch_is_explained() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "counterfoil", "specs", "show", "emnify"], capture_output=True, text=True, check=True
    )
    assert "docs/vendors/emnify.md#tariff-profiles" in done.stdout
    assert f"The pages are in {ROOT / 'docs' / 'vendors'}" in done.stdout


def test_the_page_of_the_users_project_comes_first(project: Path) -> None:
    spoil(project / "docs" / "vendors" / "elevate.md", '<a id="like"></a>', '<a id="like-here"></a>')
    assert root_for(project / "specs" / "elevate", default=ROOT) == project

    assert [finding.where.partition(":")[0] for finding in lint(project / "specs" / "elevate")] == ["openapi.yaml"]

    shutil.rmtree(project / "docs")
    assert root_for(project / "specs" / "elevate", default=ROOT) == ROOT
    assert lint(project / "specs" / "elevate") == []


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("as in docs/vendors/emnify.md#vat.", []),
        ("docs/vendors/emnify.md and docs/vendors/emnify.md#vat, too", []),
        ("`docs/vendors/emnify.md#rates`", ["docs/vendors/emnify.md#rates"]),
        ("docs/vendors/emnify.md#", ["docs/vendors/emnify.md#"]),
        ("docs/vendors/nobody.md", ["docs/vendors/nobody.md"]),
        ("docs/vendors/emnify.md#a docs/vendors/emnify.md#b", ["docs/vendors/emnify.md#a", "docs/vendors/emnify.md#b"]),
        ("a file that is \udcff not text", []),
    ],
)
def test_citations_are_found_in_any_text(tmp_path: Path, text: str, broken: list[str]) -> None:
    path = tmp_path / "any.py"
    path.write_text(f"first line\n{text}\n", encoding="utf-8", errors="surrogateescape")

    found = list(broken_citations(path, Pages(ROOT)))

    assert [each.citation for each in found] == broken
    assert all(each.line == 2 and str(each).startswith(f"{path}:2: {each.citation}: ") for each in found)


def test_a_link_to_nowhere_and_an_anchor_twice_are_found(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "vendors" / "toy.md"
    page.parent.mkdir(parents=True)
    page.write_text('<a id="a"></a> [x](#a) [y](#b) [z](gone.md) <a id="c"></a> <a id="c"></a>\n', encoding="utf-8")

    found = [(each.citation, each.file) for each in broken_links(page, Pages(tmp_path))]

    assert found == [(name, "docs/vendors/toy.md") for name in ("#b", "gone.md", "#c")]
