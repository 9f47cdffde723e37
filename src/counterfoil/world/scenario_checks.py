"""Checks the references and steps of a scenario, and finds the lines of mistakes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from counterfoil.world.commands import COMMANDS
from counterfoil.world.scenario import Scenario, ScenarioError
from counterfoil.world.timestamps import read_instant

if TYPE_CHECKING:
    import yaml


def step_of(scenario: Scenario, index: int) -> tuple[datetime | None, str, Mapping[str, Any]]:
    """Step ``index`` of the story: its time, the name of its command, and the command's members.

    Raises ``ScenarioError``.
    """
    step = dict(scenario.definition.story[index])
    at = step.pop("at", None)
    if isinstance(at, str):
        try:
            at = read_instant(at)
        except ValueError as error:
            raise step_error(scenario, index, f"'at': {error}") from None
    if at is not None and (not isinstance(at, datetime) or at.tzinfo is None):
        raise step_error(scenario, index, "'at' must be an instant such as 2026-01-05T09:00:00Z")
    if len(step) != 1 or (name := next(iter(step))) not in COMMANDS:
        raise step_error(scenario, index, f"give one command; there are: {', '.join(COMMANDS)}")
    members = step[name]
    if not isinstance(members, dict):
        raise step_error(scenario, index, f"{name} takes a mapping of its members")
    return at, name, members


def step_error(scenario: Scenario, index: int, mistake: str) -> ScenarioError:
    """The error for step ``index`` of the story, with its line and what is wrong."""
    line = _line(_yaml_nodes(scenario.source), [("story", ""), ("", str(index))]) + 1
    return ScenarioError(f"{scenario.where}:{line}: story step {index + 1}: {mistake}")


def check_references(scenario: Scenario) -> None:
    """Check that every key that refers to another part of the file refers to exactly one. Raises ``ScenarioError``."""
    definition = scenario.definition

    def refuse(path: str, message: str) -> None:
        raise ScenarioError(line_message(scenario.where, scenario.source, f"{message} - at `$.{path}`"))

    if definition.starts.tzinfo is None:
        refuse("starts", "'starts' needs a time zone, as in 2026-01-01T00:00:00Z")
    for part in ("zones", "tariffs", "customers"):
        keys = [item.key for item in getattr(definition, part)]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                refuse(f"{part}[{index}].key", f"'{key}' is there twice")
    zones = {zone.key for zone in definition.zones}
    for index, tariff in enumerate(definition.tariffs):
        for kind in ("packages", "rates"):
            for position, item in enumerate(getattr(tariff, kind)):
                if item.zone not in zones:
                    refuse(f"tariffs[{index}].{kind}[{position}].zone", f"there is no zone '{item.zone}'")
    tariffs = {tariff.key for tariff in definition.tariffs}
    customers = [customer.key for customer in definition.customers]
    for index, customer in enumerate(definition.customers):
        if customer.tariff and customer.tariff not in tariffs:
            refuse(f"customers[{index}].tariff", f"there is no tariff '{customer.tariff}'")
        if customer.billed_to and customer.billed_to not in customers[:index]:
            refuse(f"customers[{index}].billed_to", f"'{customer.billed_to}' is no customer above this one")
    for index, profile in enumerate(definition.population.profiles if definition.population else ()):
        for position, key in enumerate(profile.tariffs):
            if key not in tariffs:
                refuse(f"population.profiles[{index}].tariffs[{position}]", f"there is no tariff '{key}'")
    for index, credential in enumerate(definition.credentials):
        if credential.customer and credential.customer not in customers:
            refuse(f"credentials[{index}].customer", f"there is no customer '{credential.customer}'")


def yaml_message(error: Exception) -> str:
    """The line and the problem of a YAML syntax error."""
    import yaml

    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem_mark.line + 1}: not valid YAML: {error.problem}"
    return f"1: not valid YAML: {str(error).splitlines()[0]}"


def _yaml_nodes(source: bytes) -> yaml.Node:
    """The file as YAML nodes, which have line numbers. It was parsed before, so it is a valid mapping."""
    import yaml

    tree = yaml.compose(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert tree is not None
    return tree


def line_message(where: str, source: bytes, mistake: str) -> str:
    """A msgspec message with its JSON path replaced by file and line number."""
    message, _, path = mistake.partition(" - at `")
    steps = re.findall(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]", path)
    unknown = re.search(r"unknown field `(.+)`", message)
    if unknown:
        steps.append((unknown[1], ""))
        message = f"unknown key '{unknown[1]}'"
    shown_path = path.strip("$.`")
    return f"{where}:{_line(_yaml_nodes(source), steps) + 1}: {message}{f' ({shown_path})' if shown_path else ''}"


def _line(node: yaml.Node, steps: list[tuple[str, str]]) -> int:
    """The line, from 0, of the node that a path of keys and indexes leads to, as far as it exists."""
    import yaml

    line = int(node.start_mark.line)
    for key, index in steps:
        if isinstance(node, yaml.MappingNode) and key:
            for key_node, value_node in node.value:
                if key_node.value == key:
                    line, node = int(key_node.start_mark.line), value_node
                    break
            else:
                return line
        elif isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
            node = node.value[int(index)]
            line = int(node.start_mark.line)
        else:
            return line
    return line
