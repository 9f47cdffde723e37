"""The pytest plugin: fixture ``counterfoil`` (a world of its own for each test), on one server for each session.

Loaded by every pytest run where counterfoil is installed, so nothing but pytest is imported until a fixture is used.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from counterfoil.testing import Sandbox, SandboxServer

MARK = (
    "counterfoil(scenario=…, seed=…, customers=…, switches=…): the world that the counterfoil fixture gives this test"
)
SETTINGS = ("scenario", "seed", "customers", "switches")
DEFAULT_CAPSULES = ".counterfoil/capsules"
_sandbox = pytest.StashKey["Sandbox"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("counterfoil", "stand-in for billing APIs")
    group.addoption("--counterfoil-scenario", metavar="NAME|FILE", help="scenario for tests that choose none")
    group.addoption("--counterfoil-seed", type=int, metavar="N", help="seed for tests that choose none")
    group.addoption(
        "--counterfoil-capsules", metavar="DIR", help=f"where failing tests leave their world ({DEFAULT_CAPSULES})"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARK)


@pytest.fixture(scope="session")
def counterfoil_server() -> Iterator[SandboxServer]:
    """All five APIs on a free loopback port, for the session; with pytest-xdist one for each worker."""
    from counterfoil.testing import SandboxServer

    server = SandboxServer()
    yield server
    server.stop()


@pytest.fixture
def counterfoil(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A world of its own: ``.url(api)``, ``.key``, ``.client(api)``, ``.clock``, ``.world``, ``.fail(…)``, ``.requests(…)``."""
    from counterfoil.testing import DEFAULT_SCENARIO, Sandbox

    chosen = {"scenario": DEFAULT_SCENARIO, **_settings(request.config), **_marked(request.node)}
    server = request.getfixturevalue("counterfoil_server")
    with Sandbox(**chosen, server=server) as sandbox:
        request.node.stash[_sandbox] = sandbox
        yield sandbox


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Leave the world of a failed test where it can be replayed, and say where."""
    report = yield
    if report.when == "call" and report.failed and _sandbox in item.stash:
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", item.nodeid)[-150:].strip("-")
        path = _capsules(item.config) / f"{name}.json"
        try:
            item.stash[_sandbox].capsule(path)
            text = f"the world as the test left it: {path}\nsee it again with: counterfoil replay {path}"
        except Exception as error:  # a report must not fail because of its appendix
            text = f"the world could not be kept: {error}"
        report.sections.append(("counterfoil", text))
    return report


def _marked(node: pytest.Item) -> dict[str, Any]:
    """What markers choose, the closest winning."""
    chosen: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers("counterfoil"))):
        unknown = set(mark.kwargs) - set(SETTINGS)
        if mark.args or unknown:
            wrong = ", ".join(map(repr, [*mark.args, *sorted(unknown)]))
            raise pytest.UsageError(
                f"{node.nodeid}: the counterfoil mark takes {', '.join(SETTINGS)}, by name; not {wrong}"
            )
        chosen |= mark.kwargs
    return chosen


def _settings(config: pytest.Config) -> dict[str, Any]:
    """What the command line and ``[tool.counterfoil]`` choose; the command line wins."""
    table = {name: value for name, value in _table(config).items() if name in SETTINGS}
    given = {name: config.getoption(f"counterfoil_{name}") for name in ("scenario", "seed")}
    return table | {name: value for name, value in given.items() if value is not None}


def _capsules(config: pytest.Config) -> Path:
    return config.rootpath / (
        config.getoption("counterfoil_capsules") or str(_table(config).get("capsules", DEFAULT_CAPSULES))
    )


def _table(config: pytest.Config) -> Mapping[str, Any]:
    """``[tool.counterfoil]`` of the project's pyproject.toml; unknown keys are refused by name."""
    import tomllib

    path = config.rootpath / "pyproject.toml"
    if not path.is_file():
        return {}
    found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("counterfoil", {})
    unknown = set(found) - {*SETTINGS, "capsules"}
    if unknown:
        raise pytest.UsageError(f"{path}: [tool.counterfoil] does not know {', '.join(sorted(unknown))}")
    return found
