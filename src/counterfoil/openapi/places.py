"""Where something is in a document of several files, where a reference leads from there, and what is told of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from counterfoil import json_pointer
from counterfoil.openapi.sources import SourceFile, Sources, Steps, Unreadable
from counterfoil.openapi.spec import Notice

Json = Any

MAX_NOTICES = 1_000
"""How many notices of one document are told."""
MAX_REFERENCES = 50
"""How many references may follow one after another."""


class Place:
    """A value of a document, and the way to it."""

    __slots__ = ("file", "parent", "step", "value")

    def __init__(self, file: SourceFile, value: Json, parent: Place | None = None, step: str | int = "") -> None:
        self.file = file
        self.value = value
        self.parent = parent
        self.step = step

    def __getitem__(self, step: str | int) -> Place:
        """The place of a member."""
        return Place(self.file, self.value[step], self, step)

    @property
    def steps(self) -> Steps:
        """Keys and indexes from the top of the file."""
        steps: list[str | int] = []
        place = self
        while place.parent is not None:
            steps.append(place.step)
            place = place.parent
        return tuple(reversed(steps))

    @property
    def pointer(self) -> str:
        """As a JSON pointer."""
        return json_pointer.join(*self.steps)


class Notices:
    """Collects what could not be understood; a place is told once for each message."""

    def __init__(self) -> None:
        self._told: dict[tuple[SourceFile, Steps, str], None] = {}
        self.left_out = 0

    def tell(self, place: Place, message: str) -> None:
        """``message`` is one line, which says what was done."""
        if len(self._told) < MAX_NOTICES:
            self._told[place.file, place.steps, message] = None
        else:
            self.left_out += 1

    def with_lines(self, sources: Sources) -> list[Notice]:
        """All notices, by file and line."""
        by_file: dict[SourceFile, set[Steps]] = {}
        for file, steps, _ in self._told:
            by_file.setdefault(file, set()).add(steps)
        lines = {file: file.lines_of(places) for file, places in by_file.items()}
        notices = [
            Notice(file.shown, lines[file][steps], f"{json_pointer.join(*steps)}: {message}")
            for file, steps, message in self._told
        ]
        notices += [
            Notice(file.shown, mistake.line, f"{mistake.message}; {_put_up_with(mistake.message)}")
            for file in sources.all()
            for mistake in file.mistakes
        ]
        notices.sort(key=lambda each: (each.where != sources.root.shown, each.where, each.line))
        if self.left_out:
            notices.append(Notice(sources.root.shown, 1, f"{self.left_out} more places could not be understood"))
        return notices


def _put_up_with(mistake: str) -> str:
    return "the last counts" if mistake.startswith("key ") else "read as it is written"


class Lost(Exception):
    """A reference that leads nowhere; the message says why."""


def target(sources: Sources, reference: str, place: Place) -> Place:
    """Where a reference that stands at ``place`` leads. Raises ``Lost``."""
    address, _, fragment = reference.partition("#")
    try:
        file = sources.beside(place.file, address) if address else place.file
    except Unreadable as error:
        raise Lost(str(error)) from None
    if fragment and not fragment.startswith("/"):
        raise Lost("names an anchor, and anchors are not read")
    top = Place(file, file.value)
    for tokens in (json_pointer.split(fragment), json_pointer.split(unquote(fragment))):
        found = _descend(sources, top, tokens)
        if found is not None:
            return found
    if not address:  # a schema with an $id of its own, or one that was pasted in whole, means its own top
        ancestor = place.parent
        while ancestor is not None:
            found = _descend(sources, ancestor, json_pointer.split(fragment))
            if found is not None:
                return found
            ancestor = ancestor.parent
    raise Lost("points to nothing")


def _descend(sources: Sources, top: Place, tokens: list[str], depth: int = MAX_REFERENCES) -> Place | None:
    place = top
    for token in tokens:
        value = place.value
        if isinstance(value, dict) and token not in value and isinstance(value.get("$ref"), str) and depth:
            try:
                address, _, fragment = value["$ref"].partition("#")
                file = sources.beside(place.file, address) if address else place.file
            except Unreadable:
                return None
            further = _descend(sources, Place(file, file.value), json_pointer.split(fragment), depth - 1)
            if further is None:
                return None
            place, value = further, further.value
        if isinstance(value, dict) and token in value:
            place = place[token]
        elif isinstance(value, list) and token.isdecimal() and int(token[:9]) < len(value):
            place = place[int(token[:9])]
        else:
            return None
    return place


def end_of(sources: Sources, place: Place) -> Place:
    """``place``, or where its ``$ref`` and those that follow lead. Raises ``Lost``."""
    for _ in range(MAX_REFERENCES):
        if not (isinstance(place.value, dict) and isinstance(place.value.get("$ref"), str)):
            return place
        place = target(sources, place.value["$ref"], place)
    raise Lost("refers to itself")
