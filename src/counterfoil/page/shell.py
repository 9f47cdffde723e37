"""The shell: the one document of the page, the same for everybody.

Its beginning names the files and needs no template, so that it is sent before Flask is there to render the rest: importing
Flask takes 0.1 s, a browser as long to get going and to fetch the files. Both are rendered once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from counterfoil.page.asgi import Scope, Send, send_problem
from counterfoil.page.files import Files

HEADERS = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-cache")]


class Shell:
    """Answers ``GET /``. ``render`` gives what follows the beginning; it may take its time, and is called in a thread."""

    def __init__(self, files: Files, render: Callable[[], str]) -> None:
        self._beginning = _beginning(files).encode()
        self._render = render
        self._rest: bytes | None = None

    async def answer(self, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await send_problem(send, 405, "the page is only read", ((b"allow", b"GET, HEAD"),))
            return
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.body", "body": self._beginning, "more_body": True})
        if self._rest is None:
            self._rest = (await asyncio.to_thread(self._render)).encode()
        await send({"type": "http.response.body", "body": self._rest})


def _beginning(files: Files) -> str:
    at = f"/static/{files.digest}"
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '  <meta charset="utf-8">',
        f'  <link rel="icon" href="{at}/icon.svg" type="image/svg+xml">',
        f'  <link rel="stylesheet" href="{at}/page.css">',
        *(f'  <link rel="modulepreload" href="{at}/{name}">' for name in files.modules),
        f'  <script type="module" src="{at}/{files.modules[0]}"></script>',
    ]
    return "\n".join([*lines, ""])
