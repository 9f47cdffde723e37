"""Runs a scenario in a new world: creates tariffs, named and simulated customers, then runs the steps of the story.

Simulated customers are drawn from a limited number of account states (``variants`` of each profile), so that ten thousand
cost little more than a hundred. Which state a customer gets depends only on the seed and its number.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import Any

import msgspec

from counterfoil.ledger.accounts import Account, AccountState
from counterfoil.ledger.behaviour import Behaviour, RecurringUsage
from counterfoil.ledger.customers import new_subscription
from counterfoil.ledger.errors import BadValue, LedgerError, RuleBroken, UnknownRecord
from counterfoil.ledger.ledger import Ledger
from counterfoil.ledger.periods import add_months, first_of_month, next_first_of_month, start_of
from counterfoil.ledger.tariffs import DataPackage, Rate, RateZone, Tariff
from counterfoil.plain_text import counted
from counterfoil.world.commands import AddCustomer, AdvanceClock, Command, CreateRun, RequestBills, read_command
from counterfoil.world.fake_identity import IdentityOverrides
from counterfoil.world.scenario import (
    DateRange,
    MonthlyBilling,
    Population,
    Profile,
    Scenario,
    ScenarioDefinition,
    ScenarioError,
)
from counterfoil.world.scenario_checks import MistakeAtPath, located, step_error, step_of
from counterfoil.world.state import Grant, WorldState, new_state
from counterfoil.world.switches import KnownSwitches, Switch, Switches
from counterfoil.world.world import World

Check = Callable[[WorldState | World, Command], None]
"""Called before each command of a scenario or capsule; an exception from it stops the world's creation."""
Execute = Callable[[Command], Any]
RUN_COMPLETES_WITHIN = timedelta(hours=1)  # a run takes five minutes


def build_tariffs(definition: ScenarioDefinition) -> dict[str, Tariff]:
    """The scenario's tariffs by key. Zones and packages are numbered from 1 across the whole file."""
    zones = {zone.key: RateZone(number, zone.name, zone.countries) for number, zone in enumerate(definition.zones, 1)}
    tariffs: dict[str, Tariff] = {}
    packages = 0
    for number, plan in enumerate(definition.tariffs, 1):
        tariffs[plan.key] = Tariff(
            number=number,
            key=plan.key,
            name=plan.name,
            currency=plan.currency,
            monthly_fee=plan.monthly_fee,
            sim_fee=plan.sim_fee,
            proration=plan.proration,
            packages=tuple(
                DataPackage(packages + position, package.name, zones[package.zone], package.volume, package.fee)
                for position, package in enumerate(plan.packages, 1)
            ),
            rates=tuple(
                Rate(rate.service, zones[rate.zone], rate.per_unit, tuple(rate.by_country.items()))
                for rate in plan.rates
            ),
        )
        packages += len(plan.packages)
    return tariffs


def run_scenario(
    scenario: Scenario,
    *,
    seed: int | None = None,
    customers: int | None = None,
    switches: Mapping[str, object] | None = None,
    known_switches: KnownSwitches | Iterable[Switch] = (),
    name: str = "default",
    check: Check | None = None,
) -> World:
    """A new world in which the whole scenario was run. ``customers`` is the total number, simulated ones included.

    ``check`` is called before each command of its billing and story, and may raise an exception to stop it. Raises
    ``ScenarioError``, naming the step, if the story breaks a rule of the ledger, and ``BadValue`` for ``switches``.
    """
    definition = scenario.definition
    state = new_state(
        scenario,
        Ledger(build_tariffs(definition)),
        _switches(scenario, known_switches, switches or {}),
        seed=definition.seed if seed is None else seed,
        requested_customers=customers,
        chosen=dict(switches or {}),
    )
    numbers = _add_customers(state, scenario, customers)
    state.grants = {
        entry.key: Grant(entry.key, None if entry.may is None else frozenset(entry.may), numbers.get(entry.customer))
        for entry in definition.credentials
    }

    def execute(command: Command) -> Any:
        if check is not None:
            check(state, command)
        return state.execute(command)

    if definition.billing:
        _bill_monthly(state, definition.billing, execute)
    for index in range(len(definition.story)):
        _run_step(state, index, numbers, execute)
    state.scenario_length = len(state.history)
    return World.of(state, name)


