"""Estimates how long a command will take, from the size of its world; the same on every machine.

The constants were fitted on a machine of two cores with Python 3.11, as described at the end of this file.
"""

from __future__ import annotations

from typing import NamedTuple

from counterfoil.world.commands import AdvanceClock, Command, RequestBills
from counterfoil.world.scenario import ScenarioDefinition, ScenarioError
from counterfoil.world.scenario_runner import customers_of
from counterfoil.world.state import WorldState
from counterfoil.world.world import World


class Size(NamedTuple):
    """The size of a world: different account states, their bills, and their usage not yet billed."""

    accounts: int
    bills: int
    usage: int


def size_of(world: World | WorldState) -> Size:
    """The size of the world. Customers with the same history share a state, which counts once."""
    states = [state for state, _ in world.ledger.store.unique_states()]
    bills = sum(len(state.invoices) for state in states)
    return Size(len(states), bills, sum(len(state.usage) for state in states))


def seconds_of(world: World | WorldState, command: Command) -> float:
    """About how many seconds the command takes. Only moving the clock takes more than some milliseconds."""
    if not isinstance(command, AdvanceClock):
        return 0.0
    return seconds_for(size_of(world), command.months_from(world.now))


def months_within(size: Size, seconds: float) -> int:
    """How many months the clock may be moved at once within ``seconds``: 0 to 120."""
    return next((months for months in range(120, 0, -1) if seconds_for(size, months) <= seconds), 0)


def seconds_for(size: Size, months: float) -> float:
    """Seconds to move the clock by ``months``.

    Each month each account acts several times, and each time all accounts are searched for the next one. An action takes
    longer with more bills and usage. Usage grows as the clock moves; bills do not, because runs need commands.
    """
    accounts = size.accounts
    usage = size.usage + accounts * USES * months / 2
    each_month = accounts * (PER_ACCOUNT + PER_PAIR * accounts) + PER_BILL * size.bills + PER_USE * usage
    return months * each_month


def seconds_to_begin(definition: ScenarioDefinition, customers: int | None) -> float:
    """About how long it takes to create a scenario's customers, before its story."""
    count = customers_of(definition, customers) - len(definition.customers)
    profiles = definition.population.profiles if definition.population else ()
    parts = sum(profile.variants * (1 + len(profile.usage) + len(profile.tariffs)) for profile in profiles)
    variants = sum(profile.variants for profile in profiles)
    used_parts = parts * min(1.0, count / max(1, variants))
    return len(definition.customers) * PER_NAMED + count * PER_SIMULATED + used_parts * PER_PART


class Budget:
    """The estimated seconds that creating one world for a request may take."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left = seconds

    def check(self, world: World | WorldState, command: Command) -> None:
        """Call it before each command. Raises ``ScenarioError`` when the budget is spent."""
        seconds = PER_COMMAND + seconds_of(world, command)
        if isinstance(command, AdvanceClock):
            seconds += PER_RUN * len(world.ledger.runs)
        if isinstance(command, RequestBills):
            size = size_of(world)
            seconds += PER_BILLED * size.accounts + PER_BILL_BEFORE * size.bills
        self.spend(seconds)

    def spend(self, seconds: float) -> None:
        self._left -= seconds
        if self._left < 0:
            raise ScenarioError(
                f"it would take more than {self._seconds:g} seconds to make this world, which is what a server spends on one: "
                "have fewer customers or a shorter story"
            )


PER_NAMED = 60e-6
PER_SIMULATED = 1e-6
PER_PART = 20e-6
PER_COMMAND = 100e-6
PER_RUN = 0.8e-6
PER_BILLED = 100e-6
PER_BILL_BEFORE = 20e-6
"""Seconds for each customer, part of a variant and command; also for each existing billing run when the clock moves, and for
each account and each of its bills when bills are requested. Fitted to 2 to 80 years of monthly bills of 0, 40 and
150 accounts with and without payments, which took 0.1 to 13 s; the estimate was 0.8 to 2.5 times that."""
PER_ACCOUNT = 38e-6
PER_PAIR = 0.12e-6
PER_BILL = 1e-6
PER_USE = 0.07e-6
USES = 1.4
"""Seconds for one month, fitted to ten years of 46, 54 and 204 accounts, and to 54 accounts that had 100,000 uses in the end:
0.26, 0.29 and 1.5 s of processor time, and 1.3 s. ``USES``: an account's usage records in a month, about."""
