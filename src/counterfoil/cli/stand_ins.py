"""Starts stand-ins for the checker: for each API one world for the laws and another for conformance.

The checker uses HTTP only; other actions that laws need, such as advancing the clock, are passed to it as functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from counterfoil.app import Application, build
from counterfoil.cli.law_actions import LawActions, known_ids_of, world_capabilities
from counterfoil.contract.law_books import law_book, law_book_names
from counterfoil.contract.target import Target
from counterfoil.lookup import DEFAULT_SCENARIO
from counterfoil.plain_text import as_text
from counterfoil.world.scenario import DEFAULT_KEY

if TYPE_CHECKING:
    from counterfoil.api import API

FORBIDDEN = "counterfoil-forbidden"


class StandIns:
    """Starts stand-ins on demand and stops them all. ``own`` are a user's own APIs; ``options`` are passed to
    ``counterfoil.app.build``."""

    def __init__(self, scenario: str = DEFAULT_SCENARIO, *, own: Sequence[API] = (), **options: Any) -> None:
        self._scenario = scenario
        self._own = own
        self._options = options
        self._stop: Callable[[], None] = lambda: None

    def start(self, apis: Sequence[str]) -> Mapping[str, Target]:
        """A target for each API, on a free loopback port.

        Laws and conformance run at the same time. If possible, a separate process serves conformance, because only one thread
        of a process runs Python code at a time.
        """
        from counterfoil.processes.forked_server import can_fork, serve_in_fork
        from counterfoil.serving import listen, origin_of, serve_in_thread

        own = [api for api in self._own if api.name in apis]
        listed = [name for name in apis if name not in {api.name for api in own}]
        application = build(listed, own=own, scenario_name=self._scenario, **self._options)
        listener, second = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
        second.listen()
        origins = [origin_of(listener), origin_of(second if can_fork() else listener)]
        targets = {api: target_of(application, api, *origins) for api in apis}
        if can_fork():
            stop_second = serve_in_fork(application.server, second, [listener])
        else:
            stop_second = second.close
        stop_first = serve_in_thread(application.server, listener)

        def stop() -> None:
            stop_first()
            stop_second()

        self._stop = stop
        return targets

    def stop(self) -> None:
        """Stop the server, if it was started."""
        self._stop()
        self._stop = lambda: None


def target_of(
    application: Application, api: str, origin: str, conformance_origin: str | None = None, **more: Any
) -> Target:
    """An API of a running application as a target, with one world for the laws and another for conformance.

    ``conformance_origin`` serves the world for conformance; by default ``origin`` does.
    """
    for kind in ("laws", "cases"):
        if application.worlds.get(f"{kind}-{api}") is None:
            application.worlds.fork(f"{kind}-{api}", application.world.name)
    prefix = application.server.served[api][0].prefix
    laws = application.worlds.named(f"laws-{api}")
    served = next(candidate for candidate in application.apis if candidate.name == api)
    logins = logins_of(application, api)
    target = Target(
        f"{origin}/w/laws-{api}{prefix}",
        DEFAULT_KEY,
        forbidden=FORBIDDEN,
        login=next(iter(logins.values()), None),
        capabilities={
            **world_capabilities(laws),
            **LawActions(laws, served).capabilities,
            **({"logins": lambda: logins} if logins else {}),
        },
        known=known_ids_of(laws, served),
        switches={name: as_text(value) for name, value in laws.switches.items()},
        disposable=True,
        **more,
    )
    cases = f"{conformance_origin or origin}/w/cases-{api}{prefix}"
    return replace(target, conformance_target=replace(target, url=cases, capabilities={}))


def logins_of(application: Application, api: str) -> dict[str, Any]:
    """The bodies of the API's login, by the names of the examples in its spec; empty without a login."""
    operation = law_book(api).login_operation if api in law_book_names() else None
    if operation is None:
        return {}
    body = application.server.served[api][1].operations.get(operation, {}).get("requestBody", {})
    for media in body.get("content", {}).values():
        if "example" in media:
            return {"example": media["example"]}
        return {name: example["value"] for name, example in media.get("examples", {}).items()}
    return {}
