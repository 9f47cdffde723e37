"""Compiles the schemas of an OpenAPI document into validators, one root schema per document and direction.

The validators are jsonschema-rs's: a page of 100 rows takes 0.11 ms, where pure-Python jsonschema takes 4 ms; ``Decimal`` is a
number, NaN is not, and ``format`` is enforced.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from threading import RLock
from typing import Any

from counterfoil.json_schema.conversion import Conversion, Direction
from counterfoil.json_schema.errors import Cause, Discriminator, cause_of, schema_at
from counterfoil.json_schema.list_members import validates_members_separately
from counterfoil.openapi import SchemaDialect, Spec, SpecError, resolve
from counterfoil.openapi.schema_terms import UUID

Json = Any

_DURATION = re.compile(r"P(?=.)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)")
LATER_FORMATS = {
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "uuid": lambda text: UUID.fullmatch(text) is not None,
}
"""Formats that JSON Schema has since draft 2019-09 and that users' OpenAPI 3.0 documents use too."""


class Validator:
    """Validates values against one schema. Messages say "the value" instead of repeating it: it may be secret."""

    __slots__ = ("_member", "_root", "_separately")

    def __init__(self, root: _Root, member: str) -> None:
        self._root = root
        self._member = member
        self._separately: dict[tuple[str | int, ...], bool] = {}

    def is_valid(self, value: Json) -> bool:
        return self._root.compiled.is_valid({self._member: value})  # type: ignore[no-any-return]

    def validates_members_separately(self, place: tuple[str | int, ...]) -> bool:
        """Whether the members of a value's list at ``place`` can be validated one by one: a member that was valid there once
        need not be validated again."""
        known = self._separately.get(place)
        if known is None:
            known = self._separately[place] = self._root.validates_members_separately(self._member, place)
        return known

    def first_error(self, value: Json) -> tuple[list[str | int], Any]:
        """The path of the first error (keys and indices), and jsonschema-rs's error."""
        return next(self.errors(value))

    def errors(self, value: Json) -> Iterator[tuple[list[str | int], Any]]:
        """Every error as ``first_error`` gives the first."""
        for error in self._root.compiled.iter_errors({self._member: value}):
            yield list(error.instance_path)[1:], error

    def cause(self, value: Json) -> Cause:
        """The first thing that is wrong; for a value that fits no alternative, what is wrong in the one that was meant."""
        _, error = self.first_error(value)
        return cause_of(error, self._root.discriminator)


class Schemas:
    """The schemas of one document. Ask for all validators first; they are compiled by ``compile``, or when one is first used.

    ``is_lenient``: the document is a user's own. A schema that does not compile then allows everything, and a value in a
    response may fit several branches of a ``oneOf``, as it must in many published documents, unless ``exact``.
    Without ``formats``, a ``format`` in the document restricts nothing.
    """

    def __init__(
        self,
        document: Json,
        dialect: SchemaDialect = "draft4",
        *,
        is_lenient: bool = False,
        exact: bool = False,
        formats: bool = True,
    ) -> None:
        self.document = document
        self.is_lenient = is_lenient
        self.shapes: dict[int, Any] = {}
        """The shapes that ``TypedText`` found, by the identity of the schema."""
        self._roots: dict[Direction, _Root] = {
            "request": _Root(document, "request", dialect, is_lenient, exact, formats),
            "response": _Root(document, "response", dialect, is_lenient, exact, formats),
        }

    def validator(self, schema: Json, direction: Direction) -> Validator:
        """A validator for ``schema``. Raises ``SpecError`` if it is not a schema."""
        return self._roots[direction].validator(schema)

    def resolved(self, schema: Json) -> Json:
        """``schema``, or the one it refers to. Raises ``SpecError``."""
        return resolve(self.document, schema)

    def compile(self) -> None:
        """Compile all requested schemas. Raises ``SpecError``."""
        for root in self._roots.values():
            root.compile()


