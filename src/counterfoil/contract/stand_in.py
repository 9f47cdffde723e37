"""Tells whether a target is counterfoil's stand-in, which accepts any credential for a user's own document.

It asks the control API (``GET /_sandbox/v1/apis``), and only at this machine's own addresses.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from counterfoil.contract.http_client import is_loopback

SECONDS = 3.0
MAX_BYTES = 1_000_000
NOTE = "this is counterfoil's stand-in, which accepts any credential: the refusal of invented ones is not checked"


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
            body = response.json()
    except (httpx.HTTPError, ValueError):
        return False
    prefixes = [api.get("prefix") for api in body.get("apis", ())] if isinstance(body, dict) else []
    return "counterfoil" in body and any(parts.path.rstrip("/").endswith(str(prefix)) for prefix in prefixes)