def _add_customers(state: WorldState, scenario: Scenario, total: int | None) -> dict[str | None, int]:
    """Add the scenario's customers; returns the numbers of the named ones by key. Raises ``ScenarioError``."""
    numbers = _add_named_customers(state, scenario.definition)
    try:
        _add_simulated_customers(state, scenario.definition, total)
    except LedgerError as error:
        mistake = MistakeAtPath(("population",), f"its customers: {error.message}")
        raise located(scenario.where, scenario.source, [mistake]) from None
    return numbers


def _switches(scenario: Scenario, known: KnownSwitches | Iterable[Switch], chosen: Mapping[str, object]) -> Switches:
    """The scenario's switches and the ``chosen`` ones. Raises ``ScenarioError`` for the former, ``BadValue`` for the latter."""
    switches = Switches(known)
    for name, value in scenario.definition.switches.items():
        try:
            switches = switches.with_value(name, value)
        except BadValue as error:
            mistake = MistakeAtPath(("switches", name), error.message)
            raise located(scenario.where, scenario.source, [mistake]) from None
    return Switches(known, {**scenario.definition.switches, **chosen})


def _add_named_customers(world: WorldState, definition: ScenarioDefinition) -> dict[str | None, int]:
    numbers: dict[str | None, int] = {}
    for index, person in enumerate(definition.customers):
        command = AddCustomer(
            name=person.name,
            email=person.email,
            country=person.country,
            currencies=person.currencies,
            tax_rate=person.tax_rate,
            payment_method=person.payment_method,
            group=person.group,
            billed_to=numbers[person.billed_to] if person.billed_to else None,
            tariff=person.tariff,
            sims=person.sims,
            starts=person.starts,
        )
        try:
            number = int(command.apply(world))
        except LedgerError as error:
            mistake = MistakeAtPath(("customers", index), f"customer '{person.key}': {error.message}")
            raise located(world.scenario.where, world.scenario.source, [mistake]) from None
        numbers[person.key] = number
        names = IdentityOverrides.__struct_fields__
        world.identify(number, IdentityOverrides(**{name: getattr(person, name) for name in names}))
    return numbers


def customers_of(definition: ScenarioDefinition, requested: int | None) -> int:
    """How many customers the scenario's world begins with; ``requested`` overrides the scenario's own number."""
    if requested is not None:
        return requested
    return len(definition.customers) + (definition.population.count if definition.population else 0)


# --- simulated customers -------------------------------------------------------------------------


def _add_simulated_customers(world: WorldState, definition: ScenarioDefinition, customers: int | None) -> None:
    named = world.ledger.customers
    if customers is not None and customers < named:
        raise ScenarioError(f"{world.scenario.where}: its story needs {counted(named, 'customer')}, not {customers}")
    population = definition.population or _default_population(definition)
    count = (
        customers - named if customers is not None else (definition.population.count if definition.population else 0)
    )
    if not count:
        return
    if population is None:
        raise ScenarioError(f"{world.scenario.where}: it has no tariff, so no simulated customers can be added")
    world.populate(*_draw(population, definition, world.ledger, world.seed, count))


def _draw(
    population: Population, definition: ScenarioDefinition, ledger: Ledger, seed: int, count: int
) -> tuple[list[AccountState], list[int], list[str]]:
    """Account states, the index of the state of each customer, and the country of each state.

    The n-th customer gets the n-th draw of one random stream.
    """
    kinds = [(profile, variant) for profile in population.profiles for variant in range(profile.variants)]
    weights = list(accumulate(profile.weight / profile.variants for profile, _ in kinds))
    rng = Random(f"{seed}/population")  # noqa: S311 - not for secrets
    drawn = [bisect(weights, rng.random() * weights[-1], 0, len(kinds) - 1) for _ in range(count)]
    used = {kind: index for index, kind in enumerate(dict.fromkeys(drawn))}
    states = [_make_state(*kinds[kind], definition, ledger, seed) for kind in used]
    return states, [used[kind] for kind in drawn], [kinds[kind][0].country for kind in used]


