"""Servers that only serialize a fixed response: no lookup, filter or sort. connexion, Starlette, or a plain ASGI application.

Usage: python -m benchmarks.bare_servers connexion PORT DOCUMENT, or starlette|asgi PORT ANSWERS.json (the response bodies
by method and path). connexion routes and validates requests and responses by the document, as it comes, without authentication.
Served as counterfoil is: uvicorn with uvloop and httptools.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
import uvicorn


def connexion(document: dict[str, Any]) -> Any:
    """The document's examples as responses."""
    from connexion import AsyncApp
    from connexion.resolver import Resolver

    def responding(body: Any, status: int) -> Any:
        async def answer(**parameters: Any) -> tuple[Any, int]:
            return body, status

        return answer

    functions = {}
    document.pop("security", None)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            operation.pop("security", None)
            status = min(status for status in operation["responses"] if status.startswith("2"))
            answer = operation["responses"][status]
            if "$ref" in answer:
                answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            content = answer.get("content", {})
            body = next((media.get("example") for media in content.values()), None)
            operation["operationId"] = f"{method} {path}"
            functions[operation["operationId"]] = responding(body, int(status))
    app = AsyncApp("bare", specification_dir=".")
    app.add_api(document, resolver=Resolver(functions.__getitem__), validate_responses=True)
    return app


def starlette(answers: dict[str, Any]) -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    def responding(body: Any) -> Any:
        async def answer(request: Request) -> Response:
            if request.method == "POST":
                orjson.loads(await request.body())
            return Response(orjson.dumps(body), media_type="application/json")

        return answer

    routes = [
        Route(key.partition(" ")[2], responding(body), methods=[key.partition(" ")[0]]) for key, body in answers.items()
    ]
    return Starlette(routes=routes)


def asgi(answers: dict[str, Any]) -> Any:
    by_path = {key.partition(" ")[2]: body for key, body in answers.items()}
    around = [(*path.split("{id}"), body) for path, body in by_path.items() if "{id}" in path]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        body = by_path.get(path)
        if body is None:
            body = next(each for left, right, each in around if path.startswith(left) and path.endswith(right))
        if scope["method"] == "POST":
            orjson.loads((await receive())["body"])
        payload = orjson.dumps(body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(payload)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": payload})

    return app


if __name__ == "__main__":
    kind, port, file = sys.argv[1:4]
    answers = orjson.loads(Path(file).read_bytes())
    app = {"connexion": connexion, "starlette": starlette, "asgi": asgi}[kind](answers)
    uvicorn.run(app, port=int(port), log_config=None, access_log=False, lifespan="off", server_header=False, ws="none")
