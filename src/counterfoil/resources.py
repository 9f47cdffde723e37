"""Where the specs and fixtures are: inside an installed wheel, or at the top of an editable checkout.

It finds folders and names. It does not read, parse or judge what is in them.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def specs_dir() -> Path:
    """The folder with one folder per API, each holding ``openapi.yaml``."""
    return _find("specs")


def fixtures_dir() -> Path:
    """The folder with ``scenarios/`` and ``examples/``."""
    return _find("fixtures")


def docs_dir() -> Path:
    """The folder with ``vendors/``: what is known of each vendor, cited by specs, clauses and switches."""
    return _find("docs")


def _find(folder: str) -> Path:
    """``_data`` wins: pyproject copies the folders there when it builds a wheel, and a checkout has none."""
    installed = PACKAGE / "_data" / folder
    checkout = PACKAGE.parent.parent / folder
    for candidate in (installed, checkout):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"the folder {folder!r} is neither at {installed} nor at {checkout}; "
        "reinstall counterfoil, or run it from a full checkout"
    )
