"""Exports a span for each request to an API, following OpenTelemetry's semantic conventions for HTTP servers.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/ (stable). The span is created after the response, from
the request's context, so it does not delay the request. It continues the client's trace (W3C Trace Context).
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
"""Limit in seconds for exporting waiting spans at the end; the collector may be down."""
Attributes = dict[str, str | int]


def otlp_over_http(url: str) -> SpanProcessor:
    """Sends spans in batches, from a thread. ``url`` is the collector's address; ``/v1/traces`` is added if it has no path.

    At most 2,048 spans wait; later ones are dropped. OpenTelemetry's variables, such as ``OTEL_EXPORTER_OTLP_HEADERS`` and
    ``OTEL_BSP_MAX_QUEUE_SIZE``, apply.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    base = url.rstrip("/")
    return BatchSpanProcessor(OTLPSpanExporter(base if urlsplit(base).path else f"{base}/v1/traces"))


class Traces:
    """``start`` calls ``processor``, which starts threads; so each worker calls ``start`` after the fork."""

    def __init__(self, processor: Callable[[], SpanProcessor]) -> None:
        self._processor = processor
        self._provider: TracerProvider | None = None
        self._tracer: Tracer | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Export spans within the ``with`` block, and at its end the waiting ones, for at most ``LAST_EXPORT`` seconds."""
        self.start()
        try:
            yield
        finally:
            self.close()

    def start(self) -> None:
        # a separate provider: OpenTelemetry's global one stays unchanged
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(self._processor())
        self._tracer = self._provider.get_tracer("counterfoil", counterfoil.__version__)

    def close(self) -> None:
        """Export the waiting spans, for at most ``LAST_EXPORT`` seconds."""
        if self._provider is not None:
            last = Thread(target=self._provider.shutdown, name="counterfoil-traces", daemon=True)
            last.start()
            last.join(LAST_EXPORT)

    def observe(self, context: RequestContext) -> None:
        """The server's ``Observer``."""
        attributes: Attributes = {"counterfoil.api": context.api.name}
        if context.api.name != "control":  # there the path names the world, if any
            attributes["counterfoil.world"] = logs.printable(context.world_name, 80)
        route = None
        if context.operation is not None:
            attributes["counterfoil.operation"] = context.operation
            route = attributes["http.route"] = context.api.prefix.rstrip("/") + context.operation.partition(" ")[2]
        if context.reason is not None:
            attributes["counterfoil.reason"] = logs.printable(context.reason)
        attributes |= _of_url(context.base + context.path, context.query_string, context.origin)
        self._export(context.method, route, context.status, context.duration, attributes, context.headers)

    def unreached(self, api: API, scope: Scope, status: int, seconds: float) -> None:
        """The server's ``UnreachedObserver``."""
        path, headers = raw_path(scope), request_headers(scope)
        attributes: Attributes = {
            "counterfoil.api": api.name,
            "counterfoil.world": logs.printable(split_world(path)[0] or "", 80),
        }
        # without the query, which may contain a credential
        attributes |= _of_url(path, b"", f"{scope.get('scheme', 'http')}://")
        self._export(scope["method"], None, status, seconds, attributes, headers)

    def _export(
        self,
        sent: str,
        route: str | None,
        status: int,
        seconds: float,
        attributes: Attributes,
        headers: Mapping[str, str],
    ) -> None:
        if self._tracer is None:
            return
        method = sent if sent in METHODS else "_OTHER"
        attributes["http.request.method"] = method
        if method == "_OTHER":
            attributes["http.request.method_original"] = logs.printable(sent, 20)
        if status:
            attributes["http.response.status_code"] = status
        is_error = not status or status >= 500
        if is_error:
            attributes["error.type"] = str(status) if status else "connection_broken"
        name = "HTTP" if method == "_OTHER" else method
        ended = time.time_ns()
        span = self._tracer.start_span(
            name if route is None else f"{name} {route}",
            context=TraceContextTextMapPropagator().extract(headers),
            kind=SpanKind.SERVER,
            attributes=attributes,
            start_time=ended - int(seconds * 1e9),
        )
        if is_error:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended)


def _of_url(path: str, query: bytes, origin: str) -> Attributes:
    attributes: Attributes = {"url.path": logs.printable(path)}
    if query:
        attributes["url.query"] = logs.printable(redact.logged_query(query.decode("latin-1")))
    # the client's Host header may have an invalid address in brackets or an invalid port
    with contextlib.suppress(ValueError):
        at = urlsplit(origin)
        attributes["url.scheme"] = at.scheme
        if at.hostname:
            attributes["server.address"] = at.hostname
            attributes["server.port"] = at.port or (443 if at.scheme == "https" else 80)
    return attributes


def _resource() -> Resource:
    """The resource of the spans; ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` take precedence."""
    own = {"service.name": "counterfoil", "service.version": counterfoil.__version__, "process.pid": os.getpid()}
    return Resource.create(dict(Resource(own).merge(OTELResourceDetector().detect()).attributes))
