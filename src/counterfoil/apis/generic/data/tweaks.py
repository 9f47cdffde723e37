"""Choices for making a value from a schema, and a record of the places where there was a choice."""

from __future__ import annotations

Path = tuple[str | int, ...]


class Tweaks:
    """Choices that differ from the default at some places: omit a value (``omitted``), take another alternative (``branches``),
    or do not use the given value (``ignored``).

    ``bare``: make no optional values. ``sent``: the value is for a request: with ``writeOnly`` and without ``readOnly``
    properties. ``required`` are places that were omitted and that an alternative chosen later requires.
    """

    __slots__ = ("bare", "branches", "ignored", "omitted", "required", "sent")

    def __init__(self) -> None:
        self.omitted: set[Path] = set()
        self.branches: dict[Path, int] = {}
        self.ignored: set[Path] = set()
        self.required: set[Path] = set()
        self.bare = False
        self.sent = False

    def copy(self) -> Tweaks:
        twin = Tweaks()
        twin.omitted, twin.branches, twin.ignored = set(self.omitted), dict(self.branches), set(self.ignored)
        twin.bare, twin.sent, twin.required = self.bare, self.sent, set(self.required)
        return twin


NO_TWEAKS = Tweaks()


class Record:
    """The places where there was a choice: with several alternatives, optional, or with a given value."""

    __slots__ = ("choices", "given", "optional")

    def __init__(self) -> None:
        self.choices: dict[Path, int] = {}
        self.optional: set[Path] = set()
        self.given: set[Path] = set()
