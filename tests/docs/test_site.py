"""The documentation's site is built without a warning, loads nothing from elsewhere, and its reference agrees with the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from counterfoil import yaml_reader

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "docs" / "site" / "mkdocs.yml"
LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")


class Page(HTMLParser):
    """What an HTML page links to, what it loads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preconnect", "preload"):
            self.loaded.append(given["href"])
        elif tag in ("script", "img", "iframe", "source") and "src" in given:
            self.loaded.append(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """Every page of the site, built with warnings as errors."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(CONFIG), "-d", str(folder)],
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "COUNTERFOIL_REPOSITORY": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr  # with --quiet a warning would not be counted
    return {path: Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}


def test_it_has_four_parts(site: dict[Path, Page]) -> None:
    (home,) = [page for path, page in site.items() if path.name == "index.html" and path.with_name("404.html") in site]
    for part in ("tutorial", "how-to", "reference", "explanation"):
        assert f"{part}/index.html" in home.links


def test_every_link_within_the_site_has_a_target(site: dict[Path, Page]) -> None:
    broken = []
    for path, page in site.items():
        if path.name == "404.html":
            continue  # its links are absolute: it is shown at any address
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (
                parts.fragment and target in site and unquote(parts.fragment) not in site[target].anchors
            ):
                broken.append(f"{path.name}: {link}")
    assert not broken


def test_it_loads_nothing_from_elsewhere(site: dict[Path, Page]) -> None:
    loaded = {address for page in site.values() for address in page.loaded}
    assert loaded
    assert [address for address in loaded if urlsplit(address).netloc] == []
    (style,) = (ROOT / "docs" / "site" / "theme").glob("*.css")
    assert "@import" not in style.read_text(encoding="utf-8")
    assert "url(" not in style.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_every_link_of_a_page_in_the_root_has_a_target(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    anchors = {*re.findall(r'<a id="([\w-]+)"></a>', text)}
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        if urlsplit(link).scheme:
            continue
        target = ROOT / path if path else ROOT / name
        assert target.exists(), link
        if anchor:
            found = (
                anchors if not path else set(re.findall(r'<a id="([\w-]+)"></a>', target.read_text(encoding="utf-8")))
            )
            assert anchor in found, link


def test_the_reference_is_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "site" / "reference"), "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nrun `python docs/site/reference`, and commit what it writes"
    )


def test_forms_and_citation_can_be_read() -> None:
    """As GitHub reads them: each field of a form has an id of its own, and the citation is of this version."""
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    fields = {path.stem: [each["id"] for each in yaml_reader.read_file(path).get("body", [])] for path in forms}
    assert all(len(ids) == len(set(ids)) for ids in fields.values())
    assert {name for name, ids in fields.items() if ids} == {"bug", "idea", "vendor"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml_reader.read_file(ROOT / "CITATION.cff")
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
