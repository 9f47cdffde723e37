"""Applications that one test uses after another, because building one and running its scenario takes longer than most tests.

Each test process runs a scenario once and forks its world for every test. An application that is used again gets such a world
as its default one; the other worlds that the test before left are deleted, with the faults and the journal of each. The
numbers of a journal go on, so tests of the journal build an application of their own.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from counterfoil.app import Application, build
from counterfoil.lookup import DEFAULT_SCENARIO, all_switches, scenario
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT, Worlds

_worlds = Worlds(scenario, all_switches(), seconds=time.monotonic)
_free: dict[tuple[str, ...], list[Application]] = defaultdict(list)


def new_world(
    scenario_name: str | None = None,
    *,
    seed: int | None = None,
    customers: int | None = None,
    switches: Mapping[str, object] | None = None,
) -> World:
    """A default world that equals the one that ``build`` would make from these arguments."""
    return _worlds.template(scenario_name or DEFAULT_SCENARIO, seed, customers, switches or {}).fork(DEFAULT)


@contextmanager
def lent_application(apis: tuple[str, ...], world: World) -> Iterator[Application]:
    """The stand-in for ``apis`` with this default world, as ``build(apis, world=world)``, but maybe used by a test before."""
    free = _free[apis]
    if free:
        application = free.pop()
        for name in application.worlds.names():
            application.faults.clear(name)
            application.journal.clear(name)
            if name != DEFAULT:
                application.worlds.delete(name)
        application.worlds.put(world)
    else:
        application = build(apis, world=world)
    yield application
    free.append(application)
