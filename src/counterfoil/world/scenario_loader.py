"""Reads scenario files: parses YAML, checks it against the schema, and caches what was parsed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from counterfoil import disk_cache, yaml_reader
from counterfoil.world.scenario import Scenario, ScenarioDefinition, ScenarioError
from counterfoil.world.scenario_checks import MistakeAtPath, check_references, located, mistake_at, schema_mistake
from counterfoil.world.written_numbers import misread_numbers

CACHE_VERSION = 3
"""Increase it when the cached form of a file or the set of accepted files changes, so that older cache files are ignored."""


def read_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file. Raises ``ScenarioError``."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_scenario(path.stem, source, str(path), remember=True)


def parse_scenario(name: str, source: bytes, where: str, *, remember: bool = False) -> Scenario:
    """The scenario in YAML ``source``. Raises ``ScenarioError`` with ``where`` and the line, one line for each mistake.

    Parsed files are cached on disk, because importing PyYAML and parsing takes ten times as long. Texts
    from requests are not cached (``remember``), because they could fill the disk.
    """
    digest = sha256(source).hexdigest()
    file = disk_cache.file_for("scenarios", f"{digest}-{CACHE_VERSION}")
    definition = _read_cache(file)
    was_cached = definition is not None
    data: dict[str, Any] = {}
    if definition is None:
        data = _parse_yaml(source, where)
        definition = _checked(data, source, where)
    scenario = Scenario(name=name, definition=definition, digest=digest, where=where, source=source)
    check_references(scenario)
    if remember and not was_cached and file is not None:
        with contextlib.suppress(ValueError):  # infinity or NaN, which JSON does not have: parse the file each time
            disk_cache.write(file, json.dumps(data, allow_nan=False).encode())
    return scenario


def _parse_yaml(source: bytes, where: str) -> dict[str, Any]:
    try:
        data = yaml_reader.read(source, where)
    except yaml_reader.YamlError as error:
        raise ScenarioError.at(where, [(mistake.line, mistake.message) for mistake in error.mistakes]) from None
    if not isinstance(data, dict):
        raise ScenarioError.at(where, [(1, "a scenario is a mapping with title, text, starts, seller, …")])
    return data


def _read_cache(file: Path | None) -> ScenarioDefinition | None:
    if file is None:
        return None
    try:
        return msgspec.json.decode(file.read_bytes(), type=ScenarioDefinition, strict=True)
    except (OSError, ValueError):  # a damaged cache file: parse the scenario again
        return None


def _checked(data: dict[str, Any], source: bytes, where: str) -> ScenarioDefinition:
    """The definition in a parsed file. Raises ``ScenarioError``."""
    misread = dict(misread_numbers(data, ScenarioDefinition))
    try:
        definition = msgspec.convert(data, ScenarioDefinition, strict=True)
    except msgspec.ValidationError as error:
        mistakes = list(_schema_mistakes(data)) or [schema_mistake(str(error))]
    else:
        if not misread:
            return definition
        mistakes = []
    reported = {tuple(mistake.steps) for mistake in mistakes}
    numbers = (mistake_at(path, message) for path, message in misread.items())
    mistakes += [mistake for mistake in numbers if tuple(mistake.steps) not in reported]
    raise located(where, source, mistakes)


def _schema_mistakes(data: Mapping[str, Any]) -> Iterator[MistakeAtPath]:
    """The schema mistakes in each part of a scenario; msgspec itself stops at the first mistake."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(ScenarioDefinition)}
    for key, value in data.items():
        if key not in fields:
            yield schema_mistake(f"Object contains unknown field `{key}`")
            continue
        expected_type = fields[key].type
        if get_origin(expected_type) is tuple and isinstance(value, list):
            for index, item in enumerate(value):
                yield from _part_mistake(item, get_args(expected_type)[0], f"{key}[{index}]")
        else:
            yield from _part_mistake(value, expected_type, key)
    for key, field in fields.items():
        if field.required and key not in data:
            yield schema_mistake(f"Object missing required field `{key}`")


def _part_mistake(value: Any, expected_type: Any, path: str) -> Iterator[MistakeAtPath]:
    try:
        msgspec.convert(value, expected_type, strict=True)
    except msgspec.ValidationError as error:
        yield schema_mistake(str(error), path)
