"""The files that a user's own document consists of: read within bounds, with the line of every place in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from counterfoil import yaml_reader
from counterfoil.openapi.parsing import as_json
from counterfoil.plain_text import one_line

if TYPE_CHECKING:
    from counterfoil.openapi.identifiers import Identifiers

Json = Any
Steps = tuple[str | int, ...]
"""Keys and indexes that lead to a place in a file."""

MAX_DOCUMENT_BYTES = 10 * 1024 * 1024
"""Bytes of all files of one document. The largest of 48 published documents has 3.8 MB, bundled."""
MAX_FILES = 5_000
"""Files of one document. The largest published one that is split has 2,907."""

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^\s{}\[\],":]+')


class Unreadable(Exception):
    """A file that cannot be read, or is neither YAML nor JSON; the message says why, with the line if there is one."""


class SourceFile:
    """One file: its ``value`` in JSON's types, and the ``mistakes`` that were tolerated when it was read."""

    def __init__(self, path: Path, shown: str, data: bytes) -> None:
        self.path = path
        self.shown = shown
        self.digest = sha256(data).hexdigest()
        self.mistakes: tuple[yaml_reader.Mistake, ...] = ()
        self._text = data
        self._yaml: yaml_reader.Document | None = None
        self.value = self._parse(data)
        self.identifiers: Identifiers | None = None
        """The named schemas; None until one is looked for."""

    def _parse(self, data: bytes) -> Json:
        text = data.removeprefix(b"\xef\xbb\xbf")
        mistake = ""
        if text.lstrip()[:1] in (b"{", b"["):
            try:
                value = orjson.loads(text)
                self.mistakes = _repeated_keys(text.decode())
                return value
            except orjson.JSONDecodeError as error:
                mistake = f"{self.shown}:{error.lineno}: not valid JSON: {error.msg}"
        try:
            self._yaml = yaml_reader.read_document(data, self.shown, tolerant=True)
            self.mistakes = self._yaml.mistakes
            return orjson.loads(as_json(self._yaml.value))
        except yaml_reader.YamlError as error:
            named_json = self.path.suffix.lower() == ".json"
            raise Unreadable(mistake if mistake and named_json else str(error).partition("\n")[0]) from None
        except (TypeError, ValueError, RecursionError) as error:
            raise Unreadable(f"{self.shown}: has a value that JSON cannot express: {one_line(error)}") from None

    def mentions(self, *words: bytes) -> bool:
        """Whether any of these words occurs in the text."""
        return any(each in self._text for each in words)

    def lines_of(self, places: Iterable[Steps]) -> dict[Steps, int]:
        """The line of each place, or of its nearest parent that exists; lines count from 1."""
        wanted = set(places)
        if self._yaml is not None:
            return {each: self._yaml.line_of(each) for each in wanted}
        return _json_lines(self._text.decode("utf-8-sig", "replace"), wanted)

    def forget(self) -> None:
        """Release the text and the parsed values; ``lines_of`` cannot be called afterwards."""
        self._text, self._yaml, self.value, self.identifiers = b"", None, None, None


def _repeated_keys(text: str) -> tuple[yaml_reader.Mistake, ...]:
    """A mistake for each repeated key in an object of a JSON text; its last value counts."""
    has_repeated = False

    def note(pairs: list[tuple[str, Json]]) -> None:
        nonlocal has_repeated
        has_repeated = has_repeated or len({name for name, _ in pairs}) < len(pairs)

    try:
        json.loads(text, object_pairs_hook=note)
    except (RecursionError, ValueError):  # nested deeper, or a number with more digits, than Python reads
        return ()
    return tuple(_find_repeated_keys(text)) if has_repeated else ()


def _find_repeated_keys(text: str) -> Iterator[yaml_reader.Mistake]:
    seen: list[dict[str, int] | None] = []  # per open container: the lines of its keys, None for an array
    is_key = False
    line, counted = 1, 0
    for token in _JSON_TOKEN.finditer(text):
        shown = token.group()
        if shown in ("{", "["):
            seen.append({} if shown == "{" else None)
            is_key = shown == "{"
        elif shown in ("}", "]"):
            seen.pop()
            is_key = False
        elif shown == ",":
            is_key = bool(seen) and seen[-1] is not None
        elif is_key and (keys := seen[-1]) is not None:
            line, counted = line + text.count("\n", counted, token.start()), token.start()
            name, is_key = orjson.loads(shown), False
            if name in keys:
                yield yaml_reader.Mistake(line, f"key '{name}' is given twice, first in line {keys[name]}")
            keys[name] = line


