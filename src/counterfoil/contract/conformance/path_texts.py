"""Recognizes accepted requests that Schemathesis considers invalid although the list or object in their path is valid.

A path contains only text: where a list of texts is documented, ``;p=0.5`` is a list of one, whatever Schemathesis meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from counterfoil.contract.conformance.described import operation_of, schemas_in
from counterfoil.openapi import SpecError, resolve
from counterfoil.openapi.path_templates import EXPLODED


class PathTexts:
    """The path parameters of one document, which is None for an API of the catalog, where every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document
        self._schemas = schemas_in(document)

    def explain(self, failure: Any, case: Any) -> bool:
        """Whether the only defect is the type of a list or object in the path, and the path that was sent reads as one."""
        said = str(getattr(failure, "message", "")).partition("Invalid component: ")[2]
        found = re.fullmatch(
            r"parameter `(.+)` in path - (?:array with invalid items: )?incorrect type", said.strip(), re.I
        )
        if self._schemas is None or found is None or type(failure).__name__ != "AcceptedNegativeData":
            return False
        try:
            declared = self._declared(case, found[1])
            check = self._schemas.validator(declared["schema"], "request")
            return any(check.is_valid(each) for each in self._readings(declared, str(case.path_parameters[found[1]])))
        except (LookupError, StopIteration, ValueError, TypeError, AttributeError, SpecError):
            return False

    def _declared(self, case: Any, name: str) -> Any:
        assert self._document is not None
        listed = (
            *operation_of(self._document, case).get("parameters", ()),
            *self._document["paths"][case.operation.path].get("parameters", ()),
        )
        found = (resolve(self._document, each) for each in listed)
        return next(each for each in found if (each["in"], each["name"]) == ("path", name))

    def _readings(self, declared: Any, text: str) -> list[Any]:
        """The values that a text can be read as: with texts only, and with numbers, booleans and null."""
        style, exploded = declared.get("style", "simple"), bool(declared.get("explode"))
        if style == "matrix":
            text = text.removeprefix(";" if exploded else f";{declared['name']}=")
        elif style == "label":
            text = text.removeprefix(".")
        parts = [unquote(part) for part in text.split(EXPLODED.get(style, ",") if exploded else ",")]
        kind = resolve(self._document, declared["schema"]).get("type")
        if kind == "array":
            named = style == "matrix" and exploded
            items = [part.removeprefix(f"{declared['name']}=") if named else part for part in parts]
            return [items, [plain_value(each) for each in items]]
        if kind != "object":
            return []
        if exploded:
            pairs = dict(part.split("=", 1) for part in parts)
        else:
            pairs = dict(zip(parts[::2], parts[1::2], strict=True))
        return [pairs, {name: plain_value(each) for name, each in pairs.items()}]


def plain_value(text: Any) -> Any:
    """The number, boolean or null that a text means as JSON; else the text itself."""
    try:
        value = json.loads(text)
    except (ValueError, TypeError):
        return text
    return text if isinstance(value, dict | list) else value
