"""Writes Markdown that GitHub and MkDocs read alike: tables, anchors, code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any


def page(title: str, intro: str, *parts: str) -> str:
    """A whole page; ``parts`` are blocks, separated by blank lines."""
    note = "<!-- Generated from the code: `python docs/site/reference` writes it, and a test fails when it differs. -->"
    return "\n\n".join([note, f"# {title}", intro, *(part.strip("\n") for part in parts if part)]) + "\n"


def section(title: str, *parts: str, anchor: str = "", level: int = 2) -> str:
    """A heading, with an anchor that other pages may link to, and what is below it."""
    head = f"{'#' * level} {title}"
    return "\n\n".join([f'<a id="{anchor}"></a>\n\n{head}' if anchor else head, *(part for part in parts if part)])


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; nothing if it has no row. Columns that are empty in every row are left out."""
    texts = [[cell(value) for value in row] for row in rows]
    kept = [at for at in range(len(head)) if any(row[at] for row in texts)]
    if not texts:
        return ""
    lines = [[head[at] for at in kept], ["---"] * len(kept), *([row[at] for at in kept] for row in texts)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: Any) -> str:
    """A value as the text of a cell, on one line."""
    text = " ".join(str("" if value is None else value).split())
    return prose(text).replace("|", "\\|")


def prose(text: str) -> str:
    """Docstring, help or OpenAPI text as Markdown: backticks for code and options, no accidental markup outside of it."""
    text = text.replace("``", "`")
    pieces = re.split(r"(`[^`]*`|<a id=\"[\w-]+\"></a>|<br>|\[[^\]]*\]\([^)]*\))", text)
    return "".join(piece if at % 2 else _escaped(piece) for at, piece in enumerate(pieces))


def _escaped(text: str) -> str:
    text = re.sub(r"(?<![\w`-])(--[a-z][\w-]*|COUNTERFOIL_[A-Z_]+|_<API>)", r"`\1`", text)
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(piece if at % 2 else _without_markup(piece) for at, piece in enumerate(pieces))


def _without_markup(text: str) -> str:
    text = re.sub(r"<(?=[A-Za-z/!])", "&lt;", text)
    return re.sub(r"(?<![\w*])\*(?=[\w.])", r"\\*", text)


def code(value: Any) -> str:
    """A value as code; nothing for nothing."""
    text = " ".join(str("" if value is None else value).split()).replace("|", "¦")
    return f"`{text}`" if text else ""


def fence(text: str, language: str = "text", *, why_not_run: str = "") -> str:
    """A block of code; one that looks like commands says why no test runs it."""
    mark = f"<!-- not run: {why_not_run} -->\n" if why_not_run else ""
    return f"{mark}```{language}\n{text.strip(chr(10))}\n```"


def slug(text: str) -> str:
    """An anchor for a name."""
    return re.sub(r"[^\w-]+", "-", text).strip("-")
