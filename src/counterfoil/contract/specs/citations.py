"""Finds citations such as ``docs/vendors/emnify.md#vat`` in a text file, and reports those that have no target.

The pages under ``docs/vendors`` hold what is known of each vendor, each statement with an anchor (``<a id="vat"></a>``).
``docs/vendors/README.md`` explains the form.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CITATION = re.compile(r"docs/vendors/(?P<page>[\w-]+\.md)(?:#(?P<anchor>[\w-]*))?")
"""A citation of a page, or of a statement on it, without the full stop of a sentence."""

LINK = re.compile(r"\]\((?P<page>[\w./-]+\.md)?(?:#(?P<anchor>[\w-]+))?\)")
"""A relative Markdown link to another page, to an anchor on it, or to an anchor on the same page."""

ANCHOR = re.compile(r'<a id="([\w-]+)"></a>')

FORM = "cite a statement as docs/vendors/<api>.md#<anchor>"


@dataclass(frozen=True, slots=True)
class BrokenCitation:
    """A citation without a target: its file and line, the citation, and what to do."""

    file: str
    line: int
    citation: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.citation}: {self.message}"


@dataclass(frozen=True)
class Pages:
    """The Markdown pages below ``root``, the folder that holds ``docs``. Each page is read once."""

    root: Path
    _anchors: dict[Path, tuple[str, ...] | None] = field(default_factory=dict)

    def anchors(self, page: Path) -> tuple[str, ...] | None:
        """The anchors of a page in their order; None if there is no such page."""
        if page not in self._anchors:
            text = page.read_text(encoding="utf-8") if page.is_file() else None
            self._anchors[page] = None if text is None else tuple(ANCHOR.findall(text))
        return self._anchors[page]

    def problem(self, page: Path, anchor: str | None) -> str | None:
        """Why ``anchor`` on ``page`` cannot be followed; None if it can."""
        anchors = self.anchors(page)
        if anchors is None:
            return f"there is no such page; {FORM}, or write the page"
        if anchor is None or anchor in anchors:
            return None
        return f'that page has no such anchor; cite one it has, or add <a id="{anchor}"></a> to the statement'


def root_for(folder: Path, default: Path) -> Path:
    """The nearest folder at or above ``folder`` that holds ``docs/vendors``, or ``default`` if none does."""
    folder = folder.resolve()
    return next((each for each in (folder, *folder.parents) if (each / "docs" / "vendors").is_dir()), default)


def broken_citations(file: Path, pages: Pages) -> Iterator[BrokenCitation]:
    """The citations in a file that have no target. Raises ``OSError`` if the file cannot be read."""
    name = _shown(file, pages.root)
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        for match in CITATION.finditer(line):
            problem = pages.problem(pages.root / "docs" / "vendors" / match["page"], match["anchor"])
            if problem:
                yield BrokenCitation(name, number, match[0], problem)


def broken_links(page: Path, pages: Pages) -> Iterator[BrokenCitation]:
    """The relative links of a Markdown page that have no target, and its anchors that occur twice."""
    name = _shown(page, pages.root)
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        for match in LINK.finditer(line):
            target = (page.parent / match["page"]).resolve() if match["page"] else page
            problem = pages.problem(target, match["anchor"])
            if problem:
                yield BrokenCitation(name, number, match[0][2:-1], problem)
    for anchor, count in Counter(pages.anchors(page) or ()).items():
        if count > 1:
            yield BrokenCitation(
                name, 1, f"#{anchor}", f"this anchor occurs {count} times on the page; rename all but one"
            )


def _shown(file: Path, root: Path) -> str:
    resolved = file.resolve()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else str(file)
