"""Cross-origin access (CORS) to the vendors' APIs for chosen origins; the control API and the page are not included."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.middleware.cors import CORSMiddleware

from counterfoil.asgi import ASGIApp, Receive, Scope, Send, raw_path, split_world

ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]+(?::[0-9]{1,5})?|https?://\[[0-9A-Fa-f:]+\](?::[0-9]{1,5})?|\*")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class CrossOrigin:
    """Wraps ``app``: pages of ``origins`` (``*``: any) can call its paths below ``prefixes``, in any world.

    Starlette's CORSMiddleware answers preflights, allows all request headers, and exposes all response headers. Requests from
    other origins are passed on unchanged.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str], prefixes: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._prefixes = tuple(prefix.rstrip("/") + "/" for prefix in prefixes)
        self._open = CORSMiddleware(
            app,
            allow_origins=["*"] if "*" in self._origins else sorted(self._origins),
            allow_methods=METHODS,
            allow_headers=["*"],
            expose_headers=["*"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_open(scope):
            await self._open(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
        if origin is None or not (origin in self._origins or "*" in self._origins):
            return False
        return split_world(raw_path(scope))[2].startswith(self._prefixes)
