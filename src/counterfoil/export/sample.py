"""An exported request: with ids from a scenario, its credential as a variable, and the status of its response."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

VARIABLE = "{{%s}}"
"""The form of a variable in all three formats."""


@dataclass(frozen=True)
class Sample:
    """One request. ``path`` is percent-encoded and begins below the host; ``query`` is not encoded.

    ``optional_query`` are optional query parameters with a valid value. ``headers`` and ``query`` may contain variables.
    ``body`` is text; its media type is in ``headers``.
    """

    folder: str
    name: str
    text: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    optional_query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    status: int = 0

    @property
    def target(self) -> str:
        """Path and query, encoded except for variables."""
        return self.path + "?" * bool(self.query) + "&".join(f"{name}={value}" for name, value in encoded(self.query))

    @property
    def media_type(self) -> str:
        """The media type of the body; empty without one."""
        return next((value for name, value in self.headers if name.lower() == "content-type"), "")


@dataclass(frozen=True)
class Collection:
    """The exported requests, in the order in which they were tried, with the value of each variable."""

    title: str
    text: str
    variables: dict[str, str]
    titles: dict[str, str] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()

    @property
    def folders(self) -> dict[str, list[Sample]]:
        """The requests by folder, in order."""
        by_folder: dict[str, list[Sample]] = {}
        for sample in self.samples:
            by_folder.setdefault(sample.folder, []).append(sample)
        return by_folder


def encoded(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Query parameters, percent-encoded except for variables."""
    return [(quote(name, safe="[]@$."), value if "{{" in value else quote(value, safe="")) for name, value in pairs]


def one_line(text: str) -> str:
    """A document's text on one line, without control characters, because a second line could be a request in a ``.http`` file."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def unique(names: Iterable[str]) -> list[str]:
    """The names, with a number after repeated ones."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return out
