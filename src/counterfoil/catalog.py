"""Finds APIs and their files: those that come with counterfoil, and those of other installed packages.

A Python package provides an API by an entry point of the group ``counterfoil.apis``::

    [project.entry-points."counterfoil.apis"]
    acme = "acme_billing:api"

Its ``API`` value is imported only when it is served. The package's folder also holds ``specs/acme/openapi.yaml``, and may
hold ``specs/acme/clauses.yaml``, ``laws.py`` (or a package ``laws``) and ``examples/``. ``counterfoil new-api`` writes them all.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from counterfoil import resources

GROUP = "counterfoil.apis"
CONTROL_SPEC = "control"
"""The folder of the control API's spec, which is not one of the catalog's APIs."""


class CatalogError(LookupError):
    """An unknown API, or one that cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class CatalogEntry:
    """One API: its short ``name``, the module and attribute of its ``API`` value, and its files.

    ``package`` is the folder of its Python package; ``specs`` holds ``openapi.yaml`` and ``clauses.yaml``.
    """

    name: str
    module: str
    attribute: str
    package: Path
    specs: Path
    examples: Path

    @property
    def openapi(self) -> Path:
        """The API's OpenAPI document."""
        return self.specs / "openapi.yaml"

    @cached_property
    def laws(self) -> Path | None:
        """The file that holds the law book; None if the API has none."""
        candidates = (self.package / "laws.py", self.package / "laws" / "__init__.py")
        return next((path for path in candidates if path.is_file()), None)

    def load(self) -> Any:
        """The ``API`` value. Raises ``CatalogError``."""
        try:
            return getattr(import_module(self.module), self.attribute)
        except Exception as error:  # a package may raise anything while it is imported
            reason = " ".join(str(error).split())[:200]
            raise CatalogError(
                f"the API '{self.name}' cannot be imported from {self.module}:{self.attribute}: "
                f"{type(error).__name__}: {reason}"
            ) from None


def entries() -> dict[str, CatalogEntry]:
    """Every API by its name, sorted. Raises ``CatalogError`` for two APIs with one name or a package that is not installed."""
    by_name: dict[str, CatalogEntry] = {}
    for entry in [*_included(), *map(_installed, _entry_points(_python_path()))]:
        if entry.name in by_name:
            raise CatalogError(
                f"two APIs are called '{entry.name}': {by_name[entry.name].module} and {entry.module}; "
                "uninstall one of the packages"
            )
        by_name[entry.name] = entry
    return dict(sorted(by_name.items()))


def api_names() -> tuple[str, ...]:
    """The short names of all APIs, sorted."""
    return tuple(entries())


def entry(name: str) -> CatalogEntry:
    """The API of that name. Raises ``CatalogError`` that lists all APIs."""
    known = entries()
    if name not in known:
        raise CatalogError(f"there is no API '{name}'; there are: {', '.join(known)}")
    return known[name]


def spec_path(name: str) -> Path:
    """The path of the OpenAPI document of an API, or of the control API. Raises ``CatalogError``."""
    return resources.specs_dir() / CONTROL_SPEC / "openapi.yaml" if name == CONTROL_SPEC else entry(name).openapi


def _included() -> list[CatalogEntry]:
    folders = (path.parent for path in resources.specs_dir().glob("*/openapi.yaml"))
    return [
        CatalogEntry(
            name=folder.name,
            module=f"counterfoil.apis.{folder.name.replace('-', '_')}",
            attribute="api",
            package=resources.PACKAGE / "apis" / folder.name.replace("-", "_"),
            specs=folder,
            examples=resources.fixtures_dir() / "examples" / folder.name,
        )
        for folder in folders
        if folder.name != CONTROL_SPEC
    ]


def _python_path() -> tuple[tuple[str, int], ...]:
    """The folders of Python's path, and when each was last changed: installing a package changes one."""
    folders = []
    for path in map(str, sys.path):
        with suppress(OSError):  # a folder of the path need not exist
            folders.append((path, os.stat(path or ".").st_mtime_ns))
    return tuple(folders)


@lru_cache(maxsize=1)
def _entry_points(python_path: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """The group's entry points, cached until Python's path changes: reading those of 150 packages takes 5 ms."""
    return tuple(entry_points(group=GROUP))


def _installed(point: EntryPoint) -> CatalogEntry:
    if not point.attr:
        raise CatalogError(f"the entry point {GROUP}: {point.name} = {point.value} must name a value, as package:api")
    try:
        module_spec = find_spec(point.module)
    except (ImportError, ValueError):
        module_spec = None
    if module_spec is None or not module_spec.submodule_search_locations:
        raise CatalogError(f"the entry point {GROUP}: {point.name} = {point.value} names no installed package")
    package = Path(next(iter(module_spec.submodule_search_locations)))
    specs = package / "specs" / point.name
    return CatalogEntry(point.name, point.module, point.attr, package, specs, package / "examples")
