"""The Flask application: the shell's template, and plots drawn from a world. It changes nothing."""

from __future__ import annotations

from flask import Flask, Response, abort, render_template, request

from counterfoil import __version__
from counterfoil.page import plots
from counterfoil.world.world import World
from counterfoil.world.worlds import Worlds


def site(worlds: Worlds) -> Flask:
    """The page over ``worlds``."""
    app = Flask(__name__, static_folder=None)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}

    @app.get("/plots/<name>/<plot>.svg")
    def drawn(name: str, plot: str) -> Response:
        world: World | None = worlds.get(name)
        draw = plots.PLOTS.get(plot)
        if world is None or draw is None:
            abort(404)
        picture = draw(world, request.args.get("currency") or plots.first_currency(world))
        answer = Response(picture, mimetype="image/svg+xml")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return app


def shell(app: Flask, *, needs_token: bool, public: bool) -> str:
    """What follows the shell's beginning. ``needs_token`` and ``public`` tell the script what to ask its visitor for."""
    with app.app_context():
        return render_template("page.html", version=__version__, needs_token=needs_token, public=public)
