"""The page's one HTML document, the same for every client, and its static files."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, abort, render_template, send_from_directory

from counterfoil import __version__

FOLDER = Path(__file__).parent / "static"
# not from the system's MIME tables, which map .js to text/plain on some machines: with nosniff a browser would not run it
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
YEAR = 365 * 24 * 3600


def index_page(*, needs_token: bool, public: bool, has_ledger: bool, has_collections: bool) -> Blueprint:
    """``GET /``, ``/static/{digest}/{name}`` and ``/static/{name}``.

    The document links files with a digest of all files in the path: a browser keeps those for a year and fetches new ones
    when one changed. Without the digest a file is revalidated each time.
    """
    blueprint = Blueprint("page", __name__, template_folder="templates")
    digest = _digest()

    @blueprint.get("/")
    def index() -> Response:
        html = render_template(
            "page.html",
            version=__version__,
            needs_token=needs_token,
            public=public,
            has_ledger=has_ledger,
            has_collections=has_collections,
            static=f"/static/{digest}",
        )
        response = Response(html, mimetype="text/html")
        response.cache_control.no_cache = True
        return response

    @blueprint.get("/static/<name>")
    def file(name: str) -> Response:
        return _send(name, max_age=None)

    @blueprint.get("/static/<requested_digest>/<name>")
    def versioned_file(requested_digest: str, name: str) -> Response:
        if requested_digest != digest:
            abort(404, "there is no such file")
        response = _send(name, max_age=YEAR)
        response.cache_control.immutable = True
        return response

    return blueprint


def _send(name: str, *, max_age: int | None) -> Response:
    media_type = MEDIA_TYPES.get(Path(name).suffix)
    if media_type is None or not (FOLDER / name).is_file():
        abort(404, "there is no such file")
    return send_from_directory(FOLDER, name, mimetype=media_type, max_age=max_age)


def _digest() -> str:
    contents = sha256()
    for path in sorted(FOLDER.iterdir()):
        contents.update(path.name.encode() + b"\0" + path.read_bytes())
    return contents.hexdigest()[:12]
