"""Writes files atomically: a reader never sees part of a file, and a full disk leaves the previous file in place."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_whole(target: Path, data: bytes) -> None:
    """Write ``data`` to a temporary file, then rename it to ``target``. Raises ``OSError`` and leaves no temporary file."""
    write_all_whole({target: data})


def write_all_whole(files: dict[Path, bytes]) -> None:
    """Write several files; none is replaced before all are written. Missing folders are created. Raises ``OSError``."""
    created: list[Path] = []
    written: dict[Path, Path] = {}
    try:
        for target, data in files.items():
            created += _make_folder(target.parent)
            written[target] = _write_temporary(target, data)
        for target, temporary in written.items():
            temporary.replace(target)
    except OSError:
        for temporary in written.values():
            with contextlib.suppress(OSError):
                temporary.unlink()
        for folder in reversed(created):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _make_folder(folder: Path) -> list[Path]:
    """Create a folder and its missing parents; returns the created ones, outermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _write_temporary(target: Path, data: bytes) -> Path:
    """A new file with ``data`` in the folder of ``target``, with the default permissions of new files."""
    for attempt in range(1000):
        temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}-{attempt}")
        try:
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
        except FileExistsError:
            continue
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        return temporary
    raise FileExistsError(f"{target.parent} has too many unfinished files of {target.name}")
