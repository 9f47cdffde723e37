"""Reads a spec from its folder or file for the checker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from counterfoil import openapi, yaml_reader
from counterfoil.contract.specs.walk import Node, walk

OURS = "ours"
"""``x-source: ours`` at a document's root: it describes this project's own API, so nothing in it needs a source."""


@dataclass(frozen=True, slots=True, order=True)
class LintFinding:
    """A defect of the spec of ``api``: ``where`` is a JSON pointer or a file, ``message`` one line."""

    api: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.api}: {self.where}: {self.message}"


class SpecUnreadable(ValueError):
    """A file that cannot be read as YAML or JSON; the message has its name and line."""


@dataclass(frozen=True)
class LintedSpec:
    """One spec as read: ``api`` is the folder's name, ``document`` the OpenAPI document with every key a string.

    ``file`` is the name of the document in ``folder``, and ``merges`` are its lines with a merge key (``<<``).
    """

    api: str
    folder: Path
    document: dict[str, Any]
    file: str = "openapi.yaml"
    merges: tuple[int, ...] = ()

    def finding(self, where: str, message: str) -> LintFinding:
        """A finding about this spec."""
        return LintFinding(self.api, where, message)

    @property
    def describes_own_api(self) -> bool:
        """Whether the document describes this project's own API, so that nothing needs a source."""
        return bool(self.document.get("x-source") == OURS)

    @cached_property
    def has_sources(self) -> bool:
        """Whether it was written from a vendor's documents: it has sources or switches, or a ``clauses.yaml`` next to it."""
        marked = "x-assumptions" in self.document or any("x-source" in node.value for node in self.nodes)
        return marked or (self.folder / "clauses.yaml").exists()

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every object of the document that a rule looks at, each once."""
        return tuple(walk(self.document))

    @cached_property
    def operations(self) -> dict[str, Node]:
        """Operations by ``operationId``."""
        return {str(n.value.get("operationId")): n for n in self.nodes if n.kind == "operation"}


def read_yaml(path: Path) -> Any:
    """The file's content. Raises ``SpecUnreadable`` with file and line, one line for each mistake."""
    try:
        return yaml_reader.read_file(path)
    except yaml_reader.YamlError as error:
        raise SpecUnreadable(str(error)) from None
    except OSError as error:
        raise SpecUnreadable(f"{path}: {error.strerror or error}") from None


def read_json(path: Path) -> Any:
    """The file's content. Raises ``SpecUnreadable`` with file and line."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise SpecUnreadable(f"{path}:{error.lineno}: {error.msg}") from None
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise SpecUnreadable(f"{path}: {' '.join(str(error).split())}") from None


def load_spec(location: Path) -> LintedSpec:
    """The spec in a folder, or in a file. Raises ``SpecUnreadable`` when there is none that can be read."""
    path = document_file(location)
    try:
        document, lines = openapi.parse_with_lines(path.read_bytes(), str(path))
    except openapi.SpecError as error:
        raise SpecUnreadable(str(error)) from None
    except OSError as error:
        raise SpecUnreadable(f"{path}: {error.strerror or error}") from None
    if not isinstance(document, dict):
        raise SpecUnreadable(f"{path}: not an OpenAPI document")
    return LintedSpec(api_name(location), path.parent, document, path.name, lines.merges)


def document_file(location: Path) -> Path:
    """The OpenAPI document of a spec, whose ``location`` is its folder, its document or its ``clauses.yaml``."""
    if location.name == "clauses.yaml":
        return location.with_name("openapi.yaml")
    return location if location.is_file() else location / "openapi.yaml"


def api_name(location: Path) -> str:
    """The API's name: the folder's name, or the file's if it is not ``openapi``."""
    path = document_file(location)
    return path.resolve().parent.name if path.stem == "openapi" else path.stem


def spec_folders(root: Path) -> list[Path]:
    """The folders under ``root`` that hold an ``openapi.yaml``, by name."""
    return sorted(path.parent for path in root.glob("*/openapi.yaml"))
