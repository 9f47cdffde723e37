"""``python -m benchmarks.connexion_alone``: what connexion's middlewares cost a request by themselves, next to counterfoil.

connexion's exception, routing, security, request validation and response validation middlewares are put around an application
that sends a fixed body, once with validators that do nothing and once with connexion's own. Both, and counterfoil with all it
does for the same request, are called in this process. Prints microseconds (least of 20 turns) and bytecode instructions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.calls import Call
from benchmarks.in_process import ask
from benchmarks.regression import RUNS, count

RUN = Call(f"{RUNS}3")
BODY = b'{"id": "3"}'
TURNS, REQUESTS = 20, 500


class NothingToRead:
    """A parameter validator that accepts everything."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def validate_request(self, request: object) -> None:
        pass

    validate = validate_request


async def fixed_body(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def connexion(*, validates: bool) -> Any:
    from connexion.middleware import ConnexionMiddleware
    from connexion.middleware.exceptions import ExceptionMiddleware
    from connexion.middleware.request_validation import RequestValidationMiddleware
    from connexion.middleware.response_validation import ResponseValidationMiddleware
    from connexion.middleware.routing import RoutingMiddleware
    from connexion.middleware.security import SecurityMiddleware
    from connexion.resolver import Resolver

    middlewares = [
        ExceptionMiddleware,
        RoutingMiddleware,
        SecurityMiddleware,
        RequestValidationMiddleware,
        ResponseValidationMiddleware,
    ]
    app = ConnexionMiddleware(fixed_body, middlewares=middlewares)
    own = {} if validates else {"validator_map": {"parameter": NothingToRead, "body": {}, "response": {}}}
    app.add_api(_document(), resolver=Resolver(lambda name: print), validate_responses=True, **own)
    return app


def _document() -> dict[str, Any]:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    operation = {
        "operationId": "run",
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {"200": {"description": "A run.", "content": {"application/json": {"schema": schema}}}},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "one operation", "version": "1"},
        "paths": {f"{RUNS}{{id}}": {"get": operation}},
    }


def measure(app: Callable[..., Any]) -> tuple[float, int]:
    """Microseconds of CPU and bytecode instructions of one request."""

    async def several() -> float:
        began = time.process_time()
        for _ in range(REQUESTS):
            await ask(app, RUN)
        return (time.process_time() - began) / REQUESTS

    with asyncio.Runner() as runner:
        least = min(runner.run(several()) for _ in range(TURNS))
        return least * 1e6, count(lambda: _step(ask(app, RUN)))


def _step(request: Awaitable[object]) -> None:
    """Run a request that does not wait for I/O."""
    iterator = request.__await__()
    try:
        next(iterator)
    except StopIteration:
        return
    raise RuntimeError("the request waited")


def main() -> None:
    from counterfoil.app import build

    rows = {
        "connexion's five middlewares, validators that do nothing": connexion(validates=False),
        "connexion's five middlewares, its own validators": connexion(validates=True),
        "counterfoil, all of it": build(scenario_name="demo", customers=1000).server,
    }
    for name, app in rows.items():
        time_taken, instructions = measure(app)
        print(f"{name:58}{time_taken:7.1f} µs{instructions:8,} instructions")


if __name__ == "__main__":
    main()
