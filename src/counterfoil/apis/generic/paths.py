"""Splits a document's paths into segments, and finds their parameters and parent paths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from counterfoil.openapi.path_templates import PARAMETER

_KEYED = re.compile(r"([^{}()]+)\('?(\{[^{}]*\})'?\)")
"""OData's form of ``Products/{ID}``: ``Products({ID})`` or ``Products('{Code}')``."""
_SUFFIX = re.compile(r"\.(?:json|xml|pdf|csv|html|txt)$")


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a path. ``parameter`` is the name of a parameter in it; empty if it has none."""

    text: str
    parameter: str

    @property
    def is_parameter(self) -> bool:
        return bool(self.parameter)


@dataclass(frozen=True, slots=True)
class Path:
    """A path of the document."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def ends_in_parameter(self) -> bool:
        return bool(self.segments) and self.segments[-1].is_parameter

    @property
    def last(self) -> str:
        """The last segment's text, without a suffix such as ``.json``."""
        return self.segments[-1].text if self.segments else ""

    @property
    def has_custom_verb(self) -> bool:
        """Whether the path ends in ``{id}:verb``, like Google's custom methods."""
        return self.ends_in_parameter and ":" in self.last.rpartition("}")[2]

    @property
    def noun(self) -> str:
        """The last segment that is not a parameter."""
        return next((each.text for each in reversed(self.segments) if not each.is_parameter), "")

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(each.parameter for each in self.segments if each.is_parameter)

    @property
    def key(self) -> str:
        """The path without suffixes and parameter names: equal for paths that differ only in these."""
        return "/" + "/".join("{}" if each.is_parameter else each.text for each in self.segments)

    def parent(self, count: int = 1) -> Path:
        """The path without its last ``count`` segments."""
        kept = self.segments[: len(self.segments) - count]
        return Path("/" + "/".join(each.text for each in kept), kept)


@lru_cache(maxsize=16384)
def read_path(text: str) -> Path:
    """``/Accounts/{Sid}.json`` → Accounts, {Sid}."""
    segments = []
    for part in _KEYED.sub(r"\1/\2", text).split("/"):
        if part:
            bare = _SUFFIX.sub("", part)
            parameters = PARAMETER.findall(bare)
            segments.append(Segment(bare, parameters[-1] if parameters else ""))
    return Path(text, tuple(segments))
