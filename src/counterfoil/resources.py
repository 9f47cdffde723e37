"""Finds the folders of specs, fixtures and docs: inside an installed wheel, or at the top of an editable checkout."""

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
    """The folder with ``vendors/``, the pages about each vendor that specs, clauses and switches cite."""
    return _find("docs")


def _find(folder: str) -> Path:
    """The folder in ``_data``, where a wheel has it, else at the top of the checkout. Raises ``FileNotFoundError``."""
    installed = PACKAGE / "_data" / folder
    checkout = PACKAGE.parent.parent / folder
    for candidate in (installed, checkout):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"the folder {folder!r} is neither at {installed} nor at {checkout}; "
        "reinstall counterfoil, or run it from a full checkout"
    )
