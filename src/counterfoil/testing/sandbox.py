"""A world inside a test or any Python program, with URLs, clock, faults, journal and commands.

    with Sandbox(scenario="late-payer") as sandbox:
        client = sandbox.client("flexprice")
        sandbox.clock.advance(days=30)

One server, in a thread of this process, is shared by all sandboxes; each has its own world on it.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import itertools
import os
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from counterfoil.api.request_match import NOT_GIVEN
from counterfoil.app import Application, build
from counterfoil.lookup import DEFAULT_SCENARIO as DEFAULT_SCENARIO
from counterfoil.server.faults.responses import ConfiguredResponse, When
from counterfoil.testing.fault_methods import FaultMethods
from counterfoil.testing.journal_methods import JournalMethods
from counterfoil.testing.world_client import Clock, WorldCommands
from counterfoil.whole_files import write_whole
from counterfoil.world.capsule import write_capsule
from counterfoil.world.scenario import DEFAULT_KEY

if TYPE_CHECKING:
    import httpx
    import requests

    from counterfoil.testing.in_process import InProcessTransport

_counter = itertools.count(1)


@functools.cache
def _certificate_authorities() -> ssl.SSLContext:
    """The certificate authorities, read once: httpx takes 25 ms to read them for each client, and sandboxes use no TLS."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _takes_basic_alone(schemes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the security schemes of a document have Basic, and nothing else that is in the header ``Authorization``."""
    kinds = {str(each.get("scheme", each.get("type"))).lower() for each in schemes}
    return "basic" in kinds and not kinds & {"bearer", "oauth2", "openidconnect"}


class SandboxServer:
    """All five APIs (or those named) on a free loopback port, served from a thread. Start it, and stop it when done.

    ``own`` are APIs made from your own documents with ``counterfoil.lookup.own_api``; other APIs are then served only if named.
    """

    def __init__(self, apis: Iterable[str] = (), **options: Any) -> None:
        from counterfoil.serving import listen, origin_of, serve_in_thread

        self.application: Application = build(apis, scenario_name="quiet", **options)
        listener = listen("127.0.0.1", 0)
        self.origin = origin_of(listener)
        self._stop = serve_in_thread(self.application.server, listener)

    def stop(self) -> None:
        """Stop serving; all worlds are lost."""
        self._stop()


