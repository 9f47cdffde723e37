"""Blanks credentials in what the journal shows: headers, query values, and members of JSON bodies, by their names.

Bodies are text that may be cut, malformed, or no JSON at all, and what is not blanked must stay as it was sent; so they
are read string by string, not parsed and written again. Every pattern here reads on and never back: bodies come from
outside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

BLANK = "***"
_SECRET_HEADER = re.compile(r"(?i)auth|cookie|token|secret|key|passw|credential")
_SECRET_NAME = re.compile(
    r"passw|passphrase|passcode|^pass$|pwd|secret|token|apikey|accesskey|privatekey|credential|authoriz"
)
_NOT_SECRET = re.compile(r"^error")  # error_token and the like say what went wrong
_STRING = re.compile(r'"((?:[^"\\]|\\.?)*)(?:"|\Z)(\s*:)?\s*', re.DOTALL)
_LOOSE = re.compile(
    r"(?i)(\b[\w-]{0,40}(?:passw|pwd|secret|token|api[_-]?key)[\w-]{0,40}['\"]?\s{0,9}[:=]\s{0,9})(?!\s|\"?\*\*\*)[^\s&,;}]+"
)
_NAME_SIGNS = re.compile(r"[^a-z0-9]")
_decoder = json.JSONDecoder()


def is_secret(name: str) -> bool:
    """Whether a JSON member or query parameter of this name holds a credential."""
    plain = _NAME_SIGNS.sub("", name.lower())
    return bool(_SECRET_NAME.search(plain)) and not _NOT_SECRET.match(plain)


def headers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The same headers, the values of those with credentials blanked."""
    return tuple((name, BLANK if _SECRET_HEADER.search(name) else value) for name, value in pairs)


def query(text: str) -> str:
    """A query string, as sent, with the values of what is named like a credential blanked."""
    return "&".join(_pair(part) for part in text.split("&"))


def _pair(part: str) -> str:
    name, equals, _ = part.partition("=")
    plain = unquote_plus(name)
    return f"{name}={BLANK}" if equals and (is_secret(plain) or plain.lower() in ("key", "auth")) else part


def body(text: str) -> str:
    """A body, as sent, with the values of JSON members named like credentials blanked, whatever their type."""
    shown = "".join(_parts(text))
    return shown if text[:1] in ("{", "[", "") else _LOOSE.sub(rf"\1{BLANK}", shown)


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
