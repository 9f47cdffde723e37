"""Reads every YAML file of counterfoil, by the same rules, and reports mistakes with file and line.

The rules are those of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema), with JSON's values as the result:

* only ``true`` and ``false`` are booleans; ``yes``, ``no``, ``on`` and ``off`` are text, so that a country can be ``NO``;
* numbers are decimal, ``0o17`` or ``0x1f``; ``1_000`` and ``12:30`` are text, and ``007`` is 7;
* dates and times are text, which the file's schema parses where it needs to;
* keys are text: a status code ``200:`` is the key ``"200"``;
* a key given twice is a mistake, and so is a tag that names a type of a programming language.

The merge key ``<<`` is read too: YAML 1.2 does not have it, but users' scenario files do. ``Document.merges`` has its lines, so
that ``specs lint`` can report it.

PyYAML reads YAML 1.1. Only its parser is used, in C where available; what a scalar means is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import isinf
from pathlib import Path
from typing import Any

from counterfoil.plain_text import one_line

Node = Any
"""A node of PyYAML's tree; PyYAML's stubs lack the attribute ``id``, which is the kind of node."""

MAX_NESTING = 100
"""How deep mappings and lists may nest. The deepest of 27 published OpenAPI documents nests 19 deep."""
MAX_REPEATED = 100_000
"""How many nodes aliases (``*name``) may repeat in total; otherwise nine lines of them can fill the memory."""
MAX_MISTAKES = 20
"""How many mistakes of one file are reported."""
MAX_DIGITS = 400
"""How long a number may be; no float has more digits before its decimal point."""

_TAG = "tag:yaml.org,2002:"
_STRING = f"{_TAG}str"
_PLAIN = "plain"
"""The tag given to a scalar without quotation marks and without an explicit tag."""
_TYPES = {"null": type(None), "bool": bool, "int": int, "float": float}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FIRST_OF_NUMBER = frozenset("0123456789+-.")


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing wrong with a file: ``line`` counts from 1, ``message`` is one line of text."""

    line: int
    message: str


class YamlError(ValueError):
    """A file that cannot be read as YAML. The message has one line for each mistake: file, line, what is wrong."""

    def __init__(self, where: str, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(f"{where}:{each.line}: {each.message}" for each in mistakes))
        self.where = where
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Document:
    """The content of a file: ``value`` in JSON's types (and infinity and NaN), and the tree with the positions in the file.

    ``merges`` are the lines that have a merge key. ``mistakes`` are what a tolerant reading accepted.
    """

    value: Any
    merges: tuple[int, ...]
    root: Node | None
    mistakes: tuple[Mistake, ...] = ()

    def line_of(self, path: Sequence[str | int]) -> int:
        """The line of the member that a path of keys and indexes leads to, as far as the path exists; the first is 1."""
        node = self.root
        line = 1 if node is None else int(node.start_mark.line) + 1
        for step in path:
            member = _member(node, step)
            if member is None:
                return line
            line, node = member
        return line


def read(source: bytes | str, where: str) -> Any:
    """The value of YAML text; ``where`` names it in messages. Raises ``YamlError`` with all mistakes."""
    return read_document(source, where).value


def read_file(path: Path) -> Any:
    """The value of a YAML file. Raises ``YamlError``, and ``OSError`` if the file cannot be read."""
    return read(path.read_bytes(), str(path))


def read_document(source: bytes | str, where: str, *, tolerant: bool = False) -> Document:
    """As ``read``, with the lines. Raises ``YamlError``.

    ``tolerant``: accept a key given twice (the last counts), unknown tags (ignored) and numbers that are too large (read as
    text), and list these in the document's ``mistakes``.
    """
    import yaml

    try:
        root = yaml.compose(source, _loader())
    except (yaml.YAMLError, UnicodeError) as error:
        raise YamlError(where, [_syntax_mistake(source, error)]) from None
    except RecursionError:
        raise YamlError(where, [Mistake(1, f"nests more than {MAX_NESTING} deep")]) from None
    builder = _Builder()
    value = None if root is None else builder.build(root)[0]
    mistakes = sorted({*builder.unusable, *([] if tolerant else builder.mistakes)})
    if mistakes:
        raise YamlError(where, mistakes[:MAX_MISTAKES])
    return Document(value, tuple(sorted(set(builder.merges))), root, tuple(sorted(set(builder.mistakes))))


