"""Tells whether a target is counterfoil's stand-in, which accepts any credential at a user's own document.

That is asked of the control API (``GET /_sandbox/v1/apis``), at this machine's own addresses only.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from counterfoil.contract.http_client import is_loopback

SECONDS = 3.0
MAX_BYTES = 1_000_000
NOTE = "this is counterfoil's stand-in, which accepts any credential: whether an invented one is refused is not checked"


def is_stand_in(url: str) -> bool:
    """Whether the control API answers at the address of ``url``. Never raises, and sends no credential."""
    if not is_loopback(url):
        return False
    parts = urlsplit(url)
    try:
        with (
            httpx.Client(timeout=SECONDS, trust_env=False) as client,
            client.stream("GET", f"{parts.scheme}://{parts.netloc}/_sandbox/v1/apis") as response,
        ):
            if response.status_code != 200 or int(response.headers.get("content-length", MAX_BYTES)) >= MAX_BYTES:
                return False
            response.read()
            found = response.json()
    except (httpx.HTTPError, ValueError):
        return False
    prefixes = [each.get("prefix") for each in found.get("apis", ())] if isinstance(found, dict) else []
    return "counterfoil" in found and any(parts.path.rstrip("/").endswith(str(each)) for each in prefixes)
