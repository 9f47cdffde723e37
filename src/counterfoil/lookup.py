"""Finds APIs and scenarios by name, and makes an API of a user's own document."""

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
        found = catalog.entry(name).load()
    except catalog.CatalogError as error:
        raise UsageError(str(error)) from None
    if not isinstance(found, API) or found.name != name:
        raise UsageError(f"the API '{name}' is not described by a counterfoil.api.API of that name")
    return found


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
    """The stand-in for a user's own OpenAPI document. ``name`` is what it is served as and where: ``/name`` and the path of
    the document's first server; by default the name of the file. ``model`` corrects what is inferred from the document,
    ``handlers`` is a Python file of the user's; ``rows`` is how many resources each collection begins with.
    ``summarize``: try each operation once, for the sentence that start-up says.

    Raises ``SpecError``, and whatever the model or the handlers are refused with.
    """
    spec = read_document(path, name)
    generic = import_module("counterfoil.apis.generic")
    api: API = generic.build_api(spec, model=model, handlers=handlers, rows=rows, seed=seed, summarize=summarize)
    return api


def all_switches() -> tuple[Switch, ...]:
    """The switches of all APIs: a scenario may set each, whichever APIs are served."""
    return tuple(switch for each in load_apis() for switch in each.switches)


def scenario_names() -> tuple[str, ...]:
    """The names of the packaged scenarios, sorted."""
    return tuple(sorted(path.stem for path in (fixtures_dir() / "scenarios").glob("*.yaml")))


def scenario(name: str) -> Scenario:
    """A scenario by name; from a file if ``name`` ends in .yaml or .yml; or, if it has several lines, in YAML itself.

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
