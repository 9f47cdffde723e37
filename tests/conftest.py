"""Shared by all tests: a whole application in this process, and a summary of skipped tests and of the order at the end."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.prepared import lent_application, new_world

from counterfoil.app import Application
from counterfoil.garbage import collect_rarely
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.commands import Command
from counterfoil.world.world import World

KEY = "counterfoil-key"


def pytest_configure() -> None:
    """Collect garbage rarely. Let the processes that tests start receive SIGINT as if started from a terminal, and share a
    Hypothesis storage directory.

    Collections took a sixth of the CPU time of tests with worlds. A child inherits that a signal is ignored (``nohup pytest``,
    ``pytest &`` in a script), but not a handler. A child in a folder of its own would spend seconds on filling a new storage
    directory.
    """
    collect_rarely()
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(__file__).parents[1] / ".hypothesis"))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class StandIn:
    """One application with its world. ``get`` and friends take an API's name and a path below its base."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._prefix = {api.name: api.prefix for api in application.apis}
        self._client = httpx.Client(
            transport=InProcessTransport(application.server), base_url="http://counterfoil.test", timeout=60
        )

    @property
    def world(self) -> World:
        return self.application.world

    def do(self, command: Command) -> Any:
        return self.world.execute(command)

    def request(self, method: str, api: str, path: str, *, key: str | None = KEY, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers |= {"x-api-key": key} if api == "flexprice" else {"Authorization": f"Bearer {key}"}
        return self._client.request(method, self._prefix[api] + path, headers=headers, **options)

    def get(self, api: str, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", api, path, **options)

    def post(self, api: str, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", api, path, **options)

    def patch(self, api: str, path: str, **options: Any) -> httpx.Response:
        return self.request("PATCH", api, path, **options)

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def stand_in() -> Iterator[Callable[..., StandIn]]:
    """``stand_in("one-month", apis=["elevate"], customers=100, switches={…})`` is a stand-in with a new world for this test."""
    with ExitStack() as lent:

        def lend(scenario: str = "one-month", apis: tuple[str, ...] | list[str] = (), **options: Any) -> StandIn:
            application = lent.enter_context(lent_application(tuple(apis), new_world(scenario, **options)))
            opened = StandIn(application)
            lent.callback(opened.close)
            return opened

        yield lend


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the reasons for skipped tests, and the seed of the order, even in a quiet run."""
    why = Counter(
        str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", ())
    )
    for reason, count in sorted(why.items()):
        terminalreporter.write_line(f"NOT TESTED ({count} skipped): {reason}", yellow=True, bold=True)
    seed = getattr(config.option, "randomly_seed", None)
    if isinstance(seed, int):
        terminalreporter.write_line(f"random order; the same again with --randomly-seed={seed}")
