"""Blanks credentials in recorded requests and responses: headers, query values and members of JSON bodies, by their names.

Bodies are text that may be cut, malformed, or not JSON, and everything else in them must stay as sent; so they are scanned
for strings, not parsed and written again. No pattern backtracks over a body, because bodies are untrusted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

BLANK = "***"
_SECRET_WORDS = ("key", "token", "secret", "passw", "auth", "credential", "cookie")
_SECRET_NAME = re.compile(
    r"passw|passphrase|passcode|^pass$|pwd|secret|token|apikey|accesskey|privatekey|credential|authoriz"
)
_NOT_SECRET = re.compile(r"^error")  # emnify's error_token is an error code
_STRING = re.compile(r'"((?:[^"\\]|\\.?)*)(?:"|\Z)(\s*:)?\s*', re.DOTALL)
_UNQUOTED_SECRET = re.compile(
    r"(?i)(\b[\w-]{0,40}(?:passw|pwd|secret|token|api[_-]?key)[\w-]{0,40}['\"]?\s{0,9}[:=]\s{0,9})(?!\s|\"?\*\*\*)[^\s&,;}]+"
)
_NON_ALPHANUMERIC = re.compile(r"[^a-z0-9]")
_decoder = json.JSONDecoder()


def is_secret(name: str) -> bool:
    """Whether a JSON member or query parameter of this name holds a credential."""
    normalized = _NON_ALPHANUMERIC.sub("", name.lower())
    return bool(_SECRET_NAME.search(normalized)) and not _NOT_SECRET.match(normalized)


def headers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers, with values blanked in those that may hold credentials."""
    return tuple((name, BLANK if _may_name_a_secret(name) else value) for name, value in pairs)


def _may_name_a_secret(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _SECRET_WORDS)


def logged_query(text: str) -> str:
    """A query string for a log, which other people may read: every parameter with a word like "key" in its name is
    blanked (``sortKey`` too)."""
    if not _may_name_a_secret(text):
        return text
    return "&".join(_logged_pair(part) for part in text.split("&"))


def _logged_pair(part: str) -> str:
    """``name=***`` for ``name=value``. A ``?`` inside a value starts another name: some clients append a second query."""
    pieces = part.split("=")
    for index, piece in enumerate(pieces[:-1]):
        if _may_name_a_secret(piece if index == 0 else piece.partition("?")[2]):
            return "=".join(pieces[: index + 1]) + f"={BLANK}"
    return part


def query(text: str) -> str:
    """A query string for the journal, as sent, with the values of parameters named like credentials blanked."""
    return "&".join(_pair(part) for part in text.split("&"))


def _pair(part: str) -> str:
    name, equals, _ = part.partition("=")
    normalized = unquote_plus(name)
    return f"{name}={BLANK}" if equals and (is_secret(normalized) or normalized.lower() in ("key", "auth")) else part


def body(text: str) -> str:
    """A body, as sent, with the values of JSON members named like credentials blanked, whatever their type."""
    shown = "".join(_parts(text))
    return shown if text[:1] in ("{", "[", "") else _UNQUOTED_SECRET.sub(rf"\1{BLANK}", shown)


def _parts(text: str) -> Iterator[str]:
    at = 0
    while True:
        match = _STRING.search(text, at)
        if match is None:
            break
        if match.group(2) and is_secret(_unescaped(match.group(1))):
            yield text[at : match.end()]
            end = _end_of_value(text, match.end())
            if end > match.end():
                yield f'"{BLANK}"'
            at = end
        else:
            yield text[at : match.end()]
            at = match.end()
    yield text[at:]


def _unescaped(name: str) -> str:
    if "\\" not in name:
        return name
    try:
        return str(json.loads(f'"{name}"'))
    except ValueError:
        return name


def _end_of_value(text: str, at: int) -> int:
    """Where the JSON value at ``at`` ends; the end of the text if it is cut or broken."""
    try:
        return _decoder.raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        return len(text)
