"""A response of the checked implementation, as laws look at it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

import httpx

from counterfoil.contract.target import Json


@dataclass(frozen=True)
class Response:
    """A response. ``body`` is its JSON value, with fractional numbers as ``Decimal``."""

    status: int
    headers: httpx.Headers
    content: bytes
    line: str
    """The request as a curl line, credentials replaced."""

    @property
    def media_type(self) -> str:
        """The media type without its parameters, lower case."""
        return str(self.headers.get("content-type", "")).split(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    @property
    def body(self) -> Json:
        """The JSON value. Raises ``ValueError`` (one line) when the body is not JSON."""
        if not self.content:
            raise ValueError(f"{self.status} with an empty body where JSON was expected")
        try:
            return json.loads(self.content, parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            what = "HTML" if b"<html" in self.content[:1000].lower() else self.media_type or "a body without media type"
            raise ValueError(f"{self.status} with {what} where JSON was expected: {self.brief(80)}") from None

    def brief(self, length: int = 300) -> str:
        """The body on one line, cut."""
        text = " ".join(self.text.split())
        return text if len(text) <= length else f"{text[:length]}… ({len(self.content)} bytes)"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
