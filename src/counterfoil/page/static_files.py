"""The page's style sheets, scripts and icon, read once and served from memory.

With Flask, each of the eighteen files of the first view took 1.8 ms of processor time and a thread.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from counterfoil.asgi import Receive, Scope, Send, request_headers
from counterfoil.page.responses import send_problem

FOLDER = Path(__file__).parent / "static"
# some systems' MIME tables map .js to text/plain, and with nosniff a browser would not run it
MEDIA_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml; charset=utf-8",
}
CACHED = b"public, max-age=31536000, immutable"
REVALIDATED = b"no-cache"


@dataclass
class StaticFile:
    """One file, and its compressed form, which is created on first use."""

    content: bytes
    media_type: bytes

    @cached_property
    def etag(self) -> str:
        return f'"{sha256(self.content).hexdigest()[:16]}"'

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, mtime=0)


class StaticFiles:
    """Answers ``/static/{digest}/{name}`` and ``/static/{name}``.

    The digest covers all files. A browser caches files with the digest in the path for a year, and loads them again when any
    file changed. Without the digest a file is revalidated each time.
    """

    def __init__(self) -> None:
        self._files = {
            path.name: StaticFile(path.read_bytes(), MEDIA_TYPES[path.suffix])
            for path in sorted(FOLDER.iterdir())
            if path.suffix in MEDIA_TYPES
        }
        contents = sha256()
        for name, file in self._files.items():
            contents.update(name.encode() + b"\0" + file.content)
        self.digest = contents.hexdigest()[:12]

    async def __call__(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; ``path`` is the one that was routed."""
        _, _, *folder, name = path.split("/")
        file = self._files.get(name)
        if file is None or folder not in ([], [self.digest]):
            await send_problem(send, 404, "there is no such file")
        elif scope["method"] not in ("GET", "HEAD"):
            await send_problem(send, 405, "files are read with GET", ((b"allow", b"GET, HEAD"),))
        else:
            await _send_file(send, file, scope, CACHED if folder else REVALIDATED)


async def _send_file(send: Send, file: StaticFile, scope: Scope, cache_control: bytes) -> None:
    sent = request_headers(scope)
    headers = [(b"etag", file.etag.encode()), (b"cache-control", cache_control), (b"vary", b"Accept-Encoding")]
    if file.etag in sent.get("if-none-match", ""):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    content = file.content
    if "gzip" in sent.get("accept-encoding", ""):
        content = file.compressed
        headers.append((b"content-encoding", b"gzip"))
    headers += [(b"content-type", file.media_type), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})
