"""A finding: one thing that is not as the documents say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckPart = Literal["spec", "conformance", "law", "baseline"]

SHAPE = "shape"
"""The family of findings of a law that could not read a response, or looks at the type of a member."""
ERROR_BODY = "the vendor's error body"
"""What is expected of an error response besides its status."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the documents say, with what a reader needs to act on it.

    ``id`` is a law's or a check's; ``requests`` are curl lines with
    credentials replaced, ``reproduce`` the command that finds it again, ``sentences`` those of the documents it contradicts,
    ``statements`` those of the vendor's page that the sentences cite, ``place`` the file and line of the spec, ``pointer`` the
    JSON pointer of the schema in it that a response does not fit.
    """

    api: str
    part: CheckPart
    id: str
    operation: str
    says: str
    expected: str
    got: str
    case: str = ""
    requests: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    reproduce: str = ""
    family: str = ""
    sentences: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    place: str = ""
    pointer: str = ""
