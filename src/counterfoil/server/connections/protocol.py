"""uvicorn's httptools protocol with limits on heads, time, pipelined requests and connections.

uvicorn 0.54 with httptools has no such limits. Measured on loopback: one head of 2.4 MB stopped the server for 21 s, 120 MB of
pipelined requests that were not read took 1.7 GB, and half a head buffered a connection forever. httptools also treats each
request with ``Upgrade`` as having no body, so that its body was executed as a second request; a server may ignore that
header (RFC 9110, 7.8), and this one does. A request that cannot be parsed is passed to the application as a ``Refusal``,
which is answered with the error body of the API in its path.

granian 2.8.7 (on hyper) is not used instead: it frames Upgrade correctly and limits fields to 100, but took 242 µs of CPU for
a request that takes 195 to 238 here, accepted a field of 70 KB, answers refused requests with an empty body, and cannot
break a connection, as faults require.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from counterfoil.asgi import REFUSAL, Refusal
from counterfoil.server.connections.limits import Admission
from counterfoil.server.connections.transports import CoalescingTransport, LingeringTransport
from counterfoil.server.logs import printable

PIECE = 4096
"""Bytes given to the parser at a time, so that at most this many bytes of pipelined requests are parsed ahead of their turn."""
MAX_BUFFERED_BYTES = 64 * 1024
CHUNK_OVERHEAD = 8 * 2**20
"""Limit on chunk sizes, extensions and trailers in bytes; 1 MiB in chunks of one byte has 5 MiB of them."""
MAX_DISCARDED_BYTES = 16 * 2**20
TICK_SECONDS = 1.0
MAX_503_CONNECTIONS = 64
"""Connections over the limit that get a 503; further ones are reset."""

IDLE, HEAD, BODY = range(3)
_REQUEST_LINE = re.compile(rb"(?:\r\n)*([!-~]{1,40}) ([!-~]{1,4000})(?: HTTP/([0-9]\.[0-9])\r?\n)?")


class BoundedProtocol(HttpToolsProtocol):
    """For ``uvicorn.Config(http=…)``, with ``admission`` bound by ``functools.partial``."""

    def __init__(self, *args: Any, admission: Admission, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = admission.limits
        self._admission = admission
        self._address = ""
        self._excess = 0
        self._stage = HEAD
        self._head_raw = 0  # bytes of the head in earlier pieces
        self._body_raw = 0
        self._body_size = 0
        self._buffer = bytearray()
        self._answering: RequestResponseCycle | None = None
        self._refused = False
        self._discarded = 0
        self._messages = 0
        self._last_progress: tuple[int, ...] = ()
        self._last_progress_at = 0.0
        self._tick: asyncio.TimerHandle | None = None

    # --- the connection --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(CoalescingTransport(transport, self.loop))  # type: ignore[arg-type]
        self.flow = self._reading = _Flow(transport)
        self._address = self.client[0] if self.client else ""
        self._excess = self._admission.enter(self._address)
        self._last_progress_at = self.loop.time()
        self._tick = self.loop.call_later(TICK_SECONDS, self._check_time)
        if self._excess > MAX_503_CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        self._admission.leave(self._address)
        self._buffer.clear()
        self.pipeline.clear()
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True  # uvicorn marks the newest request only
            self._answering.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._refused:
            self._discarded += len(data)
            if self._discarded > MAX_DISCARDED_BYTES:
                self.transport.abort()
        elif self._buffer or self.pipeline:
            self._buffer_data(data)
        elif len(data) <= PIECE:
            self._parse(data)
        else:
            self._parse_pieces(data)

    def _parse_pieces(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(data), PIECE):
            if self._refused:
                return
            if self.pipeline:
                self._buffer_data(data[start:])
                return
            self._parse(view[start : start + PIECE])

    def _buffer_data(self, data: bytes) -> None:
        """Buffer bytes until earlier requests are answered; they are parsed then."""
        self._buffer += data
        if len(self._buffer) > MAX_BUFFERED_BYTES:
            self._reading.is_full = True
            self.flow.pause_reading()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._buffer and not self.pipeline and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            buffered, self._buffer = bytes(self._buffer), bytearray()
            self._reading.is_full = False
            self._parse_pieces(buffered)
            self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    # --- parsing ---------------------------------------------------------------------------------

    def _parse(self, piece: bytes | memoryview) -> None:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(piece[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse_unparsable(bytes(piece), error)
            return
        if self._stage == IDLE or self._refused:
            return
        if self._stage == HEAD:
            self._head_raw += len(piece)
            if self._head_raw > self.limits.head or len(self.headers or ()) > self.limits.fields:
                self._refuse(self._too_large())
            return
        self._body_raw += len(piece)
        if len(self.headers) > self.limits.fields or self._body_raw - self._body_size > CHUNK_OVERHEAD:
            self._refuse_body(Refusal(400, "the chunks of the body have too many extensions or trailers"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._messages += 1
        self._stage = HEAD
        self._head_raw = 0

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._stage = BODY
        if self._head_raw or len(self.headers) > self.limits.fields:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self.limits.head or len(self.headers) > self.limits.fields:
                self._mark_refused(self._too_large())
        version = self.scope["http_version"]
        if version != "1.1" and version != "1.0":
            self._mark_refused(Refusal(505, f"HTTP/{version} is not supported; send HTTP/1.1"))
        if self._excess > 0:
            self._mark_refused(Refusal(503, "too many connections are open; try again in a moment"))
        self._body_raw = self._body_size = 0

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # a body may follow: see _ignore_upgrade
        self._stage = IDLE
        super().on_message_complete()

    def _ignore_upgrade(self, rest: bytes | memoryview) -> None:
        """Continue after a head with Upgrade, at which the parser stopped, with a new parser for the body."""
        if self.scope["method"] == "CONNECT":
            self._mark_refused(Refusal(501, "CONNECT is not supported"))
            super().on_message_complete()
            return
        framing = [header for header in self.headers if header[0] in (b"content-length", b"transfer-encoding")]
        head = b"".join(b"%s: %s\r\n" % header for header in framing)
        self.parser = httptools.HttpRequestParser(_WithoutFirstHead(self))
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._parse(b"POST / HTTP/1.1\r\n" + head + b"\r\n")
        if rest:
            self._parse(rest)

    # --- refusing --------------------------------------------------------------------------------

    def _too_large(self) -> Refusal:
        limits = self.limits
        if len(self.url) * 2 > limits.head:
            return Refusal(414, f"the URL is too long: a request's head may have up to {limits.head} bytes")
        return Refusal(
            431, f"the head is too large: it may have up to {limits.head} bytes and {limits.fields} header fields"
        )

    def _mark_refused(self, refusal: Refusal) -> None:
        """Answer the newest request with ``refusal``, then close the connection."""
        self._refused = True
        self.cycle.scope["state"].setdefault(REFUSAL, refusal)
        self.cycle.keep_alive = False
        self.cycle.more_body = False
        self.cycle.transport = LingeringTransport(self.transport, self.loop)  # type: ignore[assignment]
        self.cycle.message_event.set()
        self.flow.resume_reading()

    def _refuse_body(self, refusal: Refusal) -> None:
        if self.cycle.response_started:
            self.transport.close()
        else:
            self._mark_refused(refusal)

    def _refuse_unparsable(self, piece: bytes, error: Exception) -> None:
        reason = str(error)
        if isinstance(error, httptools.HttpParserCallbackError):
            if not isinstance(error.__context__, httptools.HttpParserInvalidURLError):
                raise error  # a bug in this module
            reason = "the request target is not a URL"
        if self._stage == BODY:
            self._refuse_body(Refusal(400, f"the body is not valid HTTP: {printable(reason, 100)}"))
            return
        if self.scope is None or self._stage == IDLE:
            self.on_message_begin()
        line = _REQUEST_LINE.match(piece)
        if line is not None and line.group(1) == b"CONNECT":
            self._refuse(Refusal(501, "CONNECT is not supported"))
        elif self.url or line is None:
            if self.url == b"*" and b"HTTP/2" in piece:
                self._refuse(Refusal(505, "HTTP/2 is not supported; send HTTP/1.1"))
            else:
                self._refuse(Refusal(400, f"the request is not valid HTTP: {printable(reason, 100)}"))
        else:
            self._refuse_request_line(line, reason)

    def _refuse_request_line(self, line: re.Match[bytes], reason: str) -> None:
        method, self.url, version = line.group(1).decode("ascii"), line.group(2), line.group(3)
        if version is None:
            self._refuse(Refusal(400, f"the request is not valid HTTP: {printable(reason, 100)}"))
        elif version not in (b"1.0", b"1.1"):
            self._refuse(Refusal(505, f"HTTP/{version.decode()} is not supported; send HTTP/1.1"))
        else:
            self._refuse(Refusal(501, f"{method} is not a method that this server knows"), method)

    def _refuse(self, refusal: Refusal, method: str = "GET") -> None:
        """Answer a request with an incomplete or invalid head with ``refusal``."""
        path, _, query = self.url.partition(b"?")
        path = path if path.startswith(b"/") else b"/"
        self.scope.update(  # type: ignore[call-arg]
            method=method, path=path.decode("latin-1"), raw_path=path, query_string=query
        )
        before = self.cycle
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        self._mark_refused(refusal)
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    # --- time ------------------------------------------------------------------------------------

    def _check_time(self) -> None:
        """Check the time limits; called once a second, because a timer for each request would cost some microseconds."""
        now = self.loop.time()
        self._tick = self.loop.call_later(TICK_SECONDS, self._check_time)
        unsent = self.transport.get_write_buffer_size()
        progress = (self._messages, self._stage, unsent, self.flow.read_paused, len(self.pipeline))
        if progress != self._last_progress:
            # the connection's first head began when it was opened
            self._last_progress, self._last_progress_at = (
                progress,
                now if self._last_progress else self._last_progress_at,
            )
            return
        waited = now - self._last_progress_at
        if unsent or self.transport.is_closing():
            if waited > self.limits.stalled_seconds:
                self.transport.abort()
        elif self._refused or self.flow.read_paused or self.pipeline or self._buffer:
            return
        elif self._stage == HEAD and waited > self.limits.head_seconds:
            if self.headers is None:  # no byte was received
                self.transport.close()
            else:
                self._refuse(Refusal(408, f"the head was not complete in {self.limits.head_seconds:g} seconds"))
        elif self._stage == BODY and waited > self.limits.body_seconds:
            self._refuse_body(Refusal(408, f"the body was not complete in {self.limits.body_seconds:g} seconds"))


class _Flow(FlowControl):
    """Does not resume reading while the buffer is full; uvicorn resumes with every response and every wait for a body."""

    is_full = False

    def resume_reading(self) -> None:
        if not self.is_full:
            super().resume_reading()


class _WithoutFirstHead:
    """Passes the parser's callbacks to a protocol, except for the first message's head, which the protocol has already."""

    def __init__(self, protocol: BoundedProtocol) -> None:
        self._protocol = protocol
        self._is_first = True
        self.on_body = protocol.on_body

    def on_message_begin(self) -> None:
        if not self._is_first:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._is_first:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_first:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._is_first:
            self._protocol.on_headers_complete()
        self._is_first = False

    def on_message_complete(self) -> None:
        self._protocol.on_message_complete()
