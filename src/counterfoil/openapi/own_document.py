"""Reads an OpenAPI document of a user's own, of any version, valid or not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from counterfoil.openapi.parsing import parse
from counterfoil.openapi.references import operations_of
from counterfoil.openapi.spec import Spec, SpecError

Json = Any


def read_document(path: Path, name: str | None = None) -> Spec:
    """The spec in ``path``; ``name`` is what it is served as (default: the file's name without its ending).

    Raises ``SpecError`` in one line: no such file, a URL, neither YAML nor JSON, not an OpenAPI document, too large.
    """
    raw = parse(path.read_bytes(), str(path))
    if not isinstance(raw, dict) or not isinstance(raw.get("paths"), dict):
        raise SpecError(f"{path}: not an OpenAPI document (a mapping with 'openapi' and 'paths' is expected)")
    chosen = name or re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower())
    return Spec(
        chosen,
        str(path),
        raw,
        operations_of(raw),
        schema_dialect="draft4" if str(raw.get("openapi", "")).startswith("3.0") else "2020-12",
        is_lenient=True,
    )
