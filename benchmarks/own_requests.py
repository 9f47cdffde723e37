"""Makes one request for an operation of any OpenAPI document: small values that fit its schemas. Knows nothing of state."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from counterfoil.json_schema import Schemas, schemas_of
from counterfoil.openapi import Spec

Json = Any

DEEPEST = 6
FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:00:00Z",
    "time": "09:00:00Z",
    "duration": "P1D",
    "email": "ada@example.com",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "uri-reference": "/a",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "6f1c2b52-3a80-4c0c-9f0e-0c6f3f1d1a11",
    "byte": "YQ==",
    "regex": "a",
    "json-pointer": "/a",
}
TEXTS = (
    "1",
    "a",
    "A1",
    "abc",
    "ABC",
    "EUR",
    "US",
    "en",
    "12345",
    "2026-01-31",
    "a1b2c3",
    "https://example.com/a",
    "+4312345",
)
CREDENTIALS = {"basic": "Basic YWRhOnB3"}


@dataclass
class Made:
    """One request, below the API's prefix. ``fits`` is False where no value was found for something it needs."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    fits: bool = True


class Requests:
    """Makes requests for one document."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.schemas: Schemas = schemas_of(spec)

    def sample(self, schema: Json, depth: int = 0, *, everything: bool = False) -> Json:
        """A value for ``schema`` that is likely to fit: only required members, or ``everything``."""
        schema = self.schemas.resolved(schema) if isinstance(schema, dict) else {}
        for key in ("example", "default", "const"):
            if key in schema and schema[key] is not None:
                return schema[key]
        for key in ("examples", "enum"):
            if isinstance(schema.get(key), list) and schema[key]:
                return schema[key][0]
        for key in ("oneOf", "anyOf"):
            if schema.get(key) and "type" not in schema:
                return self._merged(
                    schema, self.sample(schema[key][0], depth + 1, everything=everything), depth, everything
                )
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next(each for each in kind if each != "null" or len(kind) == 1)
        if kind == "array":
            least = schema.get("minItems", 0) if depth < DEEPEST else 0
            return [
                self.sample(schema.get("items", {}), depth + 1, everything=everything) for _ in range(max(least, 0))
            ]
        if kind in ("integer", "number"):
            return _number(schema)
        if kind == "boolean":
            return True
        if kind == "null":
            return None
        if kind == "object" or "properties" in schema or "allOf" in schema:
            return self._merged(schema, {}, depth, everything)
        return _text(schema)

    def _merged(self, schema: Json, start: Json, depth: int, everything: bool) -> Json:
        value = start
        for part in schema.get("allOf", ()):
            made = self.sample(part, depth + 1, everything=everything)
            value = {**value, **made} if isinstance(value, dict) and isinstance(made, dict) else made
        if not isinstance(value, dict):
            return value
        properties = schema.get("properties", {})
        names = list(properties) if everything and depth < 2 else schema.get("required", ())
        for name in names:
            member = properties.get(name, {})
            if depth < DEEPEST and not self.schemas.resolved(member).get("readOnly") and not member.get("readOnly"):
                value.setdefault(name, self.sample(member, depth + 1, everything=everything))
        return value

    def request(self, operation: str, given: Mapping[str, str] | None = None) -> Made:
        """A request for an operation (``GET /customers/{id}``); ``given`` are path parameters by name."""
        method, _, path = operation.partition(" ")
        described = self.spec.operations[operation]
        query: list[tuple[str, str]] = []
        made = Made(method, path, headers={"accept": "*/*", **self._credential(described, query)})
        for parameter in described["parameters"]:
            name, where = parameter["name"], parameter["in"]
            if where != "path" and not parameter.get("required"):
                continue
            text = (given or {}).get(name) or self._parameter(parameter)
            if where == "path":
                made.path = made.path.replace(f"{{{name}}}", quote(text, safe=""))
            elif where == "query":
                query.append((name, text))
            elif where == "header":
                made.headers[name] = text
            else:
                made.headers["cookie"] = "; ".join(filter(None, (made.headers.get("cookie"), f"{name}={text}")))
        made.query = urlencode(query)
        if described.get("requestBody"):
            self._add_body(described["requestBody"], made)
        return made

    def _parameter(self, parameter: Json) -> str:
        content = parameter.get("content")
        if content:
            return json.dumps(self.sample(next(iter(content.values())).get("schema", {})))
        value = parameter.get("example", self.sample(parameter.get("schema", {})))
        if isinstance(value, list):
            value = value[0] if value else self.sample(self.schemas.resolved(parameter["schema"]).get("items", {}))
        if isinstance(value, dict):
            return ",".join(f"{key},{each}" for key, each in value.items()) or "a,b"
        return str(value).lower() if isinstance(value, bool) else str(value) or "1"

    def _add_body(self, body: Json, made: Made) -> None:
        kinds = {name.partition(";")[0].strip().lower(): media for name, media in body["content"].items()}
        kind = next((each for each in kinds if each.endswith("json")), next(iter(kinds)))
        media = kinds[kind]
        value = self._body(media)
        made.headers["content-type"] = kind.replace("*/*", "application/json").replace("/*", "/plain")
        if kind.endswith("json") or kind == "*/*":
            made.body = json.dumps(value).encode()
        elif kind == "application/x-www-form-urlencoded":
            made.body = urlencode(_spread(value)).encode()
        elif kind == "multipart/form-data":
            made.headers["content-type"] = "multipart/form-data; boundary=b"
            parts = (f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{t}\r\n' for n, t in _spread(value))
            made.body = ("".join(parts) + "--b--\r\n").encode()
        else:
            made.body = b"anything"

    def _body(self, media: Json) -> Json:
        """The first value that fits: an example, a small value, a large one."""
        schema = media.get("schema", {})
        check = self.schemas.validator(schema, "request")
        named = [each.get("value") for each in media.get("examples", {}).values()]
        for value in (media.get("example"), *named, self.sample(schema), self.sample(schema, everything=True)):
            if value is not None and check.is_valid(value):
                return value
        return self.sample(schema)

    def _credential(self, described: Json, query: list[tuple[str, str]]) -> dict[str, str]:
        headers: dict[str, str] = {}
        needed = next((each for each in described["security"] if each), {})
        for name in needed:
            scheme = self.spec.raw["components"]["securitySchemes"][name]
            if scheme["type"] != "apiKey":
                kind = scheme["scheme"] if scheme["type"] == "http" else "bearer"
                headers["authorization"] = CREDENTIALS.get(kind.lower(), f"{kind} benchmark")
            elif scheme["in"] == "query":
                query.append((scheme["name"], "benchmark"))
            elif scheme["in"] == "header":
                headers[scheme["name"]] = "benchmark"
            else:
                headers["cookie"] = f"{scheme['name']}=benchmark"
        return headers


def _number(schema: Json) -> Json:
    low, high = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")
    if type(above) in (int, float):
        low = above + 1
    elif above is True and low is not None:
        low += 1
    value = low if low is not None else min(1, high) if high is not None else 1
    step = schema.get("multipleOf")
    if step:
        value = step * -(-value // step)
    return int(value) if schema.get("type") == "integer" or value == int(value) else value


def _text(schema: Json) -> str:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    for text in TEXTS:
        fitted = (text * least)[: max(least, len(text))] if len(text) < least else text
        if (most is None or len(fitted) <= most) and _matches(schema.get("pattern"), fitted):
            return fitted
    return "a"


def _matches(pattern: str | None, text: str) -> bool:
    try:
        return pattern is None or re.search(pattern, text) is not None
    except re.error:
        return False


def _spread(value: Json, name: str = "") -> list[tuple[str, str]]:
    """``{"a": {"b": 1}}`` as ``a[b]=1``."""
    if isinstance(value, dict):
        return [pair for key, each in value.items() for pair in _spread(each, f"{name}[{key}]" if name else key)]
    if isinstance(value, list):
        return [pair for number, each in enumerate(value) for pair in _spread(each, f"{name}[{number}]")]
    text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    return [(name, text)] if name else []
