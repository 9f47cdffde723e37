"""Laws try what a multipart form creates if its fields are plain; they do not invent a required file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from .test_laws import checked, none

FILING = Path(__file__).parent / "documents" / "filing.yaml"


def test_laws_create_by_multipart_forms() -> None:
    records = checked(none, FILING)
    held = {id for id, record in records.items() if record.status == "held"}
    assert held >= {"filing.files.written", "filing.files.listed", "filing.files.gone"}
    assert "'scan' is a file" in str(records["filing.scans.written"].reason)

    def forgets_what_was_sent(request: httpx.Request, ask: Any) -> httpx.Response:
        if request.method == "POST":
            request = httpx.Request("POST", request.url, headers=_own(request), files={"title": (None, "Untitled")})
            request.read()
        return ask(request)

    broken = {id for id, record in checked(forgets_what_was_sent, FILING).items() if record.status == "broken"}
    assert "filing.files.written" in broken


def _own(request: httpx.Request) -> dict[str, str]:
    return {name: each for name, each in request.headers.items() if name not in ("content-type", "content-length")}
