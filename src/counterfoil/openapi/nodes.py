"""Nodes of a document of several files: their location, the references from them, and notices about them."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from counterfoil import json_pointer
from counterfoil.openapi.identifiers import NAMING, Identifiers
from counterfoil.openapi.sources import SourceFile, Sources, Steps, Unreadable
from counterfoil.openapi.spec import Notice

Json = Any

MAX_NOTICES = 1_000
"""How many notices of one document are kept."""
MAX_REFERENCES = 50
"""How many consecutive references are followed."""


class Node:
    """A value of a document, and its location."""

    __slots__ = ("file", "parent", "step", "value")

    def __init__(self, file: SourceFile, value: Json, parent: Node | None = None, step: str | int = "") -> None:
        self.file = file
        self.value = value
        self.parent = parent
        self.step = step

    def __getitem__(self, step: str | int) -> Node:
        """The node of a member."""
        return Node(self.file, self.value[step], self, step)

    @property
    def steps(self) -> Steps:
        """Keys and indexes from the top of the file."""
        steps: list[str | int] = []
        node = self
        while node.parent is not None:
            steps.append(node.step)
            node = node.parent
        return tuple(reversed(steps))

    @property
    def pointer(self) -> str:
        """As a JSON pointer."""
        return json_pointer.join(*self.steps)


class Notices:
    """Collects notices of what could not be understood, without duplicates."""

    def __init__(self) -> None:
        self._messages: dict[tuple[SourceFile, Steps, str], None] = {}
        self.left_out = 0

    def add(self, node: Node, message: str) -> None:
        """Add one line that says what was wrong and what was done instead."""
        if len(self._messages) < MAX_NOTICES:
            self._messages[node.file, node.steps, message] = None
        else:
            self.left_out += 1

    def with_lines(self, sources: Sources) -> list[Notice]:
        """All notices, by file and line."""
        by_file: dict[SourceFile, set[Steps]] = {}
        for file, steps, _ in self._messages:
            by_file.setdefault(file, set()).add(steps)
        lines = {file: file.lines_of(places) for file, places in by_file.items()}
        notices = [
            Notice(file.shown, lines[file][steps], f"{json_pointer.join(*steps)}: {message}")
            for file, steps, message in self._messages
        ]
        notices += [
            Notice(file.shown, mistake.line, f"{mistake.message}; {_what_was_done(mistake.message)}")
            for file in sources.all()
            for mistake in file.mistakes
        ]
        notices.sort(key=lambda each: (each.where != sources.root.shown, each.where, each.line))
        if self.left_out:
            notices.append(Notice(sources.root.shown, 1, f"{self.left_out} more places could not be understood"))
        return notices


def _what_was_done(mistake: str) -> str:
    return "the last counts" if mistake.startswith("key ") else "read as it is written"


class Lost(Exception):
    """A reference that leads nowhere; the message says why."""


def target(sources: Sources, reference: str, node: Node) -> Node:
    """The node that the reference at ``node`` points to. Raises ``Lost``."""
    address, _, fragment = reference.partition("#")
    is_anchor = bool(fragment) and not fragment.startswith("/")
    named = reference if is_anchor else address
    top = _identifiers(node.file).find(named, node) if named else None
    if top is None:
        try:
            file = sources.referenced_file(node.file, address) if address else node.file
        except Unreadable as error:
            raise Lost(str(error)) from None
        top = Node(file, file.value)
        if is_anchor:
            top = _identifiers(file).find(f"#{fragment}", top)
    if top is None:
        raise Lost("names an anchor that no schema has")
    if is_anchor:
        return top
    for tokens in (json_pointer.split(fragment), json_pointer.split(unquote(fragment))):
        found = _descend(sources, top, tokens)
        if found is not None:
            return found
    if not address:  # in a schema with an $id, or one that was pasted in, the fragment starts at that schema's top
        ancestor = node.parent
        while ancestor is not None:
            found = _descend(sources, ancestor, json_pointer.split(fragment))
            if found is not None:
                return found
            ancestor = ancestor.parent
    raise Lost("points to nothing")


def _identifiers(file: SourceFile) -> Identifiers:
    """The named schemas of a file. Most files have none and are not searched."""
    if file.identifiers is None:
        file.identifiers = Identifiers(Node(file, file.value) if file.mentions(*NAMING) else None)
    return file.identifiers


def _descend(sources: Sources, top: Node, tokens: list[str], depth: int = MAX_REFERENCES) -> Node | None:
    node = top
    for token in tokens:
        value = node.value
        if isinstance(value, dict) and token not in value and isinstance(value.get("$ref"), str) and depth:
            try:
                address, _, fragment = value["$ref"].partition("#")
                file = sources.referenced_file(node.file, address) if address else node.file
            except Unreadable:
                return None
            further = _descend(sources, Node(file, file.value), json_pointer.split(fragment), depth - 1)
            if further is None:
                return None
            node, value = further, further.value
        if isinstance(value, dict) and token in value:
            node = node[token]
        elif isinstance(value, list) and token.isdecimal() and int(token[:9]) < len(value):
            node = node[int(token[:9])]
        else:
            return None
    return node


def follow_references(sources: Sources, node: Node) -> Node:
    """``node``, or the node at the end of its chain of ``$ref``. Raises ``Lost``."""
    for _ in range(MAX_REFERENCES):
        if not (isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str)):
            return node
        node = target(sources, node.value["$ref"], node)
    raise Lost("refers to itself")
