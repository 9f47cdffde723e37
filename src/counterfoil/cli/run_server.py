"""Runs ``counterfoil serve``: builds the application that the options describe, and serves it until it is stopped."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from counterfoil.cli import serve_workers, telemetry_options
from counterfoil.cli.common import echo
from counterfoil.cli.own_documents import OwnDocuments, print_notices
from counterfoil.cli.world_options import WorldOptions

if TYPE_CHECKING:
    from socket import socket

    from counterfoil.app import Application
    from counterfoil.asgi import ASGIApp
    from counterfoil.metrics.traces import Traces

MAX_CONNECTIONS_PER_ADDRESS = 100
"""Limit on connections from one address in public mode. A browser opens six, and several visitors may share an address."""

SWITCH_INTERVAL = 0.001
"""The thread switch interval while a store is served. With Python's 5 ms, the thread that commits waits longer for the event
loop than for a flush of the disk. With flushes of 4 ms, PostgreSQL took 1,330 creates a second instead of 1,050, and a file 1,640
instead of 1,330."""


@dataclass(frozen=True)
class ServeOptions:
    """The options of ``counterfoil serve``. ``given`` are the names of the options on the command line."""

    apis: tuple[str, ...]
    documents: OwnDocuments
    world: WorldOptions
    host: str
    port: int
    control_token: str | None
    public: bool
    names: tuple[str, ...]
    proxies: tuple[str, ...]
    origins: tuple[str, ...]
    capsule: str | None
    store: str | None
    store_memory: int
    workers: int
    metrics: bool
    otlp: str | None
    no_response_validation: bool
    log_json: bool
    quiet: bool
    given: frozenset[str]

    def mistake(self) -> str | None:
        """What is wrong with the options or their combination; None if they are valid."""
        if self.workers > 1 and not serve_workers.is_possible():
            return "--workers: this system cannot fork processes that share a port; only 1 is possible"
        if self.public and self.control_token:
            return "--public: the control API is open to visitors only; leave out --control-token"
        if not self.host.strip():
            return "--host: name an address; 127.0.0.1 for this machine only, 0.0.0.0 for any"
        if self.control_token and not (self.control_token.isascii() and self.control_token.isprintable()):
            return "--control-token: only printable ASCII can be sent in a header"
        if self.capsule is not None and not self.capsule:
            return "--capsule: name a file"
        ignored = [name for name in ("scenario", "seed", "customers", "switches") if name in self.given]
        if self.capsule and ignored:
            return f"--capsule has its own world; leave out {', '.join(ignored)}"
        return None


def run(options: ServeOptions) -> None:
    """Serve until interrupted. Raises what ``counterfoil.app.build`` raises, and ``OSError`` for a port that is in use."""
    with contextlib.ExitStack() as opened:
        ServerRun(options, opened).run()


class ServerRun:
    """One run of the server. It registers everything it opens with ``opened``."""

    def __init__(self, options: ServeOptions, opened: contextlib.ExitStack) -> None:
        from counterfoil.serving import is_loopback, listen, listen_together, origin_of

        self.options = options
        self.traces: Traces | None = telemetry_options.traces(options.otlp)
        # with a store, the stored world's seed is used
        self.own = options.documents.read(options.world.seed if options.store is None else None)
        if options.workers > 1:
            listeners = listen_together(options.host, options.port, options.workers)
            self.listeners = [opened.enter_context(listener) for listener in listeners]
        else:
            self.listeners = [opened.enter_context(listen(options.host, options.port))]
        self.origin = origin_of(self.listeners[0])
        self.store, self.temporary = options.store, None
        if options.workers > 1 and options.store is None:
            self.store = serve_workers.temporary_store(opened, quiet=options.quiet)
            self.temporary = Path(self.store).parent
        needs_token = not (options.public or is_loopback(options.host))
        self.token = options.control_token or (secrets.token_urlsafe(24) if needs_token else None)
        self.application = opened.enter_context(contextlib.closing(self._application()))
        self.asgi_app = self._with_origins(self.application)

    def _application(self) -> Application:
        from counterfoil.app import build
        from counterfoil.lookup import rebuilt
        from counterfoil.server.app import Options
        from counterfoil.server.pipeline import PipelineOptions

        options, traces = self.options, self.traces
        return build(
            options.apis,
            own=self.own,
            scenario_name=options.world.scenario if "scenario" in options.given else None,
            seed=options.world.seed,
            customers=options.world.customers,
            switches=options.world.switches,
            world=rebuilt(Path(options.capsule).read_bytes()) if options.capsule else None,
            options=Options(
                pipeline=PipelineOptions(validate_responses=not options.no_response_validation),
                observers=() if traces is None else (traces.observe,),
                unreached=() if traces is None else (traces.unreached,),
            ),
            control_token=self.token,
            hosts=(options.host, *options.names),
            public=options.public,
            store=self.store,
            store_memory=options.store_memory * 2**20,
            workers=options.workers,
            metrics=options.metrics,
        )

    def _with_origins(self, application: Application) -> ASGIApp:
        """The application, with CORS for the origins of ``--cors``."""
        from counterfoil.server.cors import CrossOrigin

        if not self.options.origins:
            return application.asgi_app
        prefixes = [api.prefix for api, _ in application.server.served.values()]
        return CrossOrigin(application.asgi_app, self.options.origins, prefixes)

    def run(self) -> None:
        """Serve, with as many processes as the options say, until interrupted."""
        if self.options.workers > 1:
            serve_workers.serve_with_workers(
                self.application, self.listeners, self._serve, self._announce, temporary=self.temporary
            )
            return
        if self.application.sharing is not None:  # servers on other machines use the same store
            self.application.sharing.start(1)
        self._serve(self.listeners[0], self._announce)

    def _serve(self, listener: socket, ready: Callable[[], None]) -> None:
        from counterfoil.cli import log_output
        from counterfoil.serving import serve

        options, traces = self.options, self.traces
        with (
            contextlib.nullcontext() if options.quiet else log_output.configure_logging(as_json=options.log_json),
            contextlib.nullcontext() if traces is None else traces.running(),
            contextlib.nullcontext() if self.store is None else _short_switch_interval(),
        ):
            serve(
                self.asgi_app,
                listener,
                ready=ready,
                closing=self.application.closing.set,
                per_address=max(1, MAX_CONNECTIONS_PER_ADDRESS // options.workers) if options.public else None,
                proxies=options.proxies,
            )

    def _announce(self) -> None:
        """Print the server's addresses and credentials, once it accepts requests."""
        from counterfoil.cli.banner import show

        options = self.options
        if not options.quiet or options.documents.notices:
            print_notices(self.own, in_full=options.documents.notices)
        if options.quiet and options.port == 0:
            echo(self.origin)
        if not options.quiet:
            if options.public:
                echo(f"page {self.origin}/ (public: every visitor has a world of their own)")
            else:
                show(self.application, self.origin, full=sys.stdout.isatty())
        if self.token and not options.control_token:
            echo(f"control token: {self.token}")


@contextlib.contextmanager
def _short_switch_interval() -> Iterator[None]:
    """A context with a short thread switch interval, for serving a store."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
