"""The Flask application: the shell, and plots drawn from a world. It changes nothing."""

from __future__ import annotations

from flask import Flask, Response, abort, render_template, request

from counterfoil import __version__
from counterfoil.sandbox.page import plots
from counterfoil.sandbox.page.files import Files
from counterfoil.world.world import World
from counterfoil.world.worlds import Worlds


def site(worlds: Worlds, files: Files, *, needs_token: bool, public: bool) -> Flask:
    """The page over ``worlds``. ``needs_token`` and ``public`` tell the script in it what to ask its visitor for."""
    app = Flask(__name__, static_folder=None)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}

    @app.get("/")
    def shell() -> Response:
        page = render_template("page.html", version=__version__, files=files, needs_token=needs_token, public=public)
        answer = Response(page, mimetype="text/html")
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    @app.get("/plots/<name>/<plot>.svg")
    def drawn(name: str, plot: str) -> Response:
        world: World | None = worlds.get(name)
        draw = plots.PLOTS.get(plot)
        if world is None or draw is None:
            abort(404)
        with world.lock:
            picture = draw(world, request.args.get("currency", ""))
        answer = Response(picture, mimetype="image/svg+xml")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return app
