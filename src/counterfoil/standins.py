"""Stand-ins started for the checker: one server, and for each API a world for the laws and a twin for conformance.

The checker speaks HTTP only; what else it may do to a stand-in (move its clock, have a billing run completed) is handed
to it here as plain functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from counterfoil.app import DEFAULT_SCENARIO, Application, build
from counterfoil.contract.target import Target
from counterfoil.ledger.periods import next_first_of_month
from counterfoil.ledger.records import RunStatus
from counterfoil.world.commands import AdvanceClock, CreateRun, RequestBills
from counterfoil.world.world import World

KEY, FORBIDDEN = "counterfoil-key", "counterfoil-forbidden"


class StandIns:
    """Starts stand-ins on demand and stops them all. ``options`` are those of ``counterfoil.app.build``."""

    def __init__(self, scenario: str = DEFAULT_SCENARIO, **options: Any) -> None:
        self._scenario = scenario
        self._options = options
        self._stop: Callable[[], None] = lambda: None

    def start(self, apis: Sequence[str]) -> Mapping[str, Target]:
        """A target for each API, on a free loopback port of this process."""
        from counterfoil.serving import in_thread, listen, origin_of

        application = build(apis, scenario_name=self._scenario, **self._options)
        taken = listen("127.0.0.1", 0)
        self._stop = in_thread(application.server, taken)
        return {api: target_of(application, api, origin_of(taken)) for api in apis}

    def stop(self) -> None:
        """Stop what was started; nothing if nothing was."""
        self._stop()
        self._stop = lambda: None


def target_of(application: Application, api: str, origin: str, **more: Any) -> Target:
    """An API of a running application as a target: a world of its own for the laws, another for conformance."""
    for kind in ("laws", "cases"):
        if application.worlds.get(f"{kind}-{api}") is None:
            application.worlds.fork(f"{kind}-{api}", application.world.name)
    prefix = application.server.served[api][0].prefix
    laws = application.worlds.named(f"laws-{api}")
    target = Target(
        f"{origin}/w/laws-{api}{prefix}",
        KEY,
        forbidden=FORBIDDEN,
        login=_login(application, api),
        acts=acts_on(laws),
        ours=True,
        **more,
    )
    return replace(target, twin=replace(target, url=f"{origin}/w/cases-{api}{prefix}", acts={}))


def acts_on(world: World) -> dict[str, Any]:
    """What the laws may have done to a world other than through an API."""

    def now() -> datetime:
        return world.now

    def advance(seconds: float) -> None:
        world.execute(AdvanceClock(to=world.now + timedelta(seconds=seconds)))

    def complete_run() -> None:
        run = next(
            (run for run in world.ledger.runs.values() if run.status is RunStatus.PENDING and run.invoice_date), None
        )
        if run is None:
            day = next_first_of_month(world.today)
            run = world.execute(CreateRun(invoice_date=day, cutoff_date=day))
        world.execute(RequestBills(run=run.number))
        world.execute(AdvanceClock(minutes=10))

    return {"now": now, "advance": advance, "complete_run": complete_run}


def _login(application: Application, api: str) -> Any:
    """The body of the API's login, from the example in its spec; None where it has no login."""
    paths = application.server.served[api][1].resolved["paths"]
    body = paths.get("/authenticate", {}).get("post", {}).get("requestBody", {})
    for media in body.get("content", {}).values():
        if "example" in media:
            return media["example"]
        for example in media.get("examples", {}).values():
            return example["value"]
    return None
