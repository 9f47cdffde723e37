"""Exports a span for each request to an API, named as OpenTelemetry's conventions for HTTP servers say.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/ (stable). The span is made when the request has been answered, from
what the server knows of it then, so nothing else is on a request's path. It continues the client's trace (W3C Trace Context).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import counterfoil
from counterfoil import redact
from counterfoil.api import API
from counterfoil.asgi import Scope, raw_path, request_headers, split_world
from counterfoil.server import logs
from counterfoil.server.context import RequestContext

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Tracer

METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"))
LAST_EXPORT = 3.0
"""Seconds in which spans that wait are exported at the end; the collector may be down."""
Attributes = dict[str, str | int]


def otlp_over_http(url: str) -> SpanProcessor:
    """Sends spans in batches, from a thread. ``url``: the collector's address; ``/v1/traces`` is added to one without a path.

    At most 2,048 spans wait; later ones are dropped. Variables such as ``OTEL_EXPORTER_OTLP_HEADERS`` and
    ``OTEL_BSP_MAX_QUEUE_SIZE`` mean what OpenTelemetry says.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    base = url.rstrip("/")
    return BatchSpanProcessor(OTLPSpanExporter(base if urlsplit(base).path else f"{base}/v1/traces"))


class Traces:
    """``processor`` is called by ``start``, which each worker calls after the fork, as it begins threads."""

    def __init__(self, processor: Callable[[], SpanProcessor]) -> None:
        self._processor = processor
        self._provider: TracerProvider | None = None
        self._tracer: Tracer | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Export until the end, and then what waits, for some seconds at most."""
        self.start()
        try:
            yield
        finally:
            self.close()

    def start(self) -> None:
        # of this object's own: OpenTelemetry's global provider stays as it is
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(self._processor())
        self._tracer = self._provider.get_tracer("counterfoil", counterfoil.__version__)

    def close(self) -> None:
        """Export what waits, for some seconds at most."""
        if self._provider is not None:
            last = Thread(target=self._provider.shutdown, name="counterfoil-traces", daemon=True)
            last.start()
            last.join(LAST_EXPORT)

    def observe(self, context: RequestContext) -> None:
        """The server's ``Observer``."""
        about: Attributes = {"counterfoil.api": context.api.name}
        if context.api.name != "control":  # its path says which world is meant, if any
            about["counterfoil.world"] = logs.printable(context.world_name, 80)
        route = None
        if context.operation is not None:
            about["counterfoil.operation"] = context.operation
            route = about["http.route"] = context.api.prefix.rstrip("/") + context.operation.partition(" ")[2]
        if context.reason is not None:
            about["counterfoil.reason"] = logs.printable(context.reason)
        about |= _of_url(context.base + context.path, context.query_string, context.origin)
        self._export(context.method, route, context.status, context.duration, about, context.headers)

    def unreached(self, api: API, scope: Scope, status: int, seconds: float) -> None:
        """The server's ``UnreachedObserver``."""
        path, headers = raw_path(scope), request_headers(scope)
        about: Attributes = {
            "counterfoil.api": api.name,
            "counterfoil.world": logs.printable(split_world(path)[0] or "", 80),
        }
        about |= _of_url(path, b"", f"{scope.get('scheme', 'http')}://")  # in a query, a document may name a credential
        self._export(scope["method"], None, status, seconds, about, headers)

    def _export(
        self, sent: str, route: str | None, status: int, seconds: float, about: Attributes, headers: Mapping[str, str]
    ) -> None:
        if self._tracer is None:
            return
        method = sent if sent in METHODS else "_OTHER"
        about["http.request.method"] = method
        if method == "_OTHER":
            about["http.request.method_original"] = logs.printable(sent, 20)
        if status:
            about["http.response.status_code"] = status
        is_error = not status or status >= 500
        if is_error:
            about["error.type"] = str(status) if status else "connection_broken"
        name = "HTTP" if method == "_OTHER" else method
        ended = time.time_ns()
        span = self._tracer.start_span(
            name if route is None else f"{name} {route}",
            context=TraceContextTextMapPropagator().extract(headers),
            kind=SpanKind.SERVER,
            attributes=about,
            start_time=ended - int(seconds * 1e9),
        )
        if is_error:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended)


def _of_url(path: str, query: bytes, origin: str) -> Attributes:
    about: Attributes = {"url.path": logs.printable(path)}
    if query:
        about["url.query"] = logs.printable(redact.logged_query(query.decode("latin-1")))
    with contextlib.suppress(
        ValueError
    ):  # the client's Host header may have an invalid address in brackets or an invalid port
        at = urlsplit(origin)
        about["url.scheme"] = at.scheme
        if at.hostname:
            about["server.address"] = at.hostname
            about["server.port"] = at.port or (443 if at.scheme == "https" else 80)
    return about


def _resource() -> Resource:
    """What the spans are of; ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` come first."""
    own = {"service.name": "counterfoil", "service.version": counterfoil.__version__, "process.pid": os.getpid()}
    return Resource.create(dict(Resource(own).merge(OTELResourceDetector().detect()).attributes))
