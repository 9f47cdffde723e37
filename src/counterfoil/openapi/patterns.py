"""Converts the ``pattern`` of a schema, in the forms that documents use, to one that the validator accepts (ECMA 262)."""

from __future__ import annotations

import re
from functools import lru_cache

_LITERAL = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_INLINE_FLAG = "(?i)"
_PIECE = re.compile(
    r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[pP]\{[^}]*\}|\\k<[^>]*>|\\c[A-Za-z]|\\."  # escapes
    r"|\(\?<[A-Za-z_]\w*>|[\[\]]|[A-Za-z]-[A-Za-z]|.",
    re.DOTALL,
)


@lru_cache(4096)
def usable(pattern: str) -> str | None:
    """The pattern as the validator accepts it; None if it accepts none of its forms.

    ``/^[a-z]+$/i`` is a JavaScript literal: its slashes are removed, and ``i`` makes each letter match both cases.
    """
    literal = _LITERAL.fullmatch(pattern)
    if literal is not None and pattern.count("/") - pattern.count("\\/") == 2:
        body, flags = literal.groups()
        pattern = _both_cases(body) if "i" in flags else body
    elif pattern.startswith(_INLINE_FLAG):
        pattern = _both_cases(pattern.removeprefix(_INLINE_FLAG))
    return pattern if _compiles(pattern) else None


def _compiles(pattern: str) -> bool:
    import jsonschema_rs

    try:
        jsonschema_rs.Draft4Validator({"pattern": pattern})  # 2020-12 does not look at the pattern until it is used
    except Exception:  # the library raises no narrower one
        return False
    return True


def _both_cases(pattern: str) -> str:
    out = []
    in_class = False
    for piece in _PIECE.findall(pattern):
        if piece in "[]":
            in_class = piece == "["
        elif len(piece) == 3 and piece[1] == "-":
            if not in_class:
                piece = "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in piece)
            elif piece.islower() or piece.isupper():
                piece = piece.lower() + piece.upper()
        elif len(piece) == 1 and piece.isascii() and piece.isalpha():
            piece = piece.lower() + piece.upper() if in_class else f"[{piece.lower()}{piece.upper()}]"
        out.append(piece)
    return "".join(out)
