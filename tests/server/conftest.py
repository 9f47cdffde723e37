"""One toy server for the whole folder; and specs are parsed into a cache folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .toy import Client, server


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTERFOIL_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def ask(own_cache: Path) -> Client:
    return Client(server())
