"""What is known of one OpenAPI document once it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Json = Any
SchemaDialect = Literal["draft4", "2020-12"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The members of a path item that are operations."""


class SpecError(Exception):
    """A spec that cannot be served; the message is one line that names the file and what to do."""


class Notice(NamedTuple):
    """One place of a user's document that could not be understood, and what was done instead.

    ``where`` is the file as the user named it, ``line`` counts from 1, ``message`` is one line.
    """

    where: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Spec:
    """One API's OpenAPI document, in the form of OpenAPI 3.0 or 3.1 whatever version it was written in.

    ``raw`` is the document; every reference to a schema resolves in it. ``operations`` holds each operation by
    ``"GET /customerBill/{id}"``, with the references to parameters, request bodies, responses and headers resolved,
    path-level parameters merged in, and the document's ``security`` where the operation has none of its own; references
    to schemas stay, so that a schema may refer to itself.

    ``schema_dialect`` says how schemas are to be read: ``draft4`` with OpenAPI 3.0's changes (``nullable``), or
    ``2020-12``. ``base_path`` is the path of the first server, without a trailing slash (``""`` if there is none).
    ``notices`` lists what could not be understood; it is empty for a document that was loaded strictly.
    ``is_lenient`` says that the document is a user's own: in responses, branches of ``oneOf`` may overlap. ``derived``
    caches what other modules compute from the document (``json_schema.validators.schemas_of``).
    """

    name: str
    source: str
    raw: dict[str, Json]
    operations: dict[str, Json]
    notices: tuple[Notice, ...] = ()
    schema_dialect: SchemaDialect = "draft4"
    base_path: str = ""
    is_lenient: bool = False
    derived: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def paths(self) -> dict[str, dict[str, Json]]:
        """The operations by path and lower-case method."""
        paths: dict[str, dict[str, Json]] = {}
        for name, operation in self.operations.items():
            method, _, path = name.partition(" ")
            paths.setdefault(path, {})[method.lower()] = operation
        return paths
