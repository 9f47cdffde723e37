"""Parsed forms of files that are slow to parse, kept in the user's cache folder by the digest of what they were parsed from.

``COUNTERFOIL_CACHE`` names another folder; empty, it switches keeping off. It does not know what it keeps.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from counterfoil.whole_files import write_whole


def file_for(kind: str, digest: str) -> Path | None:
    """Where the form of that digest is kept; None where keeping is off, or there is no home directory."""
    folder = os.environ.get("COUNTERFOIL_CACHE")
    if folder == "":
        return None
    try:
        home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or str(Path.home() / ".cache")
    except RuntimeError:  # no home directory at all
        return None
    base = Path(folder) if folder else Path(home) / "counterfoil"
    return base / kind / f"{digest}.json"


def keep(target: Path | None, data: bytes) -> None:
    """Write ``data`` there, whole or not at all; a read-only home does not stop the server."""
    if target is None:
        return
    with contextlib.suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(target, data)
