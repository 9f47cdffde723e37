"""The JSON Schema of scenario files, for editors, generated from the types that read them and from the commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from counterfoil import yaml_reader
from counterfoil.resources import specs_dir
from counterfoil.world.commands import COMMANDS, ResourceWrite
from counterfoil.world.scenario import ScenarioDefinition
from counterfoil.world.scenario_keys import KEYS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MAX_VALUES = {"tax_rate": 100, "share": 1, "spread": 1}
"""The largest value of a number in a part of a scenario, by key; 10**12 for other keys."""
_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_CUSTOMER = {"type": ["integer", "string"], "description": "A customer of this scenario, by key or by number."}


def scenario_schema() -> dict[str, Any]:
    """The schema of a scenario file. It refuses unknown keys; references between parts are checked by ``scenarios lint``."""
    _, parts = msgspec.json.schema_components((ScenarioDefinition, *COMMANDS.values()), ref_template="#/$defs/{name}")
    parts = {name: _described(name, part) for name, part in parts.items()}
    texts = command_texts()
    for name, kind in COMMANDS.items():
        parts[kind.__name__] = _step_members(parts[kind.__name__], texts.get(name, {}))
    one = ResourceWrite.__name__  # has the members of the command for one resource
    parts[one] = _step_members(parts[one], texts["write_resource"])
    top = parts.pop("ScenarioDefinition")
    top["properties"]["starts"]["format"] = "date-time"
    top["properties"]["story"]["items"] = _step(parts)
    return {"$schema": DRAFT, **top, "title": "A counterfoil scenario", "$defs": dict(sorted(parts.items()))}


def command_texts() -> dict[str, dict[str, str]]:
    """The descriptions of each command's members in the control API's document, by the command's name."""
    document = yaml_reader.read_file(specs_dir() / "control" / "openapi.yaml")
    schemas = document["components"]["schemas"]
    return {
        name: {
            member: schema["description"]
            for member, schema in schemas[kind.__name__]["properties"].items()
            if "description" in schema
        }
        for name, kind in COMMANDS.items()
    }


def plain_text(docstring: str | None) -> str:
    """A docstring as one paragraph, with code in single backticks."""
    return " ".join((docstring or "").replace("``", "`").split())


def _described(name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    """A part of the schema with plain number types and the description of each key."""
    result: dict[str, Any] = _plain(part, "", bounded=name in KEYS)
    result.pop("title", None)
    if "description" in result:
        result["description"] = plain_text(result["description"])
    for key, text in KEYS.get(name, {}).items():
        result["properties"][key]["description"] = text
    return result


def _plain(schema: Any, key: str, *, bounded: bool) -> Any:
    """``schema`` in which a decimal may be a number or a string, within the bounds of its key."""
    if isinstance(schema, list):
        return [_plain(item, key, bounded=bounded) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        bounds = {"minimum": 0, "maximum": MAX_VALUES.get(key, 10**12)} if bounded else {}
        default = {"default": _number(schema["default"])} if "default" in schema else {}
        return {"type": ["number", "string"], "pattern": _NUMBER, **bounds, **default}
    return {
        name: {subkey: _plain(value, subkey, bounded=bounded) for subkey, value in member.items()}
        if name == "properties"
        else _plain(member, key, bounded=bounded and name != "additionalProperties")
        for name, member in schema.items()
    }


def _number(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else float(text)


def _step_members(part: dict[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """The members of a command in a step of the story: without the command's name, and with customers by key as well."""
    members = {name: dict(schema) for name, schema in part["properties"].items() if name != "command"}
    for name, text in texts.items():
        members[name]["description"] = text
    for name in ("customer", "billed_to"):
        if name in members:
            nullable = "anyOf" in members[name]
            members[name] = {"type": [*_CUSTOMER["type"], "null"]} if nullable else dict(_CUSTOMER)
            members[name] |= {"description": _CUSTOMER["description"]}
    required = [name for name in part["required"] if name != "command"]
    return {**part, "properties": members, "required": required}


def _step(parts: Mapping[str, Any]) -> dict[str, Any]:
    at = {
        "type": ["string", "null"],
        "description": "The time to which the clock is advanced first; by default it does not move.",
    }
    commands = {
        name: {"$ref": f"#/$defs/{kind.__name__}", "description": parts[kind.__name__].get("description", "")}
        for name, kind in COMMANDS.items()
    }
    return {
        "type": "object",
        "description": "One command, with its time if it has one.",
        "properties": {"at": {**at, "format": "date-time"}, **commands},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in COMMANDS],
    }
