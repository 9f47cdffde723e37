"""Reads an API's OpenAPI document from disk and gives its operations, with references resolved.

Specs are YAML for people. Parsing YAML is slow, so the parsed form is kept as JSON: beside the YAML when a wheel was
built (``write_parsed``), else in the user's cache folder after first use. Either is used only when the digest of the
YAML's bytes and the form agree, so that a changed spec is never served stale. ``COUNTERFOIL_CACHE`` names another
folder; empty, it switches keeping off.

A spec is validated only when asked for: CI does that.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from counterfoil import catalog, disk_cache, json_pointer, yaml_reader

Json = Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The members of a path item that are operations."""
FORM = 3
"""To be raised whenever the parsed form of the same YAML changes, so that what was kept before is not read."""


class SpecError(Exception):
    """A spec that cannot be served; the message is one line that names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One API's OpenAPI document.

    ``raw`` is the document as written. ``operations`` holds each operation by ``"GET /customerBill/{id}"``, with the
    references to parameters, request bodies, responses and headers resolved and path-level parameters merged in;
    references to schemas stay, so that a schema may refer to itself.
    """

    name: str
    source: str
    raw: dict[str, Json]
    operations: dict[str, Json]

    @property
    def paths(self) -> dict[str, dict[str, Json]]:
        """The operations by path and lower-case method."""
        paths: dict[str, dict[str, Json]] = {}
        for name, operation in self.operations.items():
            method, _, path = name.partition(" ")
            paths.setdefault(path, {})[method.lower()] = operation
        return paths


def load(name: str, *, directory: Path | None = None, validate: bool = False) -> Spec:
    """The spec of API ``name`` from ``<directory>/<name>/openapi.yaml`` (default: the specs that come along).

    ``validate`` also runs openapi-spec-validator over it, which costs about a second.

    Raises ``SpecError`` when the file is missing, is not YAML, or is not an OpenAPI 3.0 document that can be served.
    """
    try:
        path = catalog.spec_path(name) if directory is None else directory / name / "openapi.yaml"
    except catalog.CatalogError as error:
        raise SpecError(str(error)) from None
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SpecError(f"cannot read the spec of {name} at {path}: {error.strerror or error}") from None
    raw = _parsed_before(path, text) or _parse_and_keep(path, text)
    return from_document(name, raw, source=str(path), validate=validate)


def from_document(name: str, raw: Json, *, source: str = "<document>", validate: bool = False) -> Spec:
    """A ``Spec`` from an already parsed document. Raises ``SpecError``."""
    if not isinstance(raw, dict) or not isinstance(raw.get("paths"), dict):
        raise SpecError(f"{source}: not an OpenAPI document (a mapping with 'openapi' and 'paths' is expected)")
    version = str(raw.get("openapi", ""))
    if not version.startswith("3.0."):
        raise SpecError(f"{source}: OpenAPI {version or 'version missing'}; only 3.0.x can be served")
    if validate:
        check(raw, source)
    try:
        return Spec(name, source, raw, _operations(raw))
    except SpecError as error:
        raise SpecError(f"{source}: {error}") from None
    except (AttributeError, KeyError, TypeError):
        raise SpecError(f"{source}: a path item or parameter is not as OpenAPI wants it; run `specs lint`") from None


def check(raw: dict[str, Json], source: str) -> None:
    """Validate against the OpenAPI 3.0 schema; raises ``SpecError`` with the first error in one line."""
    from openapi_spec_validator import OpenAPIV30SpecValidator

    try:
        error = next(iter(OpenAPIV30SpecValidator(raw).iter_errors()), None)
    except Exception as unexpected:  # an unresolvable reference is an exception there, not an error
        raise SpecError(f"{source}: does not validate: {_one_line(unexpected)}") from None
    if error is not None:
        where = "/".join(str(part) for part in getattr(error, "absolute_path", ()))
        raise SpecError(f"{source}: does not validate at '#/{where}': {_one_line(error)}")


def write_parsed(path: Path) -> Path:
    """Write ``openapi.json``, the parsed form of ``path``, beside it; for building wheels. Returns the file."""
    text = path.read_bytes()
    target = path.with_suffix(".json")
    target.write_bytes(_wrap(text, parse(text, str(path))))
    return target


