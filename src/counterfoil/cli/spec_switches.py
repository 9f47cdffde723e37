"""Writes an API's switches into its OpenAPI document, as the list ``x-assumptions``.

Switches are defined in the API package only; the list in the document is generated from them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any

import yaml

from counterfoil.api import Switch

_BLOCK = re.compile(r"^x-assumptions:.*\n(?:[ #-].*\n)*", re.MULTILINE)
"""The key at the top level and everything indented below it."""

_WIDTH = 120


def with_switches(document: str, switches: Iterable[Switch]) -> str:
    """The text of an OpenAPI document with its ``x-assumptions`` replaced, or inserted before ``paths``.

    Raises ``ValueError`` if the document has neither key at the top level.
    """
    block = _block(switches)
    if _BLOCK.search(document):
        return _BLOCK.sub(lambda _: block, document, count=1)
    before, separator, after = document.partition("\npaths:")
    if not separator:
        raise ValueError("the document has no 'paths' at the top level")
    return f"{before}\n{block}\n{separator.lstrip()}{after}" if block else document


def _block(switches: Iterable[Switch]) -> str:
    lines = [line for switch in switches for line in _entry(switch)]
    return "".join(f"{line}\n" for line in ["x-assumptions:", *lines]) if lines else ""


def _entry(switch: Switch) -> list[str]:
    indent = " " * 6
    text = textwrap.fill(
        switch.text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [
        f"  - switch: {switch.name}",
        f"    default: {_scalar(switch.default)}",
        f"    choices: {_scalar(None if switch.choices is None else list(switch.choices))}",
        "    text: >-",
        text,
        f"    rule: {switch.source}",
    ]


def _scalar(value: Any) -> str:
    """A value on one line, as YAML writes it."""
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip()
