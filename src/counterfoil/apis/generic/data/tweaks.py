"""Choices to make differently when a value is made for a schema, and a record of where there was a choice."""

from __future__ import annotations

Path = tuple[str | int, ...]


class Tweaks:
    """Choices to make differently at some places: leave out (``omitted``), or take another alternative (``branches``).

    ``sent``: the value is a request's, so it has what is ``writeOnly`` and leaves out what is ``readOnly``. ``required`` was
    left out, and is required by an alternative that was taken later.
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
    """Where there was a choice: places with several alternatives, what may be left out, what was given."""

    __slots__ = ("choices", "given", "optional")

    def __init__(self) -> None:
        self.choices: dict[Path, int] = {}
        self.optional: set[Path] = set()
        self.given: set[Path] = set()