def schemas_of(spec: Spec) -> Schemas:
    """The schemas of a spec. All callers get the same object, so that the schemas are compiled once."""
    known = spec.derived.get("schemas")
    if not isinstance(known, Schemas):
        known = spec.derived["schemas"] = Schemas(spec.raw, spec.schema_dialect, is_lenient=spec.is_lenient)
    return known


class _Root:
    """One JSON Schema whose properties are the requested schemas, and whose definitions are those they refer to."""

    def __init__(
        self,
        document: Json,
        direction: Direction,
        dialect: SchemaDialect,
        is_lenient: bool,
        exact: bool,
        with_formats: bool,
    ) -> None:
        self.is_2020 = dialect == "2020-12"
        self.with_formats = with_formats
        self.is_lenient = is_lenient
        self.compiled: Any = _Uncompiled(self)
        self._conversion = Conversion(document, direction, is_2020=self.is_2020, is_lenient=is_lenient, exact=exact)
        self._lock = RLock()  # applications that are built in several threads share the spec
        self._members: dict[int, Validator] = {}
        self._kept: list[Json] = []  # keeps schemas alive, because ``_members`` is keyed by ``id``
        self._properties: dict[str, Json] = {}

    def validator(self, schema: Json) -> Validator:
        with self._lock:
            known = self._members.get(id(schema))
            if known is None:
                member = f"s{len(self._members)}"
                self._properties[member] = self._conversion.convert(schema)
                known = self._members[id(schema)] = Validator(self, member)
                self._kept.append(schema)
                self.compiled = _Uncompiled(self)
            return known

    def compile(self) -> Any:
        """The root schema's validator, compiled anew if more was requested. Raises ``SpecError`` unless the document is a
        user's own."""
        with self._lock:
            if isinstance(self.compiled, _Uncompiled):
                self.compiled = self._compile_or_allow()
            return self.compiled

    def _compile_or_allow(self) -> Any:
        try:
            return self._compile()
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            if not self.is_lenient:
                raise SpecError(f"a schema does not compile: {reason}") from None
            logging.getLogger("counterfoil.server").warning(
                "a schema does not compile, so anything is valid in its place: %s", reason
            )
            return self._compile_without_unusable()

    def _compile(self) -> Any:
        import jsonschema_rs

        kind = jsonschema_rs.Draft202012Validator if self.is_2020 else jsonschema_rs.Draft4Validator
        formats = LATER_FORMATS if self.is_lenient and not self.is_2020 else None
        return kind(self._schema(), validate_formats=self.with_formats, mask="the value", formats=formats)

    def _schema(self) -> dict[str, Json]:
        return {"properties": self._properties, "definitions": self._conversion.definitions}

    def _compile_without_unusable(self) -> Any:
        """Let schemas that are invalid in the dialect allow everything; if that does not help, let all of them do so."""
        import jsonschema_rs

        address = (
            "https://json-schema.org/draft/2020-12/schema"
            if self.is_2020
            else "http://json-schema.org/draft-04/schema#"
        )
        for table in (self._properties, self._conversion.definitions):
            for name, schema in table.items():
                if not jsonschema_rs.meta.is_valid({"$schema": address, **schema}):
                    table[name] = {}
        try:
            return self._compile()
        except Exception:
            for table in (self._properties, self._conversion.definitions):
                table.update({name: {} for name in table})
            return self._compile()

    def validates_members_separately(self, member: str, place: tuple[str | int, ...]) -> bool:
        """See ``Validator``."""
        return validates_members_separately(self._properties[member], place, self._conversion.target)

    def discriminator(self, error: Any) -> Discriminator | None:
        """The discriminator of the alternatives that an error is about; None if there is none."""
        return self._conversion.discriminator(schema_at(self._schema(), list(error.schema_path)))


class _Uncompiled:
    """Stands for a root schema's validator until it is first used."""

    def __init__(self, root: _Root) -> None:
        self.root = root

    def is_valid(self, value: Json) -> bool:
        return self.root.compile().is_valid(value)  # type: ignore[no-any-return]

    def iter_errors(self, value: Json) -> Any:
        return self.root.compile().iter_errors(value)
