"""Writes a file whole or not at all: a reader never finds a part, and a full disk leaves what was there before."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_whole(target: Path, data: bytes) -> None:
    """Write ``data`` beside ``target``, then put it in its place. Raises ``OSError``; nothing is left behind then."""
    write_all_whole({target: data})


def write_all_whole(files: dict[Path, bytes]) -> None:
    """Write several files; none is replaced before all are written. Missing folders are made. Raises ``OSError``."""
    made: list[Path] = []
    written: dict[Path, Path] = {}
    try:
        for target, data in files.items():
            made += _make_folder(target.parent)
            written[target] = _write_beside(target, data)
        for target, beside in written.items():
            beside.replace(target)
    except OSError:
        for beside in written.values():
            with contextlib.suppress(OSError):
                beside.unlink()
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _make_folder(folder: Path) -> list[Path]:
    """Make the folder; returns those that were made, the outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _write_beside(target: Path, data: bytes) -> Path:
    """A new file with ``data`` in the folder of ``target``, with the permissions that a new file has."""
    for attempt in range(1000):
        beside = target.with_name(f".{target.name[:200]}.{os.getpid()}-{attempt}")
        try:
            handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
        except FileExistsError:
            continue
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
        return beside
    raise FileExistsError(f"{target.parent} has too many unfinished files of {target.name}")
