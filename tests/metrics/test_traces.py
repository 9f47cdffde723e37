"""Each request to an API is a span that OpenTelemetry's tools understand, in the trace of the client that made it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from tests.store.served import KEY, RUNS, Served

from counterfoil.app import build
from counterfoil.metrics.traces import Traces, otlp_over_http
from counterfoil.server.app import Options
from counterfoil.testing.in_process import InProcessTransport

RUN = "GET /billingplatform/backend/api/v1/billingRuns/{id}"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Traced:
    """An application in this process, and the spans that it exported."""

    def __init__(self, processor: Callable[[], SpanProcessor] | None = None) -> None:
        self._exporter = InMemorySpanExporter()
        self._traces = Traces(processor or (lambda: SimpleSpanProcessor(self._exporter)))
        options = Options(observers=(self._traces.observe,), unreached=(self._traces.unreached,))
        application = build(["billingplatform"], scenario_name="one-month", options=options)
        self.client = httpx.Client(
            transport=InProcessTransport(application.asgi_app),
            base_url="http://localhost:8000",
            headers=KEY,
            timeout=60,
        )
        self._traces.start()

    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def span(self) -> ReadableSpan:
        """The only span since the last call."""
        (span,) = self.spans()
        self._exporter.clear()
        return span

    def close(self) -> None:
        self.client.close()
        self._traces.close()


@pytest.fixture
def traced() -> Iterator[Traced]:
    made = Traced()
    yield made
    made.close()


def about(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_span_has_the_names_that_the_conventions_give(traced: Traced) -> None:
    assert traced.client.get(f"{RUNS}/1?api_key=s3cret&x=1").status_code == 404  # there is no run yet
    span = traced.span()
    assert (span.name, span.kind, span.status.status_code) == (RUN, SpanKind.SERVER, StatusCode.UNSET)
    assert about(span) == {
        "http.request.method": "GET",
        "http.response.status_code": 404,
        "http.route": "/billingplatform/backend/api/v1/billingRuns/{id}",
        "url.scheme": "http",
        "url.path": f"{RUNS}/1",
        "url.query": "api_key=***&x=1",
        "server.address": "localhost",
        "server.port": 8000,
        "counterfoil.api": "billingplatform",
        "counterfoil.operation": "GET /billingRuns/{id}",
        "counterfoil.world": "default",
    }
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.start_time < span.end_time
    assert span.resource.attributes["service.name"] == "counterfoil"


def test_a_clients_trace_goes_on_and_one_that_is_not_sampled_is_not_exported(traced: Traced) -> None:
    traced.client.get(RUNS, headers={"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"})
    span = traced.span()
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)  # type: ignore[union-attr]
    assert dict(span.context.trace_state) == {"vendor": "1"}  # type: ignore[union-attr]
    traced.client.get(RUNS, headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    assert traced.spans() == ()
    for malformed in ("00-0-0-01", "x" * 500, f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01"):
        traced.client.get(RUNS, headers={"traceparent": malformed})
        assert traced.span().parent is None


def test_what_fails_and_what_is_nowhere_has_a_span_too(traced: Traced) -> None:
    traced.client.get(RUNS, headers={"prefer": "code=500"})
    failed = traced.span()
    assert (failed.status.status_code, about(failed)["error.type"]) == (StatusCode.ERROR, "500")
    traced.client.get("/billingplatform/backend/api/v1/nowhere")
    nowhere = traced.span()
    assert (nowhere.name, nowhere.status.status_code) == ("GET", StatusCode.UNSET)
    assert "http.route" not in about(nowhere)
    traced.client.get(f"/w/nix{RUNS}?secret=1")
    unknown = traced.span()
    assert (unknown.name, about(unknown)["counterfoil.world"]) == ("GET", "nix")
    assert about(unknown)["http.response.status_code"] == 404
    assert "url.query" not in about(unknown)
    traced.client.request("MADEUP", RUNS)
    strange = about(traced.span())
    assert (strange["http.request.method"], strange["http.request.method_original"]) == ("_OTHER", "MADEUP")
    traced.client.get(RUNS, headers={"host": "[::"})
    assert about(traced.span())["counterfoil.api"] == "billingplatform"
    traced.client.get("/_sandbox/v1/worlds")
    control = traced.span()
    assert (control.name, "counterfoil.world" in about(control)) == ("GET /_sandbox/v1/worlds", False)
    traced.client.get("/health")
    assert traced.spans() == ()


@contextmanager
def collector(received: list[ExportTraceServiceRequest], paths: set[str]) -> Iterator[str]:
    """The address of a small OTLP/HTTP collector."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            paths.add(self.path)
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_two_workers_export_all_spans_before_they_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight requests over eight connections, then the server is stopped: the collector has eight spans."""
    received: list[ExportTraceServiceRequest] = []
    paths: set[str] = set()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "sandbox")
    with collector(received, paths) as url:
        server = Served(tmp_path / "worlds.db", "billingplatform", "--otlp", url, workers=2).start()
        for client in server.clients(8):
            assert client("GET", RUNS).status == 200
            client.close()
        assert server.stop() == ""
    resources = [each for request in received for each in request.resource_spans]
    names = [span.name for each in resources for scope in each.scope_spans for span in scope.spans]
    assert names == ["GET /billingplatform/backend/api/v1/billingRuns/"] * 8
    assert paths == {"/v1/traces"}
    of = {value.key: value.value.string_value for each in resources for value in each.resource.attributes}
    assert of["service.name"] == "sandbox"


def test_a_collector_that_is_down_disturbs_no_request_and_no_stop(caplog: pytest.LogCaptureFixture) -> None:
    with collector([], set()) as url:
        pass  # its port is closed now
    traced = Traced(lambda: otlp_over_http(url))
    assert [traced.client.get(RUNS).status_code for _ in range(5)] == [200] * 5
    traced.close()  # returns, whatever becomes of the spans
    assert not [each for each in caplog.records if each.exc_info]
