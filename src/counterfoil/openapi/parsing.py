"""Parses YAML or JSON text into a document in JSON's types."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from counterfoil import yaml_reader
from counterfoil.openapi.spec import SpecError
from counterfoil.plain_text import one_line

Json = Any


def parse(text: bytes, where: str) -> Json:
    """The document in YAML or JSON text, every key a string and every date text.

    Raises ``SpecError`` with file and line, one line for each mistake.
    """
    return parse_with_lines(text, where)[0]


def as_json(value: Json) -> bytes:
    """What YAML holds as JSON. Raises ``TypeError`` or ``ValueError`` for what JSON cannot express."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        if "64-bit" not in str(error):
            raise
        return msgspec.json.encode(value)  # whole numbers of more than 64 bits, which are read as a float, as in JSON


def parse_with_lines(text: bytes, where: str) -> tuple[Json, yaml_reader.Document]:
    """Like ``parse``, with the position of each member in the file."""
    try:
        document = yaml_reader.read_document(text, where)
    except yaml_reader.YamlError as error:
        raise SpecError(str(error)) from None
    try:
        # a round trip through JSON, so that parsed and cached documents are equal, and no object occurs twice
        return orjson.loads(as_json(document.value)), document
    except (TypeError, ValueError, RecursionError) as error:
        raise SpecError(f"{where}: has a value that JSON cannot express: {one_line(error)}") from None