def _make_state(
    profile: Profile, variant: int, definition: ScenarioDefinition, ledger: Ledger, seed: int
) -> AccountState:
    rng = Random(f"{seed}/{profile.name}/{variant}")  # noqa: S311 - not for secrets
    joined = _day(rng, profile.joined)
    opened_at = max(definition.starts, start_of(joined))
    tariffs = [ledger.tariffs[key] for key in profile.tariffs]
    tax_rate = definition.seller.tax_rate if profile.tax_rate is None else profile.tax_rate
    ends_on = _day(rng, profile.leaves) if profile.leaves else None
    state = AccountState(
        opened=max(joined, first_of_month(definition.starts.date())),
        accounts=tuple(
            Account(currency, tax_rate, profile.payment_method, profile.group)
            for currency in dict.fromkeys(tariff.currency for tariff in tariffs)
        ),
        simulated_until=opened_at,
        behaviour=Behaviour(
            salt=rng.getrandbits(32),
            usage=tuple(
                RecurringUsage(use.day, use.service, use.country, use.quantity, use.spread) for use in profile.usage
            ),
            pays_after=profile.pays.after if profile.pays else 0,
            pays_varies=profile.pays.varies if profile.pays else 0,
            pays_share=profile.pays.share if profile.pays else Decimal(0),
            ends_on=ends_on,
        ),
    )
    for tariff in tariffs:
        fees_from = joined if joined >= definition.starts.date() else _first_fee_date(definition.starts.date())
        sims = rng.randint(*sorted(profile.sims))
        subscription = new_subscription(state, tariff, sims=sims, starts=joined, fees_from=fees_from)
        state = state.replace(subscriptions=(*state.subscriptions, replace(subscription, ended=ends_on)))
    return state


def _first_fee_date(starts: date) -> date:
    """The first fee date of a subscription older than the scenario: the first of a month, on or after ``starts``."""
    return starts if starts.day == 1 else next_first_of_month(starts)


def _day(rng: Random, dates: DateRange) -> date:
    first, last = sorted((dates.first, dates.last))
    return first + timedelta(days=rng.randint(0, (last - first).days))


def _default_population(definition: ScenarioDefinition) -> Population | None:
    """The population of a scenario without one: customers on its first tariff, in that tariff's first country."""
    if not definition.tariffs:
        return None
    plan = definition.tariffs[0]
    zones = {zone.key: zone for zone in definition.zones}
    usage = tuple(
        {"service": rate.service, "country": zones[rate.zone].countries[0], "quantity": 60, "day": day, "spread": "0.9"}
        for day, rate in zip((8, 18), plan.rates, strict=False)
    )
    month = first_of_month(definition.starts.date())
    profile = {
        "name": "scenery",
        "tariffs": (plan.key,),
        "country": definition.seller.country,
        "joined": {"first": add_months(month, -12), "last": month},
        "usage": usage,
        "pays": {"share": 1, "after": 0},
        "variants": 200,
    }

    return msgspec.convert({"profiles": (profile,)}, Population)


# --- billing and the story -----------------------------------------------------------------------------------


def _bill_monthly(world: WorldState, billing: MonthlyBilling, execute: Execute) -> None:
    month = first_of_month(billing.first)
    try:
        while month <= billing.last:
            following = next_first_of_month(month)
            _advance(world, datetime.combine(following, time(6), UTC), execute)
            run = execute(
                CreateRun(
                    name=billing.name.replace("{month}", f"{month:%B %Y}"),
                    invoice_date=following,
                    cutoff_date=following,
                    due_date=following + timedelta(days=billing.due_days),
                )
            )
            execute(RequestBills(run=run.number))
            _advance(world, world.now + RUN_COMPLETES_WITHIN, execute)
            month = following
    except (RuleBroken, BadValue) as error:
        mistake = MistakeAtPath(("billing",), f"the bills of {month:%B %Y}: {error.message}")
        raise located(world.scenario.where, world.scenario.source, [mistake]) from None


def _run_step(world: WorldState, index: int, numbers: Mapping[str | None, int], execute: Execute) -> None:
    at, name, members = step_of(world.scenario, index)
    try:
        command = _command_of_step(name, members, numbers)
        if at is not None:
            _advance(world, at, execute)
        execute(command)
    except LedgerError as error:
        member = f" ({error.field})" if error.field else ""
        raise step_error(world.scenario, index, f"{name}: {error.message}{member}") from None


def _command_of_step(name: str, members: Mapping[str, Any], numbers: Mapping[str | None, int]) -> Command:
    resolved = dict(members)
    for member in ("customer", "billed_to"):
        key = members.get(member)
        if isinstance(key, str):
            if key not in numbers:
                raise UnknownRecord(f"there is no customer '{key}' in this scenario", field=member)
            resolved[member] = numbers[key]
    return read_command({"command": name, **resolved})


def _advance(world: WorldState, to: datetime, execute: Execute) -> None:
    if to != world.now:
        execute(AdvanceClock(to=to.astimezone(UTC)))
