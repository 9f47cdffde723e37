"""Swagger UI for each API, with the files of the swagger-ui-bundle package, so that nothing is loaded from other servers.

This module is imported by the first request below ``/docs``.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from counterfoil.api import API, Response
from counterfoil.openapi import Spec
from counterfoil.server.errors import problem

ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
START = """window.addEventListener("load", function () {
  window.ui = SwaggerUIBundle({url: document.body.dataset.spec, dom_id: "#swagger-ui", deepLinking: true,
    validatorUrl: null, presets: [SwaggerUIBundle.presets.apis]});
});
"""
POLICY = (
    ("content-security-policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"),
    ("x-content-type-options", "nosniff"),
)


class Docs:
    """Responds to requests below ``/docs``."""

    def __init__(self, served: Mapping[str, tuple[API, Spec]]) -> None:
        self.served = served

    def respond(self, method: str, path: str) -> Response:
        """The response for ``path``, the part after ``/docs``."""
        if method not in ("GET", "HEAD"):
            return Response(405, b"", (("allow", "GET, HEAD"),), "text/plain")
        parts = [part for part in path.split("/") if part]
        if not parts:
            return self._page("counterfoil", "<ul>" + "".join(self._entry(name) for name in self.served) + "</ul>")
        if parts[0] == "_assets" and len(parts) == 2:
            return self._asset(parts[1])
        if parts[0] in self.served and len(parts) == 1:
            return self._swagger(parts[0])
        if parts[0] in self.served and parts[1:] == ["openapi.json"]:
            return self._document(parts[0])
        return problem(404, "no such page; see /docs", apis=list(self.served))

    def _entry(self, name: str) -> str:
        return f'<li><a href="/docs/{name}">{html.escape(self.served[name][0].title)}</a></li>'

    def _document(self, name: str) -> Response:
        api, spec = self.served[name]
        document: dict[str, Any] = {**spec.raw, "servers": [{"url": api.prefix, "description": "this stand-in"}]}
        return Response(200, orjson.dumps(document), POLICY, "application/json")

    def _swagger(self, name: str) -> Response:
        title = html.escape(self.served[name][0].title)
        return self._page(
            title,
            '<link rel="stylesheet" href="/docs/_assets/swagger-ui.css">'
            '<div id="swagger-ui"></div><script src="/docs/_assets/swagger-ui-bundle.js"></script>'
            '<script src="/docs/_assets/start.js"></script>',
            f' data-spec="/docs/{name}/openapi.json"',
        )

    def _page(self, title: str, content: str, attributes: str = "") -> Response:
        text = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width"><link rel="icon" href="/docs/_assets/favicon-32x32.png">'
            f"</head><body{attributes}>{content}</body></html>"
        )
        return Response(200, text.encode(), POLICY, "text/html; charset=utf-8")

    def _asset(self, name: str) -> Response:
        if name == "start.js":
            return Response(200, START.encode(), POLICY, "text/javascript; charset=utf-8")
        if name not in ASSETS:
            return problem(404, "no such file")
        import swagger_ui_bundle

        content = (Path(str(swagger_ui_bundle.swagger_ui_path)) / name).read_bytes()
        return Response(200, content, (*POLICY, ("cache-control", "max-age=3600")), ASSETS[name])
