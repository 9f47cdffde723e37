"""Read a spec from its folder, and describe findings about it.

YAML is read as JSON would have it: keys are strings, and dates stay text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from counterfoil.contract.specwalk import Node, walk

OURS = "ours"
"""``x-source: ours`` at a document's root: it describes no vendor's API, so nothing in it needs a source."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing wrong with the spec of ``api``: ``where`` is a JSON pointer or a file, ``message`` one line."""

    api: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.api}: {self.where}: {self.message}"


class SpecUnreadable(ValueError):
    """A file that cannot be read as YAML or JSON; the message has its name and line."""


@dataclass(frozen=True)
class Spec:
    """One spec as read: ``api`` is the folder's name, ``document`` the OpenAPI document with every key a string."""

    api: str
    folder: Path
    document: dict[str, Any]

    def finding(self, where: str, message: str) -> Finding:
        """A finding about this spec."""
        return Finding(self.api, where, message)

    @property
    def ours(self) -> bool:
        """Whether the document describes our own API, so that there is no vendor to quote."""
        return bool(self.document.get("x-source") == OURS)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every object of the document that a rule looks at, each once."""
        return tuple(walk(self.document))

    @cached_property
    def operations(self) -> dict[str, Node]:
        """Operations by ``operationId``."""
        return {str(n.value.get("operationId")): n for n in self.nodes if n.kind == "operation"}


class _Loader(yaml.SafeLoader):
    """YAML as JSON has it: a repeated key and an unquoted date are errors, since parsers read them differently."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} is repeated", key_node.start_mark)
        result[key] = loader.construct_object(value_node, deep=True)
    return result


def _bare_date(loader: _Loader, node: yaml.ScalarNode) -> Any:
    raise yaml.constructor.ConstructorError(None, None, f"put the date {node.value} in quotes", node.start_mark)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _bare_date)


class _DateLoader(_Loader):
    """The same, with an unquoted date read as its text."""


_DateLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: str(node.value))


def read_yaml(path: Path, *, bare_dates: bool = False) -> Any:
    """The file's content; ``bare_dates`` accepts unquoted dates, as text. Raises ``SpecUnreadable`` with file and line."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _DateLoader if bare_dates else _Loader)  # noqa: S506 (safe)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SpecUnreadable(f"{path}{line}: {error.problem}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise SpecUnreadable(f"{path}: {' '.join(str(error).split()) or type(error).__name__}") from None


def read_json(path: Path) -> Any:
    """The file's content. Raises ``SpecUnreadable`` with file and line."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise SpecUnreadable(f"{path}:{error.lineno}: {error.msg}") from None
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise SpecUnreadable(f"{path}: {' '.join(str(error).split())}") from None


def load_spec(folder: Path) -> Spec:
    """The spec in ``folder``. Raises ``SpecUnreadable`` when there is none that can be read."""
    path = folder / "openapi.yaml"
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise SpecUnreadable(f"{path}: not an OpenAPI document")
    return Spec(folder.name, folder, document)


def spec_folders(root: Path) -> list[Path]:
    """The folders under ``root`` that hold an ``openapi.yaml``, by name."""
    return sorted(path.parent for path in root.glob("*/openapi.yaml"))
