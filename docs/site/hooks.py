"""Hooks of MkDocs: links that leave ``docs/``, and how-to guides that the navigation does not name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1]
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<path>\.\.?/[^)#\s]*)(?P<anchor>#[^)\s]*)?\)")
MARK = re.compile(
    r"^(?P<indent>[ ]*)<!-- (?P<mark>run|serve|output|file|add to|from|not run|test-line)(?:: (?P<argument>.*?))? -->\n"
    r" *```(?P<language>\w*)$",
    re.MULTILINE,
)
"""A comment for the tests of the documentation, and the beginning of the block that it is about."""


def on_config(config: Any) -> Any:
    """Add guides that are in ``how-to/`` and not in the navigation, such as one that was written a moment ago."""
    (guides,) = [each["How-to guides"] for each in config.nav if "How-to guides" in each]
    named = {path for each in guides for path in (each.values() if isinstance(each, dict) else [each])}
    guides += sorted(
        f"how-to/{path.name}" for path in (DOCS / "how-to").glob("*.md") if f"how-to/{path.name}" not in named
    )
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Point links to files outside ``docs/`` at the repository; without its address they are their text."""
    folder = (DOCS / page.file.src_path).parent

    def link(found: re.Match[str]) -> str:
        target = (folder / found["path"]).resolve()
        if target.is_relative_to(DOCS):
            return found[0]
        if not target.exists():
            raise ValueError(f"{page.file.src_path}: there is no {found['path']}")
        if not config.repo_url:
            return found["text"]
        kind = "tree" if target.is_dir() else "blob"
        path = target.relative_to(DOCS.parent).as_posix()
        return f"[{found['text']}]({config.repo_url.rstrip('/')}/{kind}/main/{path}{found['anchor'] or ''})"

    return LINK.sub(link, MARK.sub(_fence, markdown))


def _fence(found: re.Match[str]) -> str:
    """The beginning of a block with what its comment says of it: the name of its file, or that it is output."""
    titles = {"file": found["argument"], "add to": f"{found['argument']} (added)", "from": found["argument"]}
    title = f' title="{titles[found["mark"]]}"' if found["mark"] in titles else ""
    if found["mark"] == "output":
        return f"{found['indent']}``` {{ .{found['language']} .output }}"
    return f"{found['indent']}```{found['language']}{title}"


def on_post_page(output: str, **_: Any) -> str:
    """Give the search dialog a name for screen readers, which Material's template leaves out."""
    return output.replace('role="dialog">', 'role="dialog" aria-label="Search">', 1)
