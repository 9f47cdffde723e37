"""Makes texts that match a regular expression; the same number always gives the same text.

Patterns in OpenAPI documents are JavaScript's; a pattern that Python's ``re`` cannot parse gives no text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as codes
from re import _parser as parser
from typing import Any

MAX_REPEATS = 12
"""Repetitions beyond the pattern's minimum; ``.*`` gives a few letters."""
MAX_LENGTH = 4096
TRIES = 8
"""Texts tried for lookaheads: each has the characters that they need at other places."""

_LITERAL = re.compile(r"^/(.*)/[a-z]*$", re.DOTALL)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_CATEGORIES = {
    codes.CATEGORY_DIGIT: "0123456789",
    codes.CATEGORY_WORD: _ALPHABET,
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_DIGIT: "abcdefghijklmnopqrstuvwxyz",
    codes.CATEGORY_NOT_WORD: "-",
    codes.CATEGORY_NOT_SPACE: _ALPHABET,
}


class Draw:
    """Numbers from one seed, the same on every Python: a linear congruential generator (Knuth's MMIX)."""

    def __init__(self, seed: int) -> None:
        self._state = seed & (2**64 - 1)

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        return (self._state >> 33) % bound if bound > 0 else 0


def text_for(pattern: str, seed: int, *, shortest: int = 0, longest: int | None = None) -> str | None:
    """A text that matches ``pattern`` with a length within the bounds, or None if none was found."""
    parsed = _parsed(pattern)
    if parsed is None:
        return None
    draw, needed = Draw(seed), _needed(parsed)
    most = MAX_REPEATS if longest is None else min(MAX_REPEATS, longest)
    for extra in (most // 2, 0, 1, most, max(shortest, 1), 3, 2):
        made = _made(parsed, draw, min(extra, MAX_LENGTH))
        if made is None:
            return None
        made = made or _seen_ahead(parsed, draw, extra)
        if len(made) < shortest or (longest is not None and len(made) > longest):
            continue
        for text in (made, *(_with_needed(made, needed, draw) for _ in range(TRIES if needed else 0))):
            if re.search(_plain(pattern), text):
                return text
    return None


def _seen_ahead(parsed: Any, draw: Draw, extra: int) -> str:
    """For a pattern of lookaheads only: a text for the longest of them."""
    ahead = [argument[1] for code, argument in parsed if code is codes.ASSERT and argument[0] == 1]
    return max((_made(each, draw, min(extra, MAX_LENGTH)) or "" for each in ahead), key=len, default="")


def _needed(parsed: Any) -> list[str]:
    """For each lookahead such as ``(?=.*[A-Z])`` the characters of which a text needs one."""
    found = []
    for code, argument in parsed:
        if code is codes.ASSERT and argument[0] == 1 and len(argument[1]) and argument[1][-1][0] is codes.IN:
            found.append(_letters(argument[1][-1][1]))
    return [each for each in found if each]


def _with_needed(text: str, needed: list[str], draw: Draw) -> str:
    """The text with a character for each lookahead, at places of its own while there are enough."""
    characters = list(text)
    free = list(range(len(characters)))
    for letters in needed if len(needed) <= len(characters) else ():
        characters[free.pop(draw.below(len(free)))] = letters[draw.below(len(letters))]
    return "".join(characters)


def _plain(pattern: str) -> str:
    literal = _LITERAL.match(pattern)
    return literal.group(1) if literal else pattern


@lru_cache(maxsize=4096)
def _parsed(pattern: str) -> Any:
    try:
        return parser.parse(_plain(pattern))
    except (re.error, OverflowError, RecursionError, ValueError):
        return None


def _made(parsed: Any, draw: Draw, extra: int) -> str | None:
    out: list[str] = []
    groups: dict[int, str] = {}
    try:
        for code, argument in parsed:
            out.append(_one(code, argument, draw, extra, groups))
    except (NotImplementedError, RecursionError):
        return None
    return "".join(out)


def _one(code: Any, argument: Any, draw: Draw, extra: int, groups: dict[int, str]) -> str:
    def sequence(items: Any) -> str:
        return "".join(_one(each, value, draw, extra, groups) for each, value in items)

    if code is codes.LITERAL:
        return chr(argument)
    if code is codes.NOT_LITERAL:
        return next(each for each in _ALPHABET if ord(each) != argument)
    if code is codes.ANY:
        return _ALPHABET[draw.below(26)]
    if code is codes.IN:
        letters = _letters(argument)
        if not letters:
            raise NotImplementedError
        return letters[draw.below(len(letters))]
    if code is codes.BRANCH:
        branches = argument[1]
        return sequence(branches[draw.below(len(branches))])
    if code is codes.SUBPATTERN:
        text = sequence(argument[3])
        if argument[0] is not None:
            groups[argument[0]] = text
        return text
    if code is codes.GROUPREF:
        return groups.get(argument, "")
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, getattr(codes, "POSSESSIVE_REPEAT", None)):
        least, most, items = argument
        count = min(int(most), max(int(least), min(int(least) + extra, MAX_LENGTH)))
        out: list[str] = []
        length = 0
        for _ in range(min(count, MAX_LENGTH)):
            out.append(sequence(items))
            length += len(out[-1])
            if length > MAX_LENGTH:  # repetitions of repetitions
                raise NotImplementedError
        return "".join(out)
    if code in (codes.AT, codes.ASSERT, codes.ASSERT_NOT):
        return ""  # no text of their own; text_for checks the result
    raise NotImplementedError


def _letters(members: Any) -> str:
    negated = bool(members) and members[0][0] is codes.NEGATE
    found: list[str] = []
    for code, argument in members[1:] if negated else members:
        if code is codes.LITERAL:
            found.append(chr(argument))
        elif code is codes.RANGE:
            first, last = argument
            found.extend(chr(each) for each in range(first, min(last, first + 200) + 1))
        elif code is codes.CATEGORY:
            found.extend(_CATEGORIES.get(argument, ""))
    if negated:
        return "".join(each for each in _ALPHABET + "-_ " if each not in found)
    printable = [each for each in found if each.isascii() and each.isprintable() and each not in " "]
    return "".join(dict.fromkeys(printable or found))