def _json_lines(text: str, wanted: set[Steps]) -> dict[Steps, int]:
    """The lines of places in a JSON text that was parsed before."""
    prefixes = {steps[:length] for steps in wanted for length in range(len(steps) + 1)}
    found: dict[Steps, int] = {(): 1}
    path: list[Any] = []
    names: list[str | None] = []  # per open container: the key that was read, None for an array
    is_key = False
    line, counted = 1, 0
    for token in _JSON_TOKEN.finditer(text):
        first = token.group()[0]
        if first in "}]":
            path.pop()
            names.pop()
            is_key = False
            continue
        if first == ",":
            is_key = bool(path) and names[-1] is not None
            if path and names[-1] is None:
                path[-1] += 1
            continue
        if is_key:
            path[-1] = orjson.loads(token.group())
            is_key = False
        here = tuple(path)
        if here in prefixes and here not in found:
            line, counted = line + text.count("\n", counted, token.start()), token.start()
            found[here] = line
        if first in "{[":
            names.append("" if first == "{" else None)
            path.append(None if first == "{" else 0)
            is_key = first == "{"
    return {steps: next(found[steps[:n]] for n in range(len(steps), -1, -1) if steps[:n] in found) for steps in wanted}


class Sources:
    """The files of one document, each read once. ``root`` is the file the user named."""

    def __init__(self, path: Path) -> None:
        self.folder = path.resolve().parent
        self._prefix = str(path.parent / "_")[:-1]
        self._size = 0
        self._files: dict[Path, SourceFile | Unreadable] = {}
        self.root = self.read(path.resolve())

    def all(self) -> list[SourceFile]:
        """Every file that was read."""
        return [each for each in self._files.values() if isinstance(each, SourceFile)]

    def files(self) -> dict[str, str]:
        """The digest of each file that was read, by its path below the document's folder."""
        return {str(each.path.relative_to(self.folder)): each.digest for each in self.all()}

    def close(self) -> None:
        """Release the files' texts and parsed values, which are larger than the view."""
        for file in self.all():
            file.forget()

    def read(self, path: Path) -> SourceFile:
        """The file at an absolute path. Raises ``Unreadable``."""
        known = self._files.get(path)
        if known is None:
            try:
                known = self._read(path)
            except Unreadable as error:
                known = error
            self._files[path] = known
        if isinstance(known, Unreadable):
            raise known
        return known

    def _read(self, path: Path) -> SourceFile:
        shown = f"{self._prefix}{path.relative_to(self.folder)}"
        try:
            if not path.is_file():
                raise Unreadable(f"{shown}: {'is not a file' if path.exists() else 'no such file'}")
            self._size += path.stat().st_size
            if self._size > MAX_DOCUMENT_BYTES:
                raise Unreadable(f"{shown}: too large: a document may have {MAX_DOCUMENT_BYTES // 1024**2} MB in all")
            if len(self._files) >= MAX_FILES:
                raise Unreadable(f"{shown}: a document may have {MAX_FILES:,} files")
            return SourceFile(path, shown, path.read_bytes())
        except OSError as error:
            raise Unreadable(f"{shown}: cannot be read: {error.strerror or error}") from None

    def referenced_file(self, file: SourceFile, reference: str) -> SourceFile:
        """The file that a reference in ``file`` names. Raises ``Unreadable``, also for a file outside the folder."""
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", reference) or reference.startswith("//"):
            raise Unreadable("is at another address, and nothing is fetched")
        if "\0" in reference:
            raise Unreadable("is not the name of a file")
        path = (file.path.parent / unquote(reference)).resolve()
        if not path.is_relative_to(self.folder):
            raise Unreadable(f"is outside the document's folder {self._prefix or './'}")
        return self.read(path)
