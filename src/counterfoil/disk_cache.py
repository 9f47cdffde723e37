"""Caches parsed files in the user's cache folder, by the digest of the source; a folder there is for Hypothesis.

``COUNTERFOIL_CACHE`` names another folder; if empty, nothing is cached.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from counterfoil.whole_files import write_whole


def file_for(kind: str, digest: str) -> Path | None:
    """The path of the cache file for a digest; None if caching is off, or there is no home directory."""
    folder = folder_for(kind)
    return None if folder is None else folder / f"{digest}.json"


def folder_for(kind: str) -> Path | None:
    """The folder of the cache files of a kind; None as for ``file_for``."""
    folder = os.environ.get("COUNTERFOIL_CACHE")
    if folder == "":
        return None
    try:
        home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or str(Path.home() / ".cache")
    except RuntimeError:  # no home directory at all
        return None
    base = Path(folder) if folder else Path(home) / "counterfoil"
    return base / kind


def write(target: Path | None, data: bytes) -> None:
    """Write ``data`` to a cache file atomically; errors are ignored, so that a read-only home does not stop the server."""
    if target is None:
        return
    with contextlib.suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(target, data)
