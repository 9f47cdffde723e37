"""Checks the references and steps of a scenario, and finds the line of each mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from counterfoil import hints, yaml_reader
from counterfoil.ledger.periods import EARLIEST, LATEST
from counterfoil.world.commands import COMMANDS
from counterfoil.world.scenario import Scenario, ScenarioDefinition, ScenarioError
from counterfoil.world.timestamps import as_utc, read_instant


class MistakeAtPath(NamedTuple):
    """A mistake in a scenario: the keys and indexes that lead to it, and what is wrong."""

    steps: Sequence[str | int]
    message: str


def step_of(scenario: Scenario, index: int) -> tuple[datetime | None, str, Mapping[str, Any]]:
    """Step ``index`` of the story: its time, the name of its command, and the command's members.

    Raises ``ScenarioError``.
    """
    read = _read_step(scenario.definition.story[index])
    if isinstance(read, str):
        raise step_error(scenario, index, read)
    return read


def _read_step(written: Mapping[str, Any]) -> tuple[datetime | None, str, Mapping[str, Any]] | str:
    """A step's time, command and members, or what is wrong with it."""
    step = dict(written)
    at = step.pop("at", None)
    if at is not None:
        try:
            at = as_utc(at) if isinstance(at, datetime) else read_instant(str(at))
        except ValueError:
            return f"'at' must be an instant: {hints.DATE_TIME}"
    if len(step) != 1 or (name := next(iter(step))) not in COMMANDS:
        return f"give one command; there are: {', '.join(COMMANDS)}"
    members = step[name]
    return (at, name, members) if isinstance(members, dict) else f"{name} takes a mapping of its members"


def step_error(scenario: Scenario, index: int, mistake: str) -> ScenarioError:
    """The error for step ``index`` of the story, with its line and what is wrong."""
    return located(scenario.where, scenario.source, [_step_mistake(index, mistake)])


def _step_mistake(index: int, mistake: str) -> MistakeAtPath:
    return MistakeAtPath(("story", index), f"story step {index + 1}: {mistake}")


def check_references(scenario: Scenario) -> None:
    """Check that keys are unique, that references to them resolve, and that each step has the right form.

    Raises ``ScenarioError``, with one line for each mistake.
    """
    mistakes = [*_reference_mistakes(scenario.definition), *_story_mistakes(scenario.definition)]
    if mistakes:
        raise located(scenario.where, scenario.source, mistakes)


def _story_mistakes(definition: ScenarioDefinition) -> Iterator[MistakeAtPath]:
    for index, step in enumerate(definition.story):
        read = _read_step(step)
        if isinstance(read, str):
            yield _step_mistake(index, read)


def _reference_mistakes(definition: ScenarioDefinition) -> Iterator[MistakeAtPath]:
    if definition.starts.tzinfo is None:
        yield mistake_at("starts", "'starts' needs a time zone, as in 2026-01-01T00:00:00Z")
    yield from _far_dates(definition)
    for part in ("zones", "tariffs", "customers"):
        seen: set[str] = set()
        for index, item in enumerate(getattr(definition, part)):
            if item.key in seen:
                yield mistake_at(f"{part}[{index}].key", f"'{item.key}' is used twice")
            seen.add(item.key)
    zones = {zone.key for zone in definition.zones}
    for index, tariff in enumerate(definition.tariffs):
        for kind in ("packages", "rates"):
            for position, item in enumerate(getattr(tariff, kind)):
                if item.zone not in zones:
                    yield mistake_at(f"tariffs[{index}].{kind}[{position}].zone", f"there is no zone '{item.zone}'")
    tariffs = {tariff.key for tariff in definition.tariffs}
    customers: set[str] = set()
    for index, customer in enumerate(definition.customers):
        if customer.tariff and customer.tariff not in tariffs:
            yield mistake_at(f"customers[{index}].tariff", f"there is no tariff '{customer.tariff}'")
        if customer.billed_to and customer.billed_to not in customers:
            yield mistake_at(
                f"customers[{index}].billed_to", f"'{customer.billed_to}' does not name a customer above this one"
            )
        customers.add(customer.key)
    for index, profile in enumerate(definition.population.profiles if definition.population else ()):
        for position, key in enumerate(profile.tariffs):
            if key not in tariffs:
                yield mistake_at(f"population.profiles[{index}].tariffs[{position}]", f"there is no tariff '{key}'")
    for index, credential in enumerate(definition.credentials):
        if credential.customer and credential.customer not in customers:
            yield mistake_at(f"credentials[{index}].customer", f"there is no customer '{credential.customer}'")


def _far_dates(definition: ScenarioDefinition) -> Iterator[MistakeAtPath]:
    dates = {"starts": definition.starts.date()}
    if definition.billing:
        dates |= {"billing.first": definition.billing.first, "billing.last": definition.billing.last}
    for index, profile in enumerate(definition.population.profiles if definition.population else ()):
        for member in ("joined", "leaves"):
            date_range = getattr(profile, member)
            if date_range is not None:
                path = f"population.profiles[{index}].{member}"
                dates |= {f"{path}.first": date_range.first, f"{path}.last": date_range.last}
    for path, day in dates.items():
        if not EARLIEST <= day <= LATEST:
            yield mistake_at(path, f"dates are from {EARLIEST} to {LATEST}")


def mistake_at(path: str, message: str) -> MistakeAtPath:
    """A mistake at a path such as ``tariffs[0].key``."""
    steps = [key or int(index) for key, index in re.findall(r"([A-Za-z_][\w-]*)|\[(\d+)\]", path)]
    return MistakeAtPath(steps, f"{message} ({path})" if path else message)


def schema_mistake(error: str, below: str = "") -> MistakeAtPath:
    """The mistake in a msgspec message (``Expected `str`, got `int` - at `$.key```) about the value at ``below``."""
    message, _, rest = error.partition(" - at `$")
    path = f"{below}{rest.rstrip('`')}".lstrip(".")
    if checked := re.match(r"'(\w+)' must be", message):  # raised by ``_Part``: msgspec's path ends at the part
        path = f"{path}.{checked[1]}".lstrip(".")
    mistake = mistake_at(path, message)
    missing = re.fullmatch(r"Object missing required field `(.+)`", message)
    if missing:
        return mistake._replace(message=f"key '{missing[1]}' is missing{f' ({path})' if path else ''}")
    unknown = re.search(r"unknown field `(.+)`", message)
    return MistakeAtPath([*mistake.steps, unknown[1]], f"unknown key '{unknown[1]}'") if unknown else mistake


def located(where: str, source: bytes, mistakes: Iterable[MistakeAtPath]) -> ScenarioError:
    """One error with the file, line and message of each mistake, ordered by line."""
    document = yaml_reader.read_document(source, where)
    reported = islice(mistakes, yaml_reader.MAX_MISTAKES)
    return ScenarioError.at(where, [(document.line_of(mistake.steps), mistake.message) for mistake in reported])
