"""Parses parameters that are neither a plain value nor a list of them: objects, schemas with branches, JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from counterfoil.api import ApiError
from counterfoil.json_schema.validators import Validator
from counterfoil.openapi.path_templates import EXPLODED
from counterfoil.server.logs import printable
from counterfoil.server.parsing.json_text import parse_json
from counterfoil.server.parsing.typed_text import NestedText, TypedText

Json = Any

SEPARATORS = {"form": ",", "simple": ",", "label": ",", "matrix": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


class ShapedParameter(msgspec.Struct, frozen=True):
    """One declared parameter. ``is_json``: its value is JSON (``content`` instead of ``schema``)."""

    name: str
    required: bool
    schema: Json
    typed: TypedText
    check: Validator | None
    default: Json
    style: str
    explode: bool
    is_json: bool = False

    def value(self, texts: list[str]) -> Json:
        """The typed value. Raises ``ApiError`` that names the parameter."""
        if self.is_json:
            return self._checked(self._parsed(texts[0]))
        return self.value_of(self._nested(texts))

    def value_of(self, tree: NestedText) -> Json:
        """The typed value of a nested value from several names with brackets. Raises ``ApiError``."""
        return self._checked(self.typed.read(tree, self.schema))

    def members(self) -> list[str]:
        """The names of an exploded object's members in the query (style ``form``)."""
        shape = self.typed.shape(self.schema)
        if self.style != "form" or not self.explode or shape.types != {"object"}:
            return []
        return list(shape.properties)

    def may_be_unsent(self) -> bool:
        """Whether the value may be an object without members, which an exploded form sends as nothing at all."""
        return bool(self.members()) and (self.check is None or self.check.is_valid({}))

    def _parsed(self, text: str) -> Json:
        try:
            return parse_json(text.encode())
        except ApiError as error:
            message = f"{self.name}: {error.message.replace('the body', 'the value', 1)}"
            raise ApiError("malformed", message, where=self.name) from None

    def _nested(self, texts: list[str]) -> NestedText:
        types = self.typed.shape(self.schema).types
        text = self._without_prefix(texts[-1])
        if "object" in types and len(texts) == 1 and (text or types <= {"object", "null"}):
            pairs = self._pairs(text)
            if pairs is not None:
                return pairs
        if "array" in types:
            if self.explode and self.style == "form":
                return texts if len(texts) > 1 or types <= {"array", "null"} else text
            parts = [part for sent in (*texts[:-1], text) for part in self._parts(sent)]
            return parts if len(parts) > 1 or types <= {"array", "null"} else text
        if len(texts) > 1 and self._may_be_anything():
            return texts
        if len(texts) > 1:
            raise ApiError("malformed", f"{self.name} is given {len(texts)} times; give it once", where=self.name)
        return text

    def _without_prefix(self, text: str) -> str:
        """A path value without the prefix of style ``label`` (a dot) or ``matrix`` (``;p=`` or ``;``)."""
        if self.style == "label":
            return text.removeprefix(".")
        return text.removeprefix(f";{self.name}=").removeprefix(";") if self.style == "matrix" else text

    def _separator(self, text: str) -> str:
        """The separator of a list or object (RFC 6570, 3.2.5 and 3.2.7). For style ``label`` without ``explode``, OpenAPI 3.0.3
        shows a full stop and 3.1 a comma (Style Examples): a comma is used if the text has one."""
        if self.style == "label" and "," not in text:
            return "."
        exploded = EXPLODED.get(self.style) if self.explode else None
        return exploded or SEPARATORS.get(self.style, ",")

    def _parts(self, text: str) -> list[str]:
        """The items of a list; an exploded ``matrix`` list repeats the name: ``;p=1;p=2``."""
        parts = text.split(self._separator(text))
        if self.style == "matrix" and self.explode:
            return [part.removeprefix(f"{self.name}=") for part in parts]
        return parts

    def _may_be_anything(self) -> bool:
        """Whether the schema has no types and the style allows repetition, so that a list of texts is valid."""
        has_types = bool(self.typed.shape(self.schema).types)
        return not has_types and self.explode and self.style == "form"

    def _pairs(self, text: str) -> dict[str, NestedText] | None:
        """The members in ``a,1,b,2``, in ``a=1,b=2`` if exploded, or in a JSON object; None for other text."""
        if text.startswith("{"):
            try:
                parsed = parse_json(text.encode())
            except ApiError:
                return None
            return {name: _as_text(member) for name, member in parsed.items()} if isinstance(parsed, dict) else None
        if not text:
            return {}
        parts = text.split(self._separator(text))
        if self.explode:
            pairs = [part.partition("=") for part in parts]
            return {name: value for name, _, value in pairs} if all(sign for _, sign, _ in pairs) else None
        return dict(zip(parts[::2], parts[1::2], strict=True)) if len(parts) % 2 == 0 else None

    def _checked(self, value: Json) -> Json:
        if self.check is not None and not self.check.is_valid(value):
            cause = self.check.cause(value)
            place = "".join(f"[{step}]" for step in cause.place)
            raise ApiError("malformed", f"{self.name}{printable(place)}: {printable(cause.text)}", where=self.name)
        return value


def _as_text(value: Json) -> NestedText:
    if isinstance(value, dict):
        return {name: _as_text(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    return str(value)
