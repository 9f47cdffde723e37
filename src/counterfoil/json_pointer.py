"""JSON pointers (RFC 6901) in the form that OpenAPI uses, as the fragment of a URI: ``#/paths/~1bills/get``."""

from __future__ import annotations

from typing import Any

MAX_REFERENCES = 10
"""How many consecutive ``$ref`` are followed."""


def join(*tokens: object, base: str = "#") -> str:
    """``base`` with ``tokens`` appended to it."""
    return base + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def split(pointer: str) -> list[str]:
    """The keys and indexes that a pointer consists of."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def find(document: Any, pointer: str) -> Any:
    """The value that ``pointer`` points to in ``document``. Raises ``LookupError`` if there is none."""
    value = document
    for token in split(pointer):
        value = member(value, token)
    return value


def follow(document: Any, pointer: object, depth: int = MAX_REFERENCES) -> Any:
    """Like ``find``, but follows every ``$ref`` on the way; ``None`` if there is no value."""
    if not isinstance(pointer, str) or not pointer.startswith("#") or depth == 0:
        return None
    value = document
    for token in split(pointer):
        if isinstance(value, dict) and token not in value and "$ref" in value:
            value = follow(document, value["$ref"], depth - 1)
        try:
            value = member(value, token)
        except LookupError:
            return None
    return value


def member(node: Any, token: str) -> Any:
    """One member of a mapping or a list. Raises ``LookupError`` if there is none."""
    if isinstance(node, list):
        return node[int(token)] if token.isdecimal() and len(token) < 10 else _missing(token)
    return node[token] if isinstance(node, dict) else _missing(token)


def _missing(token: str) -> Any:
    raise LookupError(token)
