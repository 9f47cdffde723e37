"""The control API's spec says what the code does: the same routes, and for each command the members of its class."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from counterfoil.api.control_types import FaultSpec, Kind
from counterfoil.control.control_api import control
from counterfoil.control.customers import SORTS
from counterfoil.control.figures import AGES, NOT_DUE
from counterfoil.openapi import load, target_of
from counterfoil.world.commands import COMMANDS
from counterfoil.world.worlds import Worlds


def resolved(node: Any) -> Any:
    """The document with its references replaced by what they point to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            return resolved(target_of(DOCUMENT, node["$ref"]))
        return {key: resolved(each) for key, each in node.items()}
    return [resolved(each) for each in node] if isinstance(node, list) else node


DOCUMENT = load("control").raw
SPEC = resolved(DOCUMENT)
PATHS = SPEC["paths"]
KEPT = ("type", "format", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "maxItems", "default")


def body_of(path: str) -> Any:
    return PATHS[path]["post"]["requestBody"]["content"]["application/json"]["schema"]


def in_spec(schema: Any) -> dict[str, Any]:
    """A member as the spec has it, in terms both sides share: amounts are ``decimal``, and whether null is allowed."""
    nullable = schema.get("nullable", False)
    if "allOf" in schema:
        (schema,) = schema["allOf"]
    amounts = [each for each in schema.get("anyOf", []) if each["type"] == "number"]
    if amounts:
        return {"type": "decimal", "nullable": amounts[0].get("nullable", False)}
    found = plain(schema, nullable)
    if found.get("default") == []:
        del found["default"]
    return found


def in_code(schema: Any, parts: Any) -> dict[str, Any]:
    """The same description of a member, as msgspec derives it from the class."""
    branches = [each for each in schema.get("anyOf", [schema]) if each != {"type": "null"}]
    nullable = len(branches) < len(schema.get("anyOf", [schema]))
    default = {"default": schema["default"]} if schema.get("default") is not None else {}
    only = branches[0] if len(branches) == 1 else {"anyOf": branches}
    if "$ref" in only:
        only = {"type": "string", **parts[only["$ref"].rpartition("/")[2]]}
    if "$ref" in only.get("items", {}):
        only = {**only, "items": parts[only["items"]["$ref"].rpartition("/")[2]]}
    if only.get("format") == "decimal":
        return {"type": "decimal", "nullable": nullable}
    found = plain({**only, **default}, nullable)
    if found.get("default") in ([], ()):
        del found["default"]
    return found


def plain(schema: Any, nullable: bool) -> dict[str, Any]:
    found = {name: schema[name] for name in KEPT if name in schema}
    if "enum" in found:
        found |= {"type": "string", "enum": sorted(found["enum"])}
    if "items" in schema:
        found["items"] = plain(schema["items"], nullable=False)
    if "anyOf" in schema:
        found["anyOf"] = sorted(each["type"] for each in schema["anyOf"])
    return {**found, "nullable": nullable}


def derived(kind: type) -> tuple[set[str], dict[str, dict[str, Any]]]:
    _, parts = msgspec.json.schema_components([kind])
    own = parts[kind.__name__]
    members = {name: in_code(member, parts) for name, member in own["properties"].items() if name != "command"}
    return set(own.get("required", [])) - {"command"}, members


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_body_has_the_members_of_its_class(name: str) -> None:
    schema = body_of(f"/worlds/{{world}}/commands/{name}")
    required, members = derived(COMMANDS[name])
    assert set(schema.get("required", [])) == required
    assert {member: in_spec(value) for member, value in schema["properties"].items()} == members
    assert schema["additionalProperties"] is False
    assert PATHS[f"/worlds/{{world}}/commands/{name}"]["post"]["requestBody"]["required"] is bool(required)


def test_every_command_has_its_operation_and_the_spec_no_other() -> None:
    prefix = "/worlds/{world}/commands/"
    assert {path.removeprefix(prefix) for path in PATHS if path.startswith(prefix)} == set(COMMANDS)
    assert set(SPEC["components"]["schemas"]["NamedCommand"]["properties"]["command"]["enum"]) == set(COMMANDS)


def test_a_faults_body_has_the_members_of_its_class() -> None:
    schema = body_of("/worlds/{world}/faults")
    required, members = derived(FaultSpec)
    told = {name: in_spec(value) for name, value in schema["properties"].items()}
    for name in ("api", "operation"):  # a bound on text that the class has no need of
        told[name].pop("maxLength")
    assert set(schema["required"]) == required
    assert told == members
    assert set(schema["properties"]["kind"]["enum"]) == set(get_args(Kind))


def test_the_spec_and_the_route_table_have_the_same_operations() -> None:
    routes = control(Worlds(lambda name: pytest.fail(name)), token=None, apis=()).routes
    assert set(routes) == {f"{method.upper()} {path}" for path, item in PATHS.items() for method in item}


def test_lists_of_choices_are_those_of_the_code() -> None:
    (sort,) = (each for each in PATHS["/worlds/{world}/customers"]["get"]["parameters"] if each["name"] == "sort")
    assert sorted(sort["schema"]["enum"]) == sorted([*SORTS, *(f"-{name}" for name in SORTS)])
    currencies = SPEC["components"]["schemas"]["Figures"]["properties"]["currencies"]["items"]
    ages = currencies["properties"]["ageing"]["items"]["properties"]["age"]["enum"]
    assert ages == [NOT_DUE, *(label for _, label in AGES)]


def test_every_operation_wants_the_token() -> None:
    assert all("security" not in operation for item in PATHS.values() for operation in item.values())
    assert all(requirement for requirement in SPEC["security"])
