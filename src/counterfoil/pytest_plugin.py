"""The pytest plugin: the fixture ``counterfoil``, which is a separate world for each test, on one server for the session.

Loaded by every pytest run where counterfoil is installed, so nothing but pytest is imported until a fixture is used.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from counterfoil.testing import Sandbox, SandboxServer

MARK = (
    "counterfoil(scenario=…, seed=…, customers=…, switches=…, spec=…, model=…, handlers=…, rows=…): the world that the "
    "counterfoil fixture gives this test; spec is an OpenAPI document of your own"
)
SETTINGS = ("scenario", "seed", "customers", "switches")
OWN = ("spec", "model", "handlers", "rows")
"""Settings for a user's own document."""
OUR_FOLDER = ".counterfoil"
DEFAULT_CAPSULES = f"{OUR_FOLDER}/capsules"
KEPT_CAPSULES = 50
"""How many worlds of failed tests are kept in the default folder; the oldest go first."""
_sandbox = pytest.StashKey["Sandbox"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("counterfoil", "stand-in for billing APIs")
    group.addoption("--counterfoil-scenario", metavar="NAME|FILE", help="scenario for tests that choose none")
    group.addoption("--counterfoil-seed", type=int, metavar="N", help="seed for tests that choose none")
    group.addoption(
        "--counterfoil-capsules", metavar="DIR", help=f"folder for the worlds of failed tests ({DEFAULT_CAPSULES})"
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


@pytest.fixture(scope="session")
def counterfoil_own_servers() -> Iterator[Callable[[pytest.Item, Mapping[str, Any]], SandboxServer]]:
    """Servers for users' own documents: one for each combination of document, model, handlers and rows."""
    from counterfoil.api import ConfigurationError
    from counterfoil.lookup import own_api
    from counterfoil.openapi import SpecError
    from counterfoil.testing import SandboxServer

    servers: dict[tuple[Any, ...], SandboxServer] = {}

    def server_for(node: pytest.Item, own: Mapping[str, Any]) -> SandboxServer:
        files = {name: _file(node, own[name]) for name in ("spec", "model", "handlers") if own.get(name)}
        key = (*sorted(files.items()), own.get("rows", 25))
        if key not in servers:
            try:
                api = own_api(
                    files["spec"],
                    model=files.get("model"),
                    handlers=files.get("handlers"),
                    rows=own.get("rows", 25),
                    seed=0,
                )
            except (SpecError, ConfigurationError) as error:
                raise pytest.UsageError(f"{node.nodeid}: {error}") from None
            servers[key] = SandboxServer(own=(api,))
        return servers[key]

    yield server_for
    for server in servers.values():
        server.stop()


def _file(node: pytest.Item, name: str) -> Path:
    """A file that a mark names: next to the test, else in the root folder."""
    next_to_test = node.path.parent / name
    return next_to_test if next_to_test.is_file() else node.config.rootpath / name


def _scenario(node: pytest.Item, name: Any) -> Any:
    """The scenario's name or text as it is; for a file, its path: next to the test, in the root folder, or in the folder where
    pytest was started, as for the command line. Raises ``UsageError`` that lists these folders."""
    if isinstance(name, Path):
        name = str(name)
    if not isinstance(name, str) or "\n" in name or not name.endswith((".yaml", ".yml")):
        return name
    folders = dict.fromkeys((node.path.parent, node.config.rootpath, node.config.invocation_params.dir))
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    searched = ", ".join(map(str, folders))
    raise pytest.UsageError(f"{node.nodeid}: there is no scenario file {name}; looked in: {searched}")


@pytest.fixture
def counterfoil(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A world of its own: ``.url(api)``, ``.key``, ``.client(api)``, ``.clock``, ``.world``, ``.fail(…)``, ``.respond(…)``,
    ``.requests(…)``, ``.assert_called(…)``, ``.intercept()``: a ``counterfoil.Sandbox``."""
    from counterfoil.testing import DEFAULT_SCENARIO, Sandbox

    chosen = {"scenario": DEFAULT_SCENARIO, **_settings(request.config), **_marked(request.node)}
    chosen["scenario"] = _scenario(request.node, chosen["scenario"])
    own = {name: chosen.pop(name) for name in OWN if name in chosen}
    if "spec" in own:
        server = request.getfixturevalue("counterfoil_own_servers")(request.node, own)
    elif own:
        raise pytest.UsageError(f"{request.node.nodeid}: {', '.join(own)} belong to a document: say which, with spec=")
    else:
        server = request.getfixturevalue("counterfoil_server")
    with Sandbox(**chosen, server=server) as sandbox:
        request.node.stash[_sandbox] = sandbox
        yield sandbox


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write the world of a failed test to a capsule, and add its path to the report."""
    report = yield
    if report.when == "call" and report.failed and _sandbox in item.stash:
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", item.nodeid)[-150:].strip("-")
        path = _capsules(item.config) / f"{name}.json"
        try:
            item.stash[_sandbox].capsule(path)
            if path.parent == item.config.rootpath / DEFAULT_CAPSULES:
                _tidy(path.parent)
            text = f"the world as the test left it: {path}\nsee it again with: counterfoil replay {path}"
        except Exception as error:  # writing the capsule must not break the report
            text = f"the world could not be saved: {error}"
        report.sections.append(("counterfoil", text))
    return report


def _tidy(folder: Path) -> None:
    """Keep our folder out of version control and delete old capsules. Other workers may do this at the same time."""
    ignore = folder.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("# made by counterfoil: the worlds of failed tests\n*\n", encoding="utf-8")
    dated = []
    for path in folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):
            dated.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(dated)[:-KEPT_CAPSULES]:
        path.unlink(missing_ok=True)


def _marked(node: pytest.Item) -> dict[str, Any]:
    """The settings of the test's markers; the closest marker takes precedence."""
    chosen: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers("counterfoil"))):
        unknown = set(mark.kwargs) - {*SETTINGS, *OWN}
        if mark.args or unknown:
            wrong = ", ".join(map(repr, [*mark.args, *sorted(unknown)]))
            raise pytest.UsageError(
                f"{node.nodeid}: the counterfoil mark takes {', '.join((*SETTINGS, *OWN))}, by name; not {wrong}"
            )
        chosen |= mark.kwargs
    return chosen


def _settings(config: pytest.Config) -> dict[str, Any]:
    """The settings of the command line and ``[tool.counterfoil]``; the command line takes precedence."""
    table = {name: value for name, value in _table(config).items() if name in (*SETTINGS, *OWN)}
    options = {name: config.getoption(f"counterfoil_{name}") for name in ("scenario", "seed")}
    return table | {name: value for name, value in options.items() if value is not None}


def _capsules(config: pytest.Config) -> Path:
    return config.rootpath / (
        config.getoption("counterfoil_capsules") or str(_table(config).get("capsules", DEFAULT_CAPSULES))
    )


def _table(config: pytest.Config) -> Mapping[str, Any]:
    """``[tool.counterfoil]`` of the project's pyproject.toml. Raises ``UsageError`` that names unknown keys."""
    import tomllib

    path = config.rootpath / "pyproject.toml"
    if not path.is_file():
        return {}
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("counterfoil", {})
    unknown = set(table) - {*SETTINGS, *OWN, "capsules"}
    if unknown:
        raise pytest.UsageError(f"{path}: [tool.counterfoil] does not know {', '.join(sorted(unknown))}")
    return table
