"""What a store was written with: its format, and the versions that decide which worlds the same commands make."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version as installed

import counterfoil
from counterfoil.store.log import StoreError


def written_with() -> dict[str, str]:
    """What decides which world the same commands make: this program, and Faker, whose names and addresses are shown."""
    return {"counterfoil": counterfoil.__version__, "faker": installed("faker")}


def check_written_with(where: str, format: str, about: Mapping[str, str]) -> None:
    """Raises ``StoreError`` if a store that says ``about`` itself cannot be read in this format by these versions."""
    if about.get("format") != format:
        raise StoreError(
            f"{where}: is in format {about.get('format')}, and counterfoil {counterfoil.__version__} reads format {format}; "
            "export it with the version that wrote it (counterfoil store export) and import that"
        )
    for name, here in written_with().items():
        there = about.get(name)
        if there != here:
            raise StoreError(
                f"{where}: was written with {name} {there}, and this is {name} {here}, which may rebuild other worlds; "
                f"export it with {name} {there} (counterfoil store export) and import that into a new store"
            )
