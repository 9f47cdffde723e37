"""A tool: a name, a description, a JSON Schema of its arguments and a function; and the limit on its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
import orjson

Json = Any
Arguments = Mapping[str, Json]

MAX_CHARACTERS = 20_000
"""Limit on a tool's result: about 5,000 tokens of a language model's context."""


class ToolError(Exception):
    """A tool cannot do what it was called for; the message is one line that says what is possible."""


@dataclass(frozen=True)
class Tool:
    """A tool. ``run`` receives arguments that fit ``properties``, and returns text or a JSON value.

    ``writes`` says that it changes a world, ``destroys`` that it may overwrite or delete data, ``outside`` that it
    may call other addresses than this stand-in's.
    """

    name: str
    text: str
    run: Callable[[Arguments], Awaitable[Json]]
    properties: Mapping[str, Json] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    writes: bool = False
    destroys: bool = False
    outside: bool = False

    @property
    def schema(self) -> dict[str, Json]:
        """The JSON Schema of the arguments."""
        return {
            "type": "object",
            "properties": dict(self.properties),
            "required": list(self.required),
            "additionalProperties": False,
        }


async def call(tools: Mapping[str, Tool], name: str, arguments: Arguments) -> str:
    """The tool's result as text of limited length. Raises ``ToolError``."""
    tool = tools.get(name)
    if tool is None:
        raise ToolError(f"there is no tool '{name}'; there are: {', '.join(tools)}")
    problem = next(iter(jsonschema_rs.Draft202012Validator(tool.schema).iter_errors(dict(arguments))), None)
    if problem is not None:
        where = "/".join(map(str, problem.instance_path))
        raise ToolError(f"{f'{where}: ' if where else ''}{problem.message}")
    return bounded(await tool.run(arguments))


def bounded(answer: Json) -> str:
    """``answer`` as text of at most ``MAX_CHARACTERS``; a note at the end says if some is left out."""
    text = answer if isinstance(answer, str) else orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode()
    if len(text) <= MAX_CHARACTERS:
        return text
    note = f"\n… {len(text):,} characters in all; the rest is left out. Ask for less: a smaller page, one customer, one law."
    return text[: MAX_CHARACTERS - len(note)] + note


def one_line(text: str, most: int = 500) -> str:
    """Text on one line, cut at ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
