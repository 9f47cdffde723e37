"""Where Hypothesis keeps the tables that it makes from Unicode and from the source of imported modules."""

from __future__ import annotations

import os

from counterfoil.disk_cache import folder_for


def environment() -> dict[str, str]:
    """Variables for a process that runs a check, so that the tables are in the user's cache folder.

    By default Hypothesis makes them in the working directory, which takes up to 2 seconds in each new one and leaves a folder
    there. Empty if the user chose a folder, or caching is off.
    """
    folder = folder_for("hypothesis")
    if folder is None or "HYPOTHESIS_STORAGE_DIRECTORY" in os.environ:
        return {}
    return {"HYPOTHESIS_STORAGE_DIRECTORY": str(folder)}