@cache
def _loader() -> Any:
    """PyYAML's parser without its rules for plain scalars. Defined at first use: importing PyYAML takes 15 ms."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers: Any = {None: [(_PLAIN, re.compile(""))]}  # noqa: RUF012 - PyYAML's own name

    return Loader


class _Builder:
    """Builds the value of a tree of YAML nodes and collects its mistakes instead of stopping at the first.

    What an anchor names is built once and shared by its aliases, so that the work is bounded by the length of the file;
    the size that aliases add to the result is counted and bounded. ``unusable`` are the mistakes that no reading tolerates.
    """

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self.unusable: list[Mistake] = []
        self.merges: list[int] = []
        self._built: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()
        self._repeated = 0

    def build(self, node: Node) -> tuple[Any, int]:
        """The value of a node, and how many nodes it consists of."""
        if node.id == "scalar":
            return self._scalar(node), 1
        identity = id(node)
        if identity in self._built:
            value, size = self._built[identity]
            self._repeat(node, size)
            return value, size
        if identity in self._open or len(self._open) >= MAX_NESTING:
            is_recursive = identity in self._open
            message = "contains itself through an alias" if is_recursive else f"nests more than {MAX_NESTING} deep"
            self.unusable.append(Mistake(_line(node), message))
            return None, 1
        self._open.add(identity)
        self._built[identity] = built = self._sequence(node) if node.id == "sequence" else self._mapping(node)
        self._open.discard(identity)
        return built

    def _sequence(self, node: Node) -> tuple[list[Any], int]:
        self._expect_tag(node, "seq")
        built = [self.build(each) for each in node.value]
        return [value for value, _ in built], 1 + sum(size for _, size in built)

    def _mapping(self, node: Node) -> tuple[dict[str, Any], int]:
        self._expect_tag(node, "map")
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: list[dict[str, Any]] = []
        total = 1
        for key_node, value_node in node.value:
            value, size = self.build(value_node)
            total += size + 1
            if key_node.id != "scalar":
                self._mistake(key_node, "a key must be text, not a list or a mapping")
            elif key_node.tag == _PLAIN and key_node.value == "<<":
                merged += self._merged(key_node, value)
            elif key_node.value in lines:
                self._mistake(key_node, f"key '{key_node.value}' is given twice, first in line {lines[key_node.value]}")
                result[key_node.value] = value
            else:
                lines[key_node.value] = _line(key_node)
                result[key_node.value] = value
        for mapping in merged:
            result = {**mapping, **result}
        return result, total

    def _merged(self, key_node: Node, value: Any) -> list[dict[str, Any]]:
        self.merges.append(_line(key_node))
        mappings = value if isinstance(value, list) else [value]
        if not all(isinstance(mapping, dict) for mapping in mappings):
            self._mistake(key_node, "a merge key takes a mapping or a list of mappings")
            return []
        for mapping in mappings:
            self._repeat(key_node, len(mapping))
        return mappings

    def _scalar(self, node: Node) -> Any:
        if node.tag == _STRING:
            return node.value
        if node.tag == _PLAIN:
            value = _plain_value(node.value)
        else:
            value = self._tagged(node)
        if not isinstance(value, ValueError):
            return value
        self._mistake(node, str(value))
        return node.value

    def _tagged(self, node: Node) -> Any:
        """The value of a scalar whose type is written in front of it, as in ``!!str 12``."""
        type_name = node.tag.removeprefix(_TAG)
        if type_name not in _TYPES:
            return ValueError(f"the tag {_shown(node.tag)} is not allowed")
        value = _plain_value(node.value)
        expected_type = _TYPES[type_name]
        if type_name == "float" and type(value) is int:
            return float(value)
        return value if type(value) is expected_type else ValueError(f"{_short(node.value)} is not a {type_name}")

    def _expect_tag(self, node: Node, name: str) -> None:
        if node.tag != _TAG + name:
            self._mistake(node, f"the tag {_shown(node.tag)} is not allowed")

    def _repeat(self, node: Node, size: int) -> None:
        if self._repeated <= MAX_REPEATED < self._repeated + size:
            self.unusable.append(Mistake(_line(node), f"aliases repeat more than {MAX_REPEATED:,} nodes"))
        self._repeated += size

    def _mistake(self, node: Node, message: str) -> None:
        self.mistakes.append(Mistake(_line(node), message))


def _plain_value(text: str) -> Any:
    """The value of text without quotation marks: null, a boolean, a number or text. Returns a ``ValueError`` for a mistake."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        if len(text) > MAX_DIGITS:
            return ValueError(f"{_short(text)} has more than {MAX_DIGITS} digits")
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return ValueError(f"{_short(text)} is too large a number") if isinf(number) and text[-1] not in "fF" else number
    return text


def _member(node: Node | None, step: str | int) -> tuple[int, Node] | None:
    """The line and the node of one member of a node; None if it has none."""
    if node is None:
        return None
    if isinstance(step, int):
        if node.id == "sequence" and step < len(node.value):
            return _line(node.value[step]), node.value[step]
        return None
    pairs = node.value if node.id == "mapping" else ()
    return next(((_line(key), value) for key, value in pairs if key.id == "scalar" and key.value == step), None)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _syntax_mistake(source: bytes | str, error: Exception) -> Mistake:
    """The mistake in a parser error; for characters that YAML does not allow the error has a position instead of a line."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return Mistake(mark.line + 1, f"not valid YAML: {one_line(getattr(error, 'problem', None) or error)}")
    before: Any = source[: getattr(error, "position", 0)]
    line = before.count(b"\n" if isinstance(before, bytes) else "\n") + 1
    return Mistake(line, f"not valid YAML: {one_line(getattr(error, 'reason', error))}")


def _shown(tag: str) -> str:
    return f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else _short(tag)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
