"""The control API and the five APIs, in this process, with a real clock that tests can move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from counterfoil.control.control_api import control
from counterfoil.lookup import all_switches, load_apis, scenario
from counterfoil.server.app import build_server
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.worlds import DEFAULT, Worlds

BASE = "/_sandbox/v1"


class Sandbox:
    """One server with its worlds. Paths are below the control API's base, or below the server for ``api``."""

    def __init__(self, *, scenario_name: str = "one-month", customers: int | None = None, **options: Any) -> None:
        self.seconds = 0.0
        limit = options.pop("limit", 100)
        self.worlds = Worlds(scenario, all_switches(), limit=limit, seconds=lambda: self.seconds)
        self.worlds.create(DEFAULT, scenario_name, customers=customers)
        self.apis = [*load_apis(), *options.pop("own", ())]
        self.control = control(self.worlds, token=options.pop("token", None), apis=self.apis, **options)
        self.server = build_server([*self.apis, self.control], self.worlds.get)
        self.client = httpx.Client(
            transport=InProcessTransport(self.server), base_url="http://localhost:8000", timeout=60
        )

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return self.client.request(method, BASE + path, **options)

    def get(self, path: str, **query: Any) -> Any:
        answer = self("GET", path, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        answer = self("POST", path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def do(self, name: str, world: str = DEFAULT, /, **members: Any) -> Any:
        """The result of a command."""
        return self.post(f"/worlds/{world}/commands/{name}", members)["fact"]

    def refused(self, status: int, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The problem details of a request that must be refused with that status."""
        answer = self(method, path, body, **options)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["detail"]
        assert "\n" not in problem["detail"]
        return problem

    def bill_january(self, world: str = DEFAULT) -> None:
        """The one-month story up to its bill: run 1, dated and cut off on the first of February."""
        self.do(
            "create_run",
            world,
            name="January",
            invoice_date="2026-02-01",
            cutoff_date="2026-02-01",
            due_date="2026-02-15",
        )
        self.do("advance_clock", world, to="2026-02-01T09:00:00Z")
        self.do("request_bills", world, run=1)
        self.do("advance_clock", world, minutes=5)


@pytest.fixture
def sandbox() -> Iterator[Callable[..., Sandbox]]:
    """``sandbox(token=…, customers=…, journal=…)`` builds a server for this test."""
    opened: list[Sandbox] = []

    def build(**options: Any) -> Sandbox:
        opened.append(Sandbox(**options))
        return opened[-1]

    yield build
    for each in opened:
        each.client.close()
