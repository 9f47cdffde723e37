"""Estimates how long a command will take, from what it has to go through; the same on every machine.

Fitted on a machine of two cores with Python 3.11; how is at the end.
"""

from __future__ import annotations

from typing import NamedTuple

from counterfoil.world.commands import AdvanceClock, Command
from counterfoil.world.world import World


class Size(NamedTuple):
    """What the clock has to go through in a world: different accounts, the bills on them, and usage not yet billed."""

    accounts: int
    bills: int
    usage: int


def size_of(world: World) -> Size:
    """The size of the world. Customers of one history share their account, and count once."""
    states = [state for state, _ in world.ledger.store.unique_states()]
    bills = sum(len(state.invoices) for state in states)
    return Size(len(states), bills, sum(len(state.usage) for state in states))


def seconds_of(world: World, command: Command) -> float:
    """About how many seconds the command takes. Only moving the clock takes more than some milliseconds."""
    if not isinstance(command, AdvanceClock):
        return 0.0
    return seconds_for(size_of(world), command.months_from(world.now))


def months_within(size: Size, seconds: float) -> int:
    """How many months the clock may be moved at once to take no longer than ``seconds``; 0 if none, 120 at most."""
    return next((months for months in range(120, 0, -1) if seconds_for(size, months) <= seconds), 0)


def seconds_for(size: Size, months: float) -> float:
    """Each month each account acts several times, and each time all accounts are asked who is next. What an account does takes
    longer the more bills and usage it has. Usage grows by itself, bills do not: runs make them, which are commands."""
    accounts = size.accounts
    usage = size.usage + accounts * USES * months / 2
    each_month = accounts * (PER_ACCOUNT + PER_PAIR * accounts) + PER_BILL * size.bills + PER_USE * usage
    return months * each_month


PER_ACCOUNT = 38e-6
PER_PAIR = 0.12e-6
PER_BILL = 1e-6
PER_USE = 0.07e-6
USES = 1.4
"""Seconds for one month, fitted to ten years of 46, 54 and 204 accounts, and to 54 accounts that had 100,000 uses in the end:
0.26, 0.29 and 1.5 s of processor time, and 1.3 s. ``USES``: of an account in a month, about."""
