"""Servers that only serialize a fixed response: no lookup, filter, sort or validation. Starlette, or a plain ASGI application.

Usage: python -m benchmarks.bare_servers starlette|asgi PORT ANSWERS.json (the response bodies by method and path).
Served as counterfoil is: uvicorn with uvloop and httptools.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
import uvicorn


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
    app = starlette(answers) if kind == "starlette" else asgi(answers)
    uvicorn.run(app, port=int(port), log_config=None, access_log=False, lifespan="off", server_header=False, ws="none")
