"""The format and versions that a store was written with; the same commands may rebuild a different world with other versions."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version as installed

import counterfoil
from counterfoil.store.log import StoreError


def written_with() -> dict[str, str]:
    """The versions that affect how commands rebuild a world: this program, and Faker, which generates names and addresses."""
    return {"counterfoil": counterfoil.__version__, "faker": installed("faker")}


def check_written_with(where: str, format: str, about: Mapping[str, str]) -> None:
    """Raise ``StoreError`` unless the store's settings (``about``) have this format and these versions."""
    if about.get("format") != format:
        raise StoreError(
            f"{where}: is in format {about.get('format')}, and counterfoil {counterfoil.__version__} reads format {format}; "
            "export it with the version that wrote it (counterfoil store export) and import that"
        )
    for name, current in written_with().items():
        stored = about.get(name)
        if stored != current:
            raise StoreError(
                f"{where}: was written with {name} {stored}, and this is {name} {current}, which may rebuild other worlds; "
                f"export it with {name} {stored} (counterfoil store export) and import that into a new store"
            )
