"""Writes values and errors as text for people, and escapes control characters before a terminal shows them."""

from __future__ import annotations

import re
from typing import Any

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""Control characters except tab and line feed (C1 too: U+009B begins an escape sequence), the characters that set the
direction of text (Unicode TR 36, 3.4), other line ends, and surrogates, which cannot be encoded."""


def for_terminal(text: str) -> str:
    r"""``text`` with each control character as Python writes it: ``\x1b[2J``."""
    return _CONTROLS.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def json_for_terminal(text: str) -> str:
    r"""The JSON ``text`` with each control character that it has unescaped as ``\u009b``; it parses to the same value."""
    return _CONTROLS.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def counted(number: int, noun: str) -> str:
    """A number with its noun, for one or for several: ``1 world``, ``2 entries``. The noun is regular, in the singular."""
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else several}"


def one_line(error: object) -> str:
    """An error's message, in one line of at most 300 characters."""
    return " ".join(str(error).split())[:300]


def as_text(value: Any) -> str:
    """A value as JSON, URLs and headers write it: ``true``, not ``True``."""
    return str(value).lower() if isinstance(value, bool) else str(value)
