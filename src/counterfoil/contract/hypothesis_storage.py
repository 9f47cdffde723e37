"""Hypothesis's storage directory: tables of Unicode, and constants found in the source files of a project."""

from __future__ import annotations

import os

from counterfoil.disk_cache import folder_for


def environment() -> dict[str, str]:
    """Environment variables for a process that runs a check, so that the storage directory is in the user's cache folder.

    By default it is ``.hypothesis`` in the working directory, and filling it takes seconds in each new one. Empty if the user
    chose a directory, or caching is off.
    """
    folder = folder_for("hypothesis")
    if folder is None or "HYPOTHESIS_STORAGE_DIRECTORY" in os.environ:
        return {}
    return {"HYPOTHESIS_STORAGE_DIRECTORY": str(folder)}
