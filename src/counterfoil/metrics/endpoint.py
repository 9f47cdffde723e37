"""Serves ``/metrics`` to clients that may use the control API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from counterfoil.api import ApiError, Response
from counterfoil.asgi import CheckAccess, Receive, Scope, Send, raw_path, request_headers
from counterfoil.metrics.collection import WorkerMetrics
from counterfoil.metrics.exposition import exposition
from counterfoil.server import logs
from counterfoil.server.app import send_and_log
from counterfoil.server.errors import problem

PATH = "/metrics"


class MetricsApp:
    """An ASGI application, mounted at ``PATH``."""

    def __init__(self, metrics: WorkerMetrics, check_access: CheckAccess) -> None:
        self._metrics = metrics
        self._check_access = check_access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        path = raw_path(scope)
        response = await self._response(path, scope["method"], request_headers(scope))
        await send_and_log(scope, path, started, response, send)

    async def _response(self, path: str, method: str, headers: Mapping[str, str]) -> Response:
        if path != PATH:
            return problem(404, f"nothing is served at {logs.printable(path, 120)}; see {PATH}")
        if method not in ("GET", "HEAD"):
            wrong = problem(405, f"{PATH} is read with GET")
            return Response(405, wrong.body, (("allow", "GET, HEAD"),), wrong.media_type)
        try:
            self._check_access(headers)
        except ApiError as error:
            refused = problem(error.status, error.message)
            challenge = (("www-authenticate", "Bearer"),) if error.status == 401 else ()
            return Response(error.status, refused.body, challenge, refused.media_type)
        # in a thread: it asks the other workers, and may ask the store
        body, media_type = await asyncio.to_thread(self._written, headers.get("accept", ""))
        return Response(200, body, (("cache-control", "no-store"),), media_type)

    def _written(self, accept: str) -> tuple[bytes, str]:
        return exposition(self._metrics.parts(), self._metrics.worlds(), accept)