# -- parsing and keeping ----------------------------------------------------------------------------------------------


def _digest(text: bytes) -> str:
    """``FORM`` stands for counterfoil's version: reading the real one from the package's metadata costs 25 ms."""
    return hashlib.sha256(b"%d\n" % FORM + text).hexdigest()


def _wrap(text: bytes, document: Json) -> bytes:
    return orjson.dumps({"digest": _digest(text), "document": document}, option=orjson.OPT_NON_STR_KEYS)


def _parsed_before(path: Path, text: bytes) -> Json:
    digest = _digest(text)
    for candidate in (path.with_suffix(".json"), _cache_file(digest)):
        if candidate is None:
            continue
        with contextlib.suppress(OSError, orjson.JSONDecodeError, TypeError, KeyError):
            parsed = orjson.loads(candidate.read_bytes())
            if parsed["digest"] == digest:
                return parsed["document"]
    return None


def _parse_and_keep(path: Path, text: bytes) -> Json:
    document = parse(text, str(path))
    with contextlib.suppress(TypeError):  # a document JSON cannot say is served all the same
        disk_cache.keep(_cache_file(_digest(text)), _wrap(text, document))
    return document


def parse(text: bytes, where: str) -> Json:
    """The document in YAML or JSON text, every key a string and every date text.

    Raises ``SpecError`` with file and line, one line for each mistake.
    """
    return parse_with_lines(text, where)[0]


def parse_with_lines(text: bytes, where: str) -> tuple[Json, yaml_reader.Document]:
    """As ``parse``, and where in the file each member is."""
    try:
        document = yaml_reader.read_document(text, where)
    except yaml_reader.YamlError as error:
        raise SpecError(str(error)) from None
    try:
        # through JSON once: what was parsed now and what was kept before agree, and nothing is shared by two places
        return orjson.loads(orjson.dumps(document.value)), document
    except (TypeError, ValueError, RecursionError) as error:
        raise SpecError(f"{where}: holds what JSON cannot say: {_one_line(error)}") from None


def _cache_file(digest: str) -> Path | None:
    return disk_cache.file_for("specs", digest)


# -- references -------------------------------------------------------------------------------------------------------


def target_of(document: Json, reference: str) -> Json:
    """What a local reference (``#/components/…``) points to. Raises ``SpecError``."""
    if not reference.startswith("#/"):
        raise SpecError(f"{reference} is outside the document; put it under #/components")
    try:
        return json_pointer.find(document, reference)
    except LookupError:
        raise SpecError(f"{reference} points to nothing") from None


def resolve(document: Json, node: Json) -> Json:
    """``node``, or what it points to through one or more references. Raises ``SpecError``."""
    followed: set[str] = set()
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        reference = node["$ref"]
        if reference in followed:
            raise SpecError(f"{reference} refers to itself")
        followed.add(reference)
        node = target_of(document, reference)
    return node


def _operations(raw: Json) -> dict[str, Json]:
    operations: dict[str, Json] = {}
    for path, unresolved in raw["paths"].items():
        item = resolve(raw, unresolved)
        shared = [resolve(raw, each) for each in item.get("parameters", [])]
        for method in METHODS:
            if method in item:
                operations[f"{method.upper()} {path}"] = _operation(raw, item[method], shared)
    return operations


def _operation(raw: Json, operation: Json, shared: list[Json]) -> Json:
    """The operation with the path item's parameters, where it does not override them, and its references resolved."""
    own = [resolve(raw, each) for each in operation.get("parameters", [])]
    named = {(each["name"], each["in"]) for each in own}
    resolved = {**operation, "parameters": own + [each for each in shared if (each["name"], each["in"]) not in named]}
    if "requestBody" in operation:
        resolved["requestBody"] = resolve(raw, operation["requestBody"])
    resolved["responses"] = {
        str(status): _response(raw, resolve(raw, response))
        for status, response in operation.get("responses", {}).items()
    }
    resolved.setdefault("security", raw.get("security", []))
    return resolved


def _response(raw: Json, response: Json) -> Json:
    if "headers" not in response:
        return response
    return {**response, "headers": {name: resolve(raw, header) for name, header in response["headers"].items()}}


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]
