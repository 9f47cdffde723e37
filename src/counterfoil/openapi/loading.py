"""Loads an API's OpenAPI document and resolves the references of its operations.

Specs are YAML files. Parsing YAML is slow, so the parsed document is cached as JSON: next to the YAML in a wheel
(``write_parsed``), else in the user's cache folder after first use (``disk_cache``). A cached document is used only if
it has the digest of the YAML's bytes, so that a changed spec is never served stale. Applications of one process share the
spec of the same bytes, and so what is derived from it: its compiled schemas.

A spec is validated only on request: CI does that.
"""

from __future__ import annotations

import contextlib
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from counterfoil import catalog, disk_cache
from counterfoil.openapi.parsing import parse
from counterfoil.openapi.references import operations_of
from counterfoil.openapi.spec import Spec, SpecError
from counterfoil.plain_text import one_line

Json = Any

CACHE_FORMAT = 3
"""Increase it when the parsed form of the same YAML changes, so that older cache files are not read."""
MAX_SHARED = 16
"""Specs that a process keeps for its next application; the five vendors' take about 3 MB each with their schemas."""


def load(name: str, *, directory: Path | None = None, validate: bool = False) -> Spec:
    """The spec of API ``name`` from ``<directory>/<name>/openapi.yaml`` (default: the packaged specs).

    The same object for the same bytes: it must not be changed.
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
    spec = _spec_of(name, path, text)
    if validate:
        check(spec.raw, spec.source)
    return spec


@lru_cache(maxsize=MAX_SHARED)
def _spec_of(name: str, path: Path, text: bytes) -> Spec:
    raw = _read_cache(path, text) or _parse_and_cache(path, text)
    return from_document(name, raw, source=str(path))


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
        return Spec(name, source, raw, operations_of(raw))
    except SpecError as error:
        raise SpecError(f"{source}: {error}") from None
    except (AttributeError, KeyError, TypeError):
        raise SpecError(f"{source}: a path item or parameter is not as OpenAPI requires; run `specs lint`") from None


def check(raw: dict[str, Json], source: str) -> None:
    """Validate against the OpenAPI 3.0 schema; raises ``SpecError`` with the first error in one line."""
    from openapi_spec_validator import OpenAPIV30SpecValidator

    try:
        error = next(iter(OpenAPIV30SpecValidator(raw).iter_errors()), None)
    except Exception as unexpected:  # an unresolvable reference is an exception there, not an error
        raise SpecError(f"{source}: does not validate: {one_line(unexpected)}") from None
    if error is not None:
        where = "/".join(str(part) for part in getattr(error, "absolute_path", ()))
        raise SpecError(f"{source}: does not validate at '#/{where}': {one_line(error)}")


def write_parsed(path: Path) -> Path:
    """Write ``openapi.json``, the parsed form of ``path``, beside it; for building wheels. Returns the file."""
    text = path.read_bytes()
    target = path.with_suffix(".json")
    target.write_bytes(_wrap(text, parse(text, str(path))))
    return target


# -- parsing and caching ----------------------------------------------------------------------------------------------


def _digest(text: bytes) -> str:
    """``CACHE_FORMAT`` stands for counterfoil's version: reading the real one from the package's metadata costs 25 ms."""
    return hashlib.sha256(b"%d\n" % CACHE_FORMAT + text).hexdigest()


def _wrap(text: bytes, document: Json) -> bytes:
    return orjson.dumps({"digest": _digest(text), "document": document}, option=orjson.OPT_NON_STR_KEYS)


def _read_cache(path: Path, text: bytes) -> Json:
    digest = _digest(text)
    for candidate in (path.with_suffix(".json"), _cache_file(digest)):
        if candidate is None:
            continue
        with contextlib.suppress(OSError, orjson.JSONDecodeError, TypeError, KeyError):
            parsed = orjson.loads(candidate.read_bytes())
            if parsed["digest"] == digest:
                return parsed["document"]
    return None


def _parse_and_cache(path: Path, text: bytes) -> Json:
    document = parse(text, str(path))
    with contextlib.suppress(TypeError):  # a document that JSON cannot express is served without being cached
        disk_cache.write(_cache_file(_digest(text)), _wrap(text, document))
    return document


def _cache_file(digest: str) -> Path | None:
    return disk_cache.file_for("specs", digest)
