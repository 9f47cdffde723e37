"""Serves one document in this process, for tests that use its stand-in over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from counterfoil.app import build
from counterfoil.lookup import own_api
from counterfoil.testing.in_process import InProcessTransport

DOCUMENTS = Path(__file__).parent / "documents"


def served(document: Path, *, rows: int = 12, **options: Any) -> httpx.Client:
    """A client of the document's stand-in, whose base URL is the API's. ``options`` are those of ``own_api``."""
    own = own_api(document, rows=rows, seed=0, **options)
    transport = InProcessTransport(build(own=[own], scenario_name="quiet").asgi_app)
    headers = {"Authorization": "Bearer any"}
    return httpx.Client(transport=transport, base_url=f"http://localhost/{own.name}", headers=headers, timeout=60)


def whole_server(document: Path, *, rows: int = 12, **options: Any) -> httpx.Client:
    """As ``served``, with the server's base URL: it reaches the control API, too."""
    client = served(document, rows=rows, **options)
    client.base_url = httpx.URL("http://localhost")
    return client
