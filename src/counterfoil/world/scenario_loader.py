"""Reads scenario files: parses YAML, checks it against the schema, and caches what was parsed."""

from __future__ import annotations

import contextlib
from datetime import date, datetime
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from counterfoil import disk_cache
from counterfoil.world.scenario import Scenario, ScenarioDefinition, ScenarioError
from counterfoil.world.scenario_checks import check_references, line_message, yaml_message

CACHE_VERSION = 1
"""Increase it when the cached form of the same YAML changes, so that older cache files are not read."""

_INSTANT, _DAY = "\0instant", "\0day"


def read_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file. Raises ``ScenarioError``."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_scenario(path.stem, source, str(path))


def parse_scenario(name: str, source: bytes, where: str) -> Scenario:
    """The scenario in YAML ``source``. Raises ``ScenarioError`` with ``where`` and the line.

    Parsed files are cached on disk, because importing PyYAML and parsing takes ten times as long.
    """
    digest = sha256(source).hexdigest()
    file = disk_cache.file_for("scenarios", f"{digest}-{CACHE_VERSION}")
    data = _read_cache(file)
    was_cached = data is not None
    if not was_cached:
        data = _parse_yaml(source, where)
    try:
        definition = msgspec.convert(data, ScenarioDefinition, strict=True)
    except msgspec.ValidationError as error:
        raise ScenarioError(line_message(where, source, str(error))) from None
    scenario = Scenario(name=name, definition=definition, digest=digest, where=where, source=source)
    check_references(scenario)
    if not was_cached and file is not None:
        with contextlib.suppress(TypeError):  # a value without a JSON form: parse the file each time
            disk_cache.keep(file, msgspec.json.encode(_as_json(data)))
    return scenario


def _parse_yaml(source: bytes, where: str) -> dict[Any, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(source, Loader=loader)  # noqa: S506 - a safe loader, in C if available
    except (yaml.YAMLError, ValueError) as error:
        raise ScenarioError(f"{where}:{yaml_message(error)}") from None
    if not isinstance(data, dict):
        raise ScenarioError(f"{where}:1: a scenario is a mapping with title, text, starts, seller, …")
    return data


def _read_cache(file: Path | None) -> Any:
    if file is None:
        return None
    try:
        data = _from_json(msgspec.json.decode(file.read_bytes()))
    except (OSError, ValueError, TypeError):  # a damaged cache file: parse the scenario again
        return None
    return data if isinstance(data, dict) else None


def _as_json(value: Any) -> Any:
    """YAML values as JSON values that ``_from_json`` turns back. Raises ``TypeError`` for a value without such a form."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) and not key.startswith("\0") for key in value):
            raise TypeError("a key that is not a string, or a reserved one")
        return {key: _as_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    if isinstance(value, datetime):
        return {_INSTANT: value.isoformat()}
    if isinstance(value, date):
        return {_DAY: value.isoformat()}
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    raise TypeError(type(value).__name__)


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if _INSTANT in value:
            return datetime.fromisoformat(value[_INSTANT])
        if _DAY in value:
            return date.fromisoformat(value[_DAY])
        return {key: _from_json(member) for key, member in value.items()}
    return [_from_json(each) for each in value] if isinstance(value, list) else value
