"""A finding: one deviation from the documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckPart = Literal["spec", "conformance", "law", "baseline"]

SHAPE = "shape"
"""The family of findings about the type of a member, or about a response that a law could not read."""
ERROR_BODY = "the vendor's error body"
"""What is expected of an error response in addition to its status."""


@dataclass(frozen=True)
class Finding:
    """One deviation from the documents, with what a reader needs to act on it.

    ``id`` is a law's or a check's, ``requests`` are curl lines without credentials, ``reproduce`` is the command that finds it
    again. ``sentences`` are the clauses it contradicts, ``statements`` the statements of the vendor's page that these cite,
    ``place`` is the file and line of the spec, ``pointer`` the JSON pointer of the schema that a response does not fit.
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
