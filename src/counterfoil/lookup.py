"""Finds APIs and scenarios by name, and makes an API from a user's own document."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from counterfoil import catalog
from counterfoil.api import API
from counterfoil.openapi import read_document
from counterfoil.resources import fixtures_dir
from counterfoil.world.capsule import open_capsule, read_capsule
from counterfoil.world.scenario import Scenario, ScenarioError
from counterfoil.world.scenario_loader import parse_scenario, read_scenario
from counterfoil.world.switches import Switch
from counterfoil.world.world import World

DEFAULT_SCENARIO = "demo"


class UsageError(Exception):
    """An unknown name; the message is one line that lists the known ones."""


def load_api(name: str) -> API:
    """The API of that name. Raises ``UsageError`` that lists all APIs."""
    try:
        api = catalog.entry(name).load()
    except catalog.CatalogError as error:
        raise UsageError(str(error)) from None
    if not isinstance(api, API) or api.name != name:
        raise UsageError(f"the API '{name}' is not described by a counterfoil.api.API of that name")
    return api


def load_apis(names: Iterable[str] = ()) -> tuple[API, ...]:
    """The named APIs, or all. Raises ``UsageError``."""
    try:
        return tuple(load_api(name) for name in dict.fromkeys(names or catalog.api_names()))
    except catalog.CatalogError as error:
        raise UsageError(str(error)) from None


def own_api(
    path: Path,
    name: str | None = None,
    *,
    model: Path | None = None,
    handlers: Path | None = None,
    rows: int,
    seed: int,
    summarize: bool = False,
) -> API:
    """The stand-in for a user's own OpenAPI document. It is served below ``/name`` and the path of the document's first
    server; ``name`` defaults to the file's name. ``model`` corrects what is inferred from the document, ``handlers`` is the
    user's Python file; ``rows`` is how many resources each collection has at first. ``summarize``: try each operation
    once, for the summary that is printed at start-up.

    Raises ``SpecError``, and ``ConfigurationError`` for a model or handlers that cannot be used.
    """
    spec = read_document(path, name)
    generic = import_module("counterfoil.apis.generic")
    api: API = generic.build_api(spec, model=model, handlers=handlers, rows=rows, seed=seed, summarize=summarize)
    return api


def all_switches() -> tuple[Switch, ...]:
    """The switches of all APIs: a scenario may set any of them, whichever APIs are served."""
    return tuple(switch for api in load_apis() for switch in api.switches)


def scenario_names() -> tuple[str, ...]:
    """The names of the packaged scenarios, sorted."""
    return tuple(sorted(path.stem for path in (fixtures_dir() / "scenarios").glob("*.yaml")))


def scenario(name: str) -> Scenario:
    """The packaged scenario of that name. ``name`` may also be a file (.yaml or .yml), or YAML text of several lines.

    Raises ``ScenarioError``.
    """
    if "\n" in name:
        return parse_scenario("text", name.encode(), "scenario text")
    if name.endswith((".yaml", ".yml")):
        return read_scenario(Path(name))
    if name not in scenario_names():
        raise ScenarioError(
            f"there is no scenario '{name}'; there are: {', '.join(scenario_names())}; or give a .yaml file"
        )
    return read_scenario(fixtures_dir() / "scenarios" / f"{name}.yaml")


def rebuilt(capsule: bytes) -> World:
    """The world that a capsule describes, checked against its digest. Raises ``CapsuleError``."""
    return open_capsule(read_capsule(capsule), all_switches())
