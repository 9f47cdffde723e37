"""The page's own files, from memory: a browser asks for all of them at once, and each costs no more than a dictionary.

Their address carries a digest of all, so that a browser keeps them until one changes and never asks again meanwhile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from counterfoil.page.asgi import Scope, Send, headers_of, send_problem

FOLDER = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
FIRST = "main.js"
IMPORT = re.compile(r'^import .* from "\./(.+)";$', re.MULTILINE)
FOR_EVER = b"public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    media_type: str
    content: bytes
    etag: str


class Files:
    """Answers ``/static/{digest}/{name}`` and, to be asked again each time, ``/static/{name}``."""

    def __init__(self) -> None:
        self._files = {
            path.name: File(TYPES[path.suffix], content, f'"{sha256(content).hexdigest()[:20]}"')
            for path in sorted(FOLDER.iterdir())
            if path.suffix in TYPES
            for content in [path.read_bytes()]
        }
        self.digest = sha256("".join(file.etag for file in self._files.values()).encode()).hexdigest()[:12]

    @property
    def modules(self) -> list[str]:
        """The scripts the page begins with, for the shell to have them fetched at once: what the first one imports."""
        found = [FIRST]
        for name in found:
            imported = IMPORT.findall(self._files[name].content.decode())
            found += [each for each in dict.fromkeys(imported) if each not in found]
        return found

    async def answer(self, path: str, scope: Scope, send: Send) -> None:
        """``path`` is what follows ``/static/``."""
        digest, _, name = path.rpartition("/")
        file = self._files.get(name)
        if file is None or digest not in ("", self.digest):
            await send_problem(send, 404, "there is no such file")
            return
        if scope["method"] not in ("GET", "HEAD"):
            await send_problem(send, 405, "files are only read", ((b"allow", b"GET, HEAD"),))
            return
        headers = [
            (b"content-type", file.media_type.encode()),
            (b"etag", file.etag.encode()),
            (b"cache-control", FOR_EVER if digest else b"no-cache"),
        ]
        if headers_of(scope).get("if-none-match") == file.etag:
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        headers.append((b"content-length", str(len(file.content)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else file.content})
