"""A stateless server that answers every request of a spec with a random response of the documented shape.

It accepts any credential and ignores every parameter, as a mock made from an OpenAPI document does. A law that holds there
holds at any server whose responses have the documented shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterfoil import json_pointer

MIN_LIST_LENGTH, MAX_LIST_LENGTH = 4, 9
_START = datetime(2025, 1, 1, tzinfo=UTC)


class RandomResponder:
    """Handles requests for ``httpx.MockTransport``. ``base`` is the path in front of the spec's paths."""

    def __init__(self, spec: Mapping[str, Any], base: str, seed: int = 0) -> None:
        self._spec, self._base, self._random = spec, base, Random(seed)
        templates = {path: re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)) for path in spec["paths"]}
        for pattern in _patterns(spec):  # here, so that no response has to wait for it
            samples(pattern)
        self._paths = [(path, re.compile(f"{pattern.rstrip('/')}/?")) for path, pattern in templates.items()]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0].removeprefix(self._base)
        method = request.method.lower()
        for template, pattern in self._paths:
            operation = self._spec["paths"][template].get(method)
            if operation is not None and pattern.fullmatch(path):
                return self._respond(operation)
        return httpx.Response(404, json={"error": "not found"})

    def _respond(self, operation: Mapping[str, Any]) -> httpx.Response:
        status, response = next((s, r) for s, r in operation["responses"].items() if str(s).startswith("2"))
        response = self._resolved(response)
        headers = {
            name: _as_header(self.value(self._resolved(header).get("schema", {"type": "string"})))
            for name, header in response.get("headers", {}).items()
        }
        for media_type, content in response.get("content", {}).items():
            body = json.dumps(self.value(content.get("schema", {})))
            return httpx.Response(int(status), headers={**headers, "Content-Type": media_type}, content=body)
        return httpx.Response(int(status), headers=headers)

    def _resolved(self, value: Any) -> Any:
        while isinstance(value, Mapping) and "$ref" in value:
            value = json_pointer.find(self._spec, value["$ref"])
        return value

    def value(self, schema: Any) -> Any:
        """A random instance of the schema."""
        schema = self._merged(schema)
        if schema.get("nullable") and self._random.random() < 0.2:
            return None
        if "enum" in schema:
            return self._random.choice([each for each in schema["enum"] if each is not None])
        kind = schema.get("type") or ("object" if "properties" in schema else "string")
        return getattr(self, f"_{kind}")(schema)

    def _merged(self, schema: Any) -> dict[str, Any]:
        schema = dict(self._resolved(schema))
        for part in schema.pop("allOf", ()):
            more = self._merged(part)
            properties = {**more.get("properties", {}), **schema.get("properties", {})}
            required = [*more.get("required", ()), *schema.get("required", ())]
            schema = {**more, **schema, "properties": properties, "required": required}
        for name in ("oneOf", "anyOf"):
            if name in schema:
                schema = {**schema, **self._merged(self._random.choice(schema.pop(name)))}
        return schema

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        required = schema.get("required", ())
        properties = schema.get("properties", {})
        shown = [name for name in properties if name in required or self._random.random() < 0.8]
        return {name: self.value(properties[name]) for name in shown}

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        length = max(schema.get("minItems", 0), self._random.randint(MIN_LIST_LENGTH, MAX_LIST_LENGTH))
        return [self.value(schema.get("items", {})) for _ in range(length)]

    def _boolean(self, schema: Mapping[str, Any]) -> bool:
        return self._random.random() < 0.5

    def _integer(self, schema: Mapping[str, Any]) -> int:
        """From ranges of three widths: otherwise the sum of a list would hardly ever be less than another number."""
        low, high = int(schema.get("minimum", -50)), int(schema.get("maximum", 10**6))
        return self._random.randint(low, max(low, min(high, low + self._random.choice((3, 100, 3000)))))

    def _number(self, schema: Mapping[str, Any]) -> float:
        return round(self._random.uniform(schema.get("minimum", -100), min(schema.get("maximum", 1000), 1000)), 3)

    def _string(self, schema: Mapping[str, Any]) -> str:
        form, moment = schema.get("format"), _START + timedelta(minutes=self._random.randint(0, 10**7))
        if form in ("date-time", "date"):
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if form == "date-time" else "%Y-%m-%d")
        if "pattern" in schema:
            return self._matching(schema["pattern"])
        return "".join(self._random.choice("abcXYZ019 äé-_/%") for _ in range(self._random.randint(1, 12)))

    def _matching(self, pattern: str) -> str:
        return self._random.choice(samples(pattern))


def _patterns(value: Any) -> Iterator[str]:
    """The patterns of all schemas in a document."""
    if isinstance(value, Mapping):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for part in value.values():
            yield from _patterns(part)
    elif isinstance(value, list):
        for part in value:
            yield from _patterns(part)


def _as_header(value: Any) -> str:
    return str(value).encode("ascii", "ignore").decode().strip() or "-"


@cache
def samples(pattern: str) -> list[str]:
    """Some strings that match the pattern."""
    found: list[str] = []

    @settings(max_examples=60, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern, fullmatch=True))
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return [text for text in dict.fromkeys(found) if text.isascii() and text.isprintable()] or found