class _Shared:
    """The server that sandboxes share by default: started for the first sandbox, stopped after the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: SandboxServer | None = None
        self._users = 0

    def take(self) -> SandboxServer:
        with self._lock:
            self._users += 1
            if self._server is None:
                self._server = SandboxServer()
            return self._server

    def release(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users and self._server is not None:
                self._server.stop()
                self._server = None


_shared = _Shared()


class Sandbox(FaultMethods, JournalMethods):
    """A world on a server. Use it as a context manager, or call ``close``.

    ``scenario`` is a name, a YAML file, or the YAML itself in several lines; ``switches`` sets assumptions. ``key`` is
    accepted by all APIs.
    Raises ``ScenarioError``, ``UsageError`` or ``BadValue`` for invalid options.
    """

    key = DEFAULT_KEY

    def __init__(
        self,
        scenario: str = DEFAULT_SCENARIO,
        *,
        seed: int | None = None,
        customers: int | None = None,
        switches: Mapping[str, object] | None = None,
        server: SandboxServer | None = None,
    ) -> None:
        self._shared = server is None
        self.server = server or _shared.take()
        super().__init__(f"test-{os.getpid()}-{next(_counter)}", self.server.application)
        self._transports: list[InProcessTransport] = []
        try:
            self.application.worlds.create(self.name, scenario, seed=seed, customers=customers, switches=switches)
        except BaseException:
            self._release()
            raise

    # --- addresses and clients -------------------------------------------------------------------

    def url(self, api: str | None = None) -> str:
        """The base URL of ``api`` in this world, to use in place of the vendor's. With a single API ``api`` can be omitted."""
        return f"{self.server.origin}/w/{self.name}{self._prefix(api)}"

    @property
    def headers(self) -> dict[str, str]:
        """Headers that authenticate with any of the APIs."""
        return {"Authorization": f"Bearer {self.key}", "x-api-key": self.key}

    def client(self, api: str | None = None, **options: Any) -> httpx.Client:
        """An httpx client for ``api``, already authenticated; over the socket unless a ``transport`` is given.

        It ignores ``HTTP_PROXY`` and similar variables, because it calls this machine; ``trust_env=True`` in ``options``
        applies them.
        """
        import httpx

        given = dict(options.pop("headers", {}))
        headers = self.headers | given
        url = self.url(api)
        _, spec = self.application.server.served[api or self.application.apis[0].name]
        schemes = spec.raw.get("components", {}).get("securitySchemes", {}).values()
        if _takes_basic_alone(schemes):
            user = base64.b64encode(f"{self.key}:{self.key}".encode()).decode()
            headers = {**self.headers, "Authorization": f"Basic {user}", **given}
        keys = [(scheme["in"], scheme["name"]) for scheme in schemes if scheme.get("type") == "apiKey"]
        headers = {name: self.key for place, name in keys if place == "header"} | headers
        if cookies := {name: self.key for place, name in keys if place == "cookie"}:
            options["cookies"] = {**cookies, **dict(options.get("cookies") or {})}
        if in_query := {name: self.key for place, name in keys if place == "query"}:

            def with_keys(request: httpx.Request) -> httpx.Request:
                request.url = request.url.copy_merge_params({**in_query, **request.url.params})
                return request

            options.setdefault("auth", with_keys)
        if not options.get("trust_env") and "cert" not in options and "transport" not in options:
            options.setdefault("verify", _certificate_authorities())
        return httpx.Client(base_url=url, headers=headers, **{"trust_env": False, **options})

    def transport(self) -> InProcessTransport:
        """An httpx transport that needs no socket, for ``httpx.Client`` and ``httpx.AsyncClient``:
        ``httpx.Client(transport=…, base_url=sandbox.url("elevate"))``."""
        from counterfoil.testing.in_process import InProcessTransport

        self._transports.append(InProcessTransport(self.application.server))
        return self._transports[-1]

    @contextlib.contextmanager
    def intercept(self, hosts: Mapping[str, str] | None = None) -> Iterator[None]:
        """Within the ``with`` block, this world answers calls to the vendors' own hosts, without a socket, from httpx (sync
        and async), ``requests`` and urllib3. The hosts are those of the spec's servers; ``hosts`` names others by API:
        ``{"oracle-brm": "brm.example:8443"}``. Other calls are unchanged.

        Raises ``ValueError`` for an unknown API, ``RuntimeError`` for a urllib3 before 2.
        """
        from counterfoil.testing.intercept import Routes, intercepted

        routes = Routes(f"/w/{self.name}", self.application.server.served, hosts or {})
        with self.transport() as transport, intercepted(transport, routes):
            yield

    def session(self) -> requests.Session:
        """A ``requests`` session that needs no socket, authenticated, for the URLs of ``url``."""
        from counterfoil.testing.requests_session import session_for

        return session_for(self.transport(), self.server.origin, self.headers)

    # --- clock, commands and faults --------------------------------------------------------------

    @property
    def clock(self) -> Clock:
        """The world's clock: ``clock.now``, ``clock.advance(days=30)``, ``clock.advance(to=…)``."""
        return Clock(lambda: self.application.worlds.named(self.name))

    @property
    def world(self) -> WorldCommands:
        """The world's commands: ``world.record_payment(customer="tardy", bill=1)`` and the rest."""
        return WorldCommands(lambda: self.application.worlds.named(self.name))

    def store(self, path: str, *parents: object, api: str | None = None) -> Any:
        """A collection of an API made from your document, by its path there: ``store("/orders").get("ord_1")``,
        ``.create(status="open")``, ``.list(status="open")``, ``len(…)``. ``parents`` are the ids of the resources above it.

        Raises ``ValueError`` if no such API is served, ``KeyError`` for a path that is not a collection.
        """
        stores = [served for served in self.application.apis if served.store is not None and api in (None, served.name)]
        if not stores or stores[0].store is None:
            raise ValueError("no API made from a document is served here; use @pytest.mark.counterfoil(spec=…)")
        return stores[0].store(lambda: self.application.worlds.named(self.name)).at(path, *parents)

    def ids(self, customer: int | str) -> dict[str, dict[str, str]]:
        """A customer's ids in each API: ``ids("tardy")["flexprice"]["id"]`` is ``cust_00000003``."""
        world = self.application.worlds.named(self.name)
        number = self.world.number(customer)
        return {api.name: dict(api.ids(world, number)) for api in self.application.apis}

    def reset(self) -> None:
        """Reset the world to the end of its scenario, and clear its faults, configured responses and journal."""
        self.application.worlds.reset(self.name)
        self._clear_journal_and_faults()

    def respond(
        self,
        api: str,
        operation: str,
        *,
        status: int = 200,
        json: Any = NOT_GIVEN,
        headers: Mapping[str, str] | None = None,
        when: When | None = None,
        times: int | None = None,
        unchecked: bool = False,
    ) -> ConfiguredResponse:
        """Send this response for an operation instead of the world's, until ``reset``.

        ``when`` limits it to requests with these values in their query, path parameters or body:
        ``when={"query": {"page": 2}}``. After ``times`` responses the world answers again. The first configured response
        that matches is sent. An invalid or unauthenticated request gets the vendor's usual error.

        Raises ``ValueError`` for an unknown API, operation or path parameter; ``BadValue`` for a status or body that the
        spec does not allow, unless ``unchecked``; ``TooMany`` for more than 100.
        """
        path = (when or {}).get("path")
        self._check_operation(api, operation, path if isinstance(path, Mapping) else ())
        return self.application.faults.responses.add(
            self.application.worlds.named(self.name),
            api,
            operation,
            status=status,
            body=json,
            headers=headers or {},
            when=when or {},
            times=times,
            unchecked=unchecked,
        )

    def clear_responses(self) -> None:
        """Remove all configured responses; the world stays as it is."""
        self.application.faults.responses.clear(self.name)

    def capsule(self, path: Path | str | None = None) -> bytes:
        """Everything needed to rebuild this world, as JSON; also written to ``path``. See ``counterfoil replay``."""
        data = write_capsule(self.application.worlds.named(self.name))
        if path is not None:
            write_whole(Path(path), data)
        return data

    # --- closing ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Delete the world; a second call does nothing."""
        if self.application.worlds.get(self.name) is not None:
            self.application.worlds.delete(self.name)
            self._clear_journal_and_faults()
            self._release()

    def __repr__(self) -> str:
        world = self.application.worlds.get(self.name)
        if world is None:
            return f"<Sandbox {self.name}, closed>"
        return f"<Sandbox {self.name}: {world.scenario.name} at {world.now.isoformat()}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _release(self) -> None:
        for transport in self._transports:
            transport.close()
        if self._shared:
            _shared.release()

    def _clear_journal_and_faults(self) -> None:
        self.application.faults.clear(self.name)
        self.application.journal.clear(self.name)


def money(amount: str | int | Decimal) -> Decimal:
    """An exact amount: ``money("4.28")``. Its type does not admit floats, because 0.1 is not exact."""
    return Decimal(amount)


def utc(text: str) -> datetime:
    """An instant from text such as ``2026-02-01T06:00:00Z``."""
    return datetime.fromisoformat(text)
