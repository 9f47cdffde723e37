"""What one request asks of its own answer: ``Prefer: code=503, delay=250, example=empty`` (RFC 7240; as Prism has them).

``code`` is a status the spec documents for the operation, ``delay`` milliseconds before the answer, ``example`` the name of one
of the examples in the spec. Preferences that are
not ours are ignored, as the RFC wants; ours that cannot be met are refused by name, for a test that believes it saw a 503
is worse than one that fails. Nothing here knows vendors or faults.
"""

from __future__ import annotations

import re

import msgspec

from counterfoil.api import ApiError
from counterfoil.server.faults.documented_statuses import Documented
from counterfoil.server.logs import shown

LONGEST_DELAY = 120_000
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  (RFC 9110, 5.6.2)
_QUOTED = re.compile(r"\\(.)")
_PIECE = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.?)*(?:"|\Z))+')
"""What is between commas, those in quotes not counted. It never goes back over what it read: a header may be long."""
_NAME = re.compile(rf"[ \t]*({_TOKEN})(.*)", re.DOTALL)
_VALUE = re.compile(rf'[ \t]*(?:=[ \t]*({_TOKEN}|"(?:[^"\\]|\\.)*")?)?[ \t]*(?:;|\Z)')


class Preferences(msgspec.Struct, frozen=True):
    """What is asked for; None where it is not."""

    code: int | None = None
    delay: int | None = None
    example: str | None = None

    @property
    def applied(self) -> str:
        """As ``Preference-Applied`` says it."""
        named = (("code", self.code), ("delay", self.delay), ("example", self.example))
        return ", ".join(f"{name}={value}" for name, value in named if value is not None)


NOTHING = Preferences()


def preferences(header: str, operation: str, documented: Documented) -> Preferences:
    """Read the header. Raises ``ApiError`` (malformed, naming Prefer) for a code or delay that cannot be had."""
    asked = parse(header)
    code = delay = example = None
    if "code" in asked:
        code = _code(asked["code"], operation, documented)
    if "delay" in asked:
        delay = _whole(asked["delay"])
        if delay is None or delay > LONGEST_DELAY:
            raise _refused(f"delay is a whole number of milliseconds up to {LONGEST_DELAY}", asked["delay"])
    if "example" in asked:
        example = asked["example"]
        if documented.example(example, code) is None:
            names = ", ".join(sorted(documented.examples)) or "none"
            raise _refused(f"{operation} documents the examples {names}", example)
    return NOTHING if (code, delay, example) == (None, None, None) else Preferences(code, delay, example)


def parse(header: str) -> dict[str, str]:
    """Each preference's value by its name in lower case; of one given twice the first counts (RFC 7240, 2). What follows a
    name but is not a value is returned unchanged, so that the caller can refuse it; what has no name is skipped."""
    found: dict[str, str] = {}
    for piece in _PIECE.findall(header):
        named = _NAME.match(piece)
        if named is not None:
            name, rest = named.groups()
            match = _VALUE.match(rest)
            value = rest if match is None else match.group(1) or ""
            found.setdefault(name.lower(), _QUOTED.sub(r"\1", value[1:-1]) if value[:1] == '"' else value)
    return found


def _code(text: str, operation: str, documented: Documented) -> int:
    code = _whole(text)
    if code is None or not documented.has(code):
        raise _refused(f"{operation} documents the codes {documented}", text)
    return code


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= 7 and text.isascii() and text.isdecimal() else None


def _refused(rule: str, sent: str) -> ApiError:
    return ApiError("malformed", f"Prefer: {rule}, not '{shown(sent, 40)}'", where="Prefer")
