"""Reads a vendor's spec from disk, fast, and hands it on with its references resolved.

Specs are YAML for people. Parsing YAML is slow, so the parsed form is kept as JSON: beside the YAML when a wheel was
built (``write_parsed``), else in the user's cache folder after first use. Either is used only when the digest of the
YAML's bytes and the form agree, so that a changed spec is never served stale. ``COUNTERFOIL_CACHE`` names another
folder; empty, it switches keeping off.

It does not route or validate requests, and does not check a spec unless asked: CI does that.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from counterfoil import disk_cache, resources

Json = Any

_INNER = (dict, list)

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FORM = 2
"""To be raised whenever the parsed form of the same YAML changes, so that what was kept before is not read."""


class SpecError(Exception):
    """A spec that cannot be served; the message is one line that names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One API's spec: ``raw`` as written, ``resolved`` with every local reference replaced by its target (shared, not
    copied) and path-level parameters moved to the operations."""

    name: str
    source: str
    raw: dict[str, Json]
    resolved: dict[str, Json]


def load(name: str, *, directory: Path | None = None, validate: bool = False) -> Spec:
    """The spec of API ``name`` from ``<directory>/<name>/openapi.yaml`` (default: the specs that come along).

    ``validate`` also runs openapi-spec-validator over it, which costs about a second.

    Raises ``SpecError`` when there is no such file, it is no YAML, or no OpenAPI 3.0 document that can be served.
    """
    path = (directory or resources.specs_dir()) / name / "openapi.yaml"
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
        # connexion issue 1396: OpenAPI 3.1 is not supported
        raise SpecError(f"{source}: OpenAPI {version or 'version missing'}; only 3.0.x can be served")
    if validate:
        check(raw, source)
    from counterfoil.server.guards import operations_without_path_level_parameters

    resolved = _References(raw, source).resolve()
    try:
        resolved["paths"] = operations_without_path_level_parameters(resolved["paths"])
    except (AttributeError, KeyError, TypeError):
        raise SpecError(f"{source}: a path item or parameter is not as OpenAPI wants it; run `specs lint`") from None
    return Spec(name, source, raw, resolved)


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
    target.write_bytes(_wrap(text, _parse(path, text)))
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
    document = _parse(path, text)
    with contextlib.suppress(TypeError):  # a document JSON cannot say is served all the same
        disk_cache.keep(_cache_file(_digest(text)), _wrap(text, document))
    return document


def _parse(path: Path, text: bytes) -> Json:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # through JSON once: keys become strings (status codes), dates text, and both ways to load agree
        return orjson.loads(orjson.dumps(yaml.load(text, loader), option=orjson.OPT_NON_STR_KEYS))  # noqa: S506
    except yaml.YAMLError as error:
        raise SpecError(f"{path}: not valid YAML: {_one_line(error)}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise SpecError(f"{path}: holds what JSON cannot say: {_one_line(error)}") from None


def _cache_file(digest: str) -> Path | None:
    return disk_cache.file_for("specs", digest)


# -- references -------------------------------------------------------------------------------------------------------


class _References:
    """Replaces ``{"$ref": "#/…"}`` by what it points to. Targets are shared, so that one schema is compiled once."""

    def __init__(self, raw: dict[str, Json], source: str) -> None:
        self.raw = raw
        self.source = source
        self.done: dict[str, Json] = {}
        self.open: list[str] = []

    def resolve(self) -> dict[str, Json]:
        resolved: dict[str, Json] = self._walk(self.raw)
        return resolved

    def _walk(self, node: Json) -> Json:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                return self._target(reference)
            # most of a spec is text: stepping into each leaf took half of the time
            return {key: self._walk(each) if isinstance(each, _INNER) else each for key, each in node.items()}
        if isinstance(node, list):
            return [self._walk(each) if isinstance(each, _INNER) else each for each in node]
        return node

    def _target(self, reference: str) -> Json:
        if reference in self.done:
            return self.done[reference]
        if reference in self.open:
            raise SpecError(f"{self.source}: {reference} refers to itself; recursive schemas are not supported")
        if not reference.startswith("#/"):
            raise SpecError(f"{self.source}: {reference} is outside the document; put it under #/components")
        node: Json = self.raw
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or key not in node:
                raise SpecError(f"{self.source}: {reference} points to nothing")
            node = node[key]
        self.open.append(reference)
        self.done[reference] = self._walk(node)
        self.open.pop()
        return self.done[reference]


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]
