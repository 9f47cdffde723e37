"""Parses the Prefer header of a request: ``Prefer: code=503, delay=250, example=empty`` (RFC 7240; names as in Prism).

``code`` is a status that the spec documents for the operation, ``delay`` milliseconds before the response, ``example`` the name
of an example in the spec. Unknown preferences are ignored, as the RFC requires. If one of these three cannot be met, the request
is refused with 400, so that no test passes without the response it asked for.
"""

from __future__ import annotations

import re

import msgspec

from counterfoil.api import ApiError
from counterfoil.server.faults.documented_statuses import DocumentedStatuses
from counterfoil.server.logs import printable

MAX_DELAY_MS = 120_000
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  (RFC 9110, 5.6.2)
_QUOTED = re.compile(r"\\(.)")
_PIECE = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.?)*(?:"|\Z))+')
"""The text between two commas outside quotes. The pattern does not backtrack, because a header may be long."""
_NAME = re.compile(rf"[ \t]*({_TOKEN})(.*)", re.DOTALL)
_VALUE = re.compile(rf'[ \t]*(?:=[ \t]*({_TOKEN}|"(?:[^"\\]|\\.)*")?)?[ \t]*(?:;|\Z)')


class Preferences(msgspec.Struct, frozen=True):
    """The preferences of one request; None if not given."""

    code: int | None = None
    delay: int | None = None
    example: str | None = None

    @property
    def applied(self) -> str:
        """The value of ``Preference-Applied``."""
        named = (("code", self.code), ("delay", self.delay), ("example", self.example))
        return ", ".join(f"{name}={value}" for name, value in named if value is not None)


NO_PREFERENCES = Preferences()


def preferences(header: str, operation: str, documented: DocumentedStatuses) -> Preferences:
    """Parse the header. Raises ``ApiError`` (malformed, naming Prefer) for a code or delay that cannot be met."""
    sent = parse(header)
    code = delay = example = None
    if "code" in sent:
        code = _code(sent["code"], operation, documented)
    if "delay" in sent:
        delay = _whole_number(sent["delay"])
        if delay is None or delay > MAX_DELAY_MS:
            raise _refused(f"delay is a whole number of milliseconds up to {MAX_DELAY_MS}", sent["delay"])
    if "example" in sent:
        example = sent["example"]
        if documented.example(example, code) is None:
            usable = sorted(name for name in documented.examples if documented.example(name, code) is not None)
            with_code = "" if code is None else f" with the code {code}"
            raise _refused(f"{operation} documents the examples {', '.join(usable) or 'none'}{with_code}", example)
    return NO_PREFERENCES if (code, delay, example) == (None, None, None) else Preferences(code, delay, example)


def parse(header: str) -> dict[str, str]:
    """Each preference's value by its name in lower case; the first of repeated ones counts (RFC 7240, 2). Invalid text after
    a name is returned unchanged, so that the caller can refuse it; parts without a name are skipped."""
    values: dict[str, str] = {}
    for piece in _PIECE.findall(header):
        named = _NAME.match(piece)
        if named is not None:
            name, rest = named.groups()
            match = _VALUE.match(rest)
            value = rest if match is None else match.group(1) or ""
            values.setdefault(name.lower(), _QUOTED.sub(r"\1", value[1:-1]) if value[:1] == '"' else value)
    return values


def _code(text: str, operation: str, documented: DocumentedStatuses) -> int:
    code = _whole_number(text)
    if code is None or not documented.has(code):
        raise _refused(f"{operation} documents the codes {documented}", text)
    return code


def _whole_number(text: str) -> int | None:
    return int(text) if len(text) <= 7 and text.isascii() and text.isdecimal() else None


def _refused(rule: str, sent: str) -> ApiError:
    return ApiError("malformed", f"Prefer: {rule}, not '{printable(sent, 40)}'", where="Prefer")
