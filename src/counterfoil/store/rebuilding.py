"""Rebuilds a world from a store: runs its scenario, then executes its commands in order."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from hashlib import sha256
from typing import Any

from counterfoil.ledger.errors import LedgerError
from counterfoil.store.log import Origin, StoredWorld
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.commands import decode_commands
from counterfoil.world.scenario import Scenario, ScenarioError
from counterfoil.world.scenario_loader import parse_scenario
from counterfoil.world.state import WorldState
from counterfoil.world.world import World
from counterfoil.world.worlds import Worlds

MAX_SCENARIOS = 64


def origin_of(world: World) -> Origin:
    """What the world was made from, for the store."""
    chosen: Mapping[str, Any] = world.chosen
    return Origin(
        scenario=world.scenario.name,
        digest=world.scenario.digest,
        seed=world.seed,
        customers=world.requested_customers,
        switches=dict(chosen),
    )


def rebuild(stored: StoredWorld, templates: Worlds, scenarios: MutableMapping[str, Scenario]) -> World:
    """The world as it was stored. ``templates`` caches worlds in which a scenario was run, ``scenarios`` caches parsed
    scenarios. Raises ``StoreUnavailable``, naming the world, if it cannot be rebuilt.
    """
    row, origin = stored.row, stored.row.origin
    try:
        key = f"{origin.digest} {origin.scenario}"
        scenario = scenarios.get(key)
        if scenario is None:
            if sha256(stored.text).hexdigest() != origin.digest:
                raise ValueError(f"its text of scenario '{origin.scenario}' is not the one it was made with")
            scenario = parse_scenario(origin.scenario, stored.text, f"store:{origin.scenario}")
            if len(scenarios) < MAX_SCENARIOS:
                scenarios[key] = scenario
        template = templates.template(scenario, origin.seed, origin.customers, origin.switches)
        state = template.replay(decode_commands(stored.commands), row.base)
    except (LedgerError, ScenarioError, TypeError, ValueError) as error:  # a damaged file may hold anything
        message = " ".join(str(error).split())
        raise StoreUnavailable(f"the world '{row.name}' cannot be rebuilt from the store: {message}") from None
    return World.of(state, row.name)


def with_later(state: WorldState, name: str, commands: Sequence[bytes]) -> WorldState:
    """The state after more commands of the same world. Raises ``StoreUnavailable`` as ``rebuild`` does."""
    draft = state.fork()
    try:
        for command in decode_commands(commands):
            draft.execute(command)
            draft.version += 1
    except (LedgerError, TypeError, ValueError) as error:
        message = " ".join(str(error).split())
        raise StoreUnavailable(f"the world '{name}' cannot be rebuilt from the store: {message}") from None
    if draft.ledger.store.revision != state.ledger.store.revision:
        draft.accounts_cache = None
    return draft
