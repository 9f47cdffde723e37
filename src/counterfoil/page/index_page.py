"""The page's one HTML document, the same for every client."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from counterfoil import __version__


def index_page(*, digest: str, needs_token: bool, public: bool, has_ledger: bool, has_collections: bool) -> Blueprint:
    """``GET /``. The document links files below ``/static/{digest}``, as ``static_files`` serves them."""
    blueprint = Blueprint("page", __name__, template_folder="templates")

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

    return blueprint
