"""Reads an OpenAPI document of a user's own: any version, YAML or JSON, one file or several, valid or not.

The result, its *view*, is cached in the user's cache folder by the digests of all its files.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import re
from pathlib import Path
from typing import Any

import orjson

from counterfoil import disk_cache
from counterfoil.openapi.example_schemas import describe_by_examples
from counterfoil.openapi.references import operations_of
from counterfoil.openapi.sources import MAX_DOCUMENT_BYTES, Sources, Unreadable
from counterfoil.openapi.spec import Notice, Spec, SpecError
from counterfoil.openapi.undescribed_responses import describe_by_requests

Json = Any

CACHE_FORMAT = 15
"""Increase it when the view of the same document changes, so that older cache files are not read."""
_ODD_IN_NAME = re.compile(r"[^a-z0-9]+")


def read_document(path: Path, name: str | None = None) -> Spec:
    """The spec in ``path``; ``name`` is what it is served as (default: the file's name without its ending).

    ``notices`` lists what could not be understood. Files that the document refers to are read if they are below its folder;
    nothing is fetched. Raises ``SpecError`` in one line: no such file, a URL, neither YAML nor JSON, not an OpenAPI
    document, too large.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(path)):
        raise SpecError(f"{path}: a document is read from a file, and nothing is fetched; save it and give the file")
    key = _key(path)
    view = _cached(path, key)
    if view is None:
        view = _read(path)
        disk_cache.write(disk_cache.file_for("documents", key), _as_json(view, path))
    raw = view["document"]
    return Spec(
        name=name or served_name(path),
        source=str(path),
        raw=raw,
        operations=operations_of(raw),
        notices=tuple(Notice(*notice) for notice in view["notices"]),
        schema_dialect="draft4" if raw["openapi"].startswith("3.0") else "2020-12",
        base_path=raw["servers"][0]["url"].rstrip("/"),
        is_lenient=True,
    )


def _as_json(view: Json, path: Path) -> bytes:
    try:
        return orjson.dumps(view)
    except TypeError:  # it comes from JSON or YAML, so this can only be its depth: orjson writes 254 levels
        raise SpecError(f"{path}: nests too deep") from None


def served_name(path: Path) -> str:
    """What a document is served as by default: ``Billing API.v2.yaml`` → ``billing-api-v2``."""
    return _ODD_IN_NAME.sub("-", path.stem.lower()).strip("-") or "api"


def _key(path: Path) -> str:
    """The view's cache key: the file's bytes, and its path as given, which notices show."""
    try:
        if not path.is_file():
            raise SpecError(f"{path}: {'is not a file' if path.exists() else 'no such file'}")
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise SpecError(f"{path}: too large: a document may have {MAX_DOCUMENT_BYTES // 1024**2} MB in all")
        data = path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror or error}") from None
    return hashlib.sha256(
        b"%d\n%s\n%s\n" % (CACHE_FORMAT, str(path).encode(), str(path.resolve()).encode()) + data
    ).hexdigest()


def _cached(path: Path, key: str) -> Json:
    """The cached view; None if there is none or one of its files has changed."""
    file = disk_cache.file_for("documents", key)
    if file is None:
        return None
    folder = path.resolve().parent
    with contextlib.suppress(OSError, orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
        view = orjson.loads(file.read_bytes())
        for name, digest in view["files"].items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                return None
        return view
    return None


def _read(path: Path) -> Json:
    """The view of a document that is not cached. The garbage collector is off meanwhile: it finds nothing to collect and takes
    two thirds of the time (6.4 s with it and 2.3 s without, for 3 MB of YAML)."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return _view(path)
    except Unreadable as error:
        raise SpecError(str(error)) from None
    except RecursionError:
        raise SpecError(f"{path}: nests too deep") from None
    finally:
        if collects:
            gc.enable()


def _view(path: Path) -> Json:
    from counterfoil.openapi.swagger2 import Swagger2View
    from counterfoil.openapi.view import View

    sources = Sources(path)
    version = _version(sources.root.value, str(path))
    view = (Swagger2View if version.startswith("2") else View)(sources, version)
    document = view.write()
    describe_by_examples(document)
    describe_by_requests(document)
    notices = [list(each) for each in view.notices.with_lines(sources)]
    files = sources.files()
    sources.close()
    return {"document": document, "notices": notices, "files": files}


def _version(document: Json, where: str) -> str:
    if isinstance(document, dict):
        for member in ("openapi", "swagger"):
            version = str(document.get(member, ""))
            if version.startswith(("2.", "3.") if member == "swagger" else "3."):
                return version
        if "openapi" in document or "swagger" in document:
            version = str(document.get("openapi", document.get("swagger")))
            raise SpecError(f"{where}: version '{version[:40]}' of OpenAPI is not known; 2.0 and 3.x are")
    raise SpecError(
        f"{where}: not an OpenAPI document (a mapping with 'openapi' or 'swagger', and 'paths', is expected)"
    )
