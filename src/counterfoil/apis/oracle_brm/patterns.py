"""Matches the patterns of ``.like`` filters, in which a percent sign stands for any characters."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SERIES = re.compile(r"(?:[BD][0-9]*-?)?%", re.ASCII)


class Patterns:
    """Patterns in which a percent sign stands for any characters and no other character is special.

    ``match`` returns a match if one of them matches a whole text.
    """

    def __init__(self, texts: Iterable[str], one_or_more: bool) -> None:
        self._some = ".+" if one_or_more else ".*"
        # Several percent signs in a row mean the same as one, and would make as many groups.
        patterns = [text if one_or_more else re.sub("%+", "%", text) for text in texts]
        self.match = re.compile("|".join(map(self._expression, patterns)), re.DOTALL).fullmatch
        # `B5-%` matches all bills of run 5: a bill number always continues after the hyphen.
        self.match_whole_series = all(_SERIES.fullmatch(pattern) for pattern in patterns)
        self._starts = [pattern.partition("%")[0] for pattern in patterns]

    def may_match_series(self, series: str) -> bool:
        """Whether a bill number of ``series`` (``B5``) can match, judged by the text before the first percent sign."""
        number = f"{series}-"
        return any(number.startswith(start) or start.startswith(number) for start in self._starts)

    def _expression(self, pattern: str) -> str:
        """The regular expression. Each piece matches where it first occurs, without backtracking (an atomic group).

        That finds a match if there is one, and keeps ``%1%1%1%1…`` from taking exponential time.
        """
        first, *middle = (re.escape(piece) for piece in pattern.split("%"))
        last = self._some + middle.pop() if middle else ""
        return first + "".join(f"(?>{self._some}?{piece})" for piece in middle) + last
