"""The Flask application of the page, and its conversion to ASGI."""

from __future__ import annotations

from a2wsgi import WSGIMiddleware
from flask import Flask, Response, json
from werkzeug.exceptions import HTTPException

from counterfoil.api.problem_details import MEDIA_TYPE as PROBLEM_JSON
from counterfoil.api.problem_details import problem_details
from counterfoil.asgi import ASGIApp
from counterfoil.page.index_page import index_page
from counterfoil.page.plots import plots
from counterfoil.page.world_reader import WorldReader

THREADS = 4


def create_app(
    reader: WorldReader, *, digest: str, needs_token: bool, public: bool, has_ledger: bool, has_collections: bool
) -> Flask:
    """The Flask application. ``digest`` is the digest of the static files. ``needs_token`` and ``public`` tell the page's
    script how to get access; ``has_ledger`` shows the views of customers and bills, ``has_collections`` those of own
    documents."""
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = True  # the server logs them and answers 500
    app.url_map.merge_slashes = False
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.register_blueprint(
        index_page(
            digest=digest,
            needs_token=needs_token,
            public=public,
            has_ledger=has_ledger,
            has_collections=has_collections,
        )
    )
    app.register_blueprint(plots(reader))
    app.register_error_handler(HTTPException, _problem)
    return app


def as_asgi(app: Flask) -> ASGIApp:
    """The Flask application as ASGI. It runs in its own threads, so that the event loop can answer the APIs."""
    asgi_app: ASGIApp = WSGIMiddleware(app, workers=THREADS)  # type: ignore[arg-type, assignment]
    return asgi_app


def _problem(error: HTTPException) -> Response:
    body = problem_details(error.code or 500, error.description or error.name)
    response = Response(json.dumps(body), status=error.code, mimetype=PROBLEM_JSON)
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers[name] = value
    return response
