"""The reference of scenario files, world commands, faults and the control API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from md import code, fence, page, prose, section, slug, table

from counterfoil import yaml_reader
from counterfoil.api.control_types import COMMON_MEMBERS, KIND_MEMBERS, REQUIRED_MEMBERS
from counterfoil.cli.scenario_schema import command_texts, plain_text, scenario_schema
from counterfoil.lookup import scenario, scenario_names
from counterfoil.resources import specs_dir
from counterfoil.world.commands import COMMANDS

PARTS = {
    "Seller": "seller",
    "Zone": "zones[]",
    "TariffPlan": "tariffs[]",
    "Package": "tariffs[].packages[]",
    "RatePlan": "tariffs[].rates[]",
    "NamedCustomer": "customers[]",
    "Population": "population",
    "Profile": "population.profiles[]",
    "DateRange": "joined and leaves of a profile",
    "MonthlyUsage": "population.profiles[].usage[]",
    "PaymentBehaviour": "population.profiles[].pays",
    "Credential": "credentials[]",
    "MonthlyBilling": "billing",
}
"""Where each part of a scenario stands in the file."""
KIND_TEXTS = {
    "status": "That status, in the vendor's own error body.",
    "latency": "The right answer, late.",
    "reset": "The connection breaks before an answer.",
    "truncate": "The whole Content-Length is promised, and less is sent.",
    "malformed": "A body that is not JSON.",
    "too_many_requests": "429 with Retry-After.",
    "slow_drip": "The right answer, a few bytes at a time.",
}


def control_document() -> dict[str, Any]:
    document: dict[str, Any] = yaml_reader.read_file(specs_dir() / "control" / "openapi.yaml")
    return document


def schema_json() -> str:
    return json.dumps(scenario_schema(), indent=1, ensure_ascii=False) + "\n"


def scenario_files() -> str:
    schema = scenario_schema()
    parts = schema["$defs"]
    sections = [
        section(code(place), prose(parts[name].get("description", "")), _members(parts[name]), anchor=slug(name))
        for name, place in PARTS.items()
    ]
    missing = set(_referred(schema["properties"], parts)) - PARTS.keys() - {"Proration", "Service"}
    if missing:
        raise SystemExit(f"world_pages.PARTS: say where {missing} stand in a scenario file")
    shipped = table(
        ["scenario", "title", "what happens"],
        [(code(name), read.title, read.text) for name in scenario_names() for read in [scenario(name).definition]],
    )
    return page(
        "Scenario files",
        "A world starts from a scenario: a YAML file. How to write one is in [Write a "
        "scenario](../how-to/write-a-scenario.md).",
        "For completion and checks in an editor there is a JSON Schema, "
        "[scenario.schema.json](scenario.schema.json); `counterfoil scenarios schema` "
        "prints it. Name it in the first line of a scenario:",
        fence("# yaml-language-server: $schema=scenario.schema.json", "yaml"),
        "`counterfoil scenarios lint FILE` checks keys, references between parts, and whether the story can be "
        "run. Numbers are decimal and exact; they "
        "may be in quotation marks. An unknown key is an error.",
        section("The file", _members(schema), anchor="file"),
        *sections,
        section(
            code("story[]"),
            "A step has one command, by its name, and `at` if the clock is to be advanced first. In a story a "
            "customer is given by key or by number. "
            "Commands and their members are in [World commands](world-commands.md).",
            fence(
                "story:\n  - {at: 2026-01-10T12:00:00Z, record_usage: {customer: acme, country: DE, quantity: 25}}",
                "yaml",
            ),
            anchor="story",
        ),
        section("Scenarios that come along", shipped, anchor="shipped"),
    )


def _referred(value: Any, parts: Mapping[str, Any]) -> Iterator[str]:
    """The names of the parts that a schema leads to, but for those of the story's steps."""
    if isinstance(value, list):
        for each in value:
            yield from _referred(each, parts)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "$ref":
                name = each.rpartition("/")[2]
                yield name
                yield from _referred(parts[name], parts)
            elif key != "story":
                yield from _referred(each, parts)


def _members(part: Mapping[str, Any], texts: Mapping[str, str] | None = None) -> str:
    required = part.get("required", ())
    return table(
        ["key", "type", "default", "what it is"],
        [
            (
                code(name),
                _type(schema),
                _default(name, schema, required),
                (texts or {}).get(name) or schema.get("description", ""),
            )
            for name, schema in part.get("properties", {}).items()
        ],
    )


def _default(name: str, schema: Mapping[str, Any], required: Any) -> str:
    if name in required:
        return "required"
    default = schema.get("default")
    if default is None or (not default and not isinstance(default, bool | int)):
        return ""
    if isinstance(default, list | tuple) and isinstance(default[0], dict):
        return ", ".join(code(each["key"]) for each in default)
    return code(json.dumps(default).strip('"'))


def _type(schema: Mapping[str, Any]) -> str:
    """A schema's type in words, with its bounds."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"] if each.get("type") != "null"))
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        choices = scenario_schema()["$defs"][name].get("enum")
        if choices:
            return ", ".join(map(code, choices))
        return f"[{PARTS[name]}](#{slug(name)})" if name in PARTS else f"{name}"
    kind = schema.get("type")
    if kind == "array":
        inner = _type(schema["items"]) if schema.get("items") else "any"
        return f"list of {inner}" if "$ref" not in str(schema.get("items")) or "](#" not in inner else f"list: {inner}"
    if isinstance(kind, list):
        kind = "number" if "number" in kind else "number or key"
    words = {"string": "text", "integer": "whole number", "object": "mapping", "boolean": "true or false"}
    text = words.get(str(kind), str(kind))
    formats = {"date": "date", "date-time": "instant"}
    text = formats.get(schema.get("format", ""), text)
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None and high < 10**12:
        return f"{text}, {low:,} to {high:,}"
    return f"{text}, from {low}" if low is not None else text


def world_commands() -> str:
    parts, texts = scenario_schema()["$defs"], command_texts()
    rows = [
        (f"[`{name}`](#{slug(name)})", plain_text(kind.__doc__).partition(". ")[0].rstrip(".") + ".")
        for name, kind in COMMANDS.items()
    ]
    sections = [
        section(
            code(name), prose(plain_text(kind.__doc__)), _members(parts[kind.__name__], texts[name]), anchor=slug(name)
        )
        for name, kind in COMMANDS.items()
    ]
    return page(
        "World commands",
        "There is no other way to change a world. The same commands stand in a scenario's `story`, in capsules, "
        "in the control API "
        "(`POST /_sandbox/v1/worlds/{world}/commands/{command}`) and behind the methods of the fixture's `.world`.",
        "A command is applied completely, or refused with a message and the member at fault, and then nothing has "
        "changed. Amounts are exact decimals in the "
        "account's currency. A customer is given by number; in a story and in the fixture by key as well.",
        table(["command", "what it does"], rows),
        *sections,
    )


def faults() -> str:
    new_fault = control_document()["components"]["schemas"]["NewFault"]["properties"]
    rows = [
        (
            code(kind),
            KIND_TEXTS[kind],
            ", ".join(
                f"`{name}`{' (required)' if REQUIRED_MEMBERS.get(kind) == name else ''}"
                for name in sorted(KIND_MEMBERS[kind])
            ),
        )
        for kind in KIND_MEMBERS
    ]
    members = [
        (code(name), _bounds(schema), code(schema.get("default")), schema.get("description") or "")
        for name, schema in new_fault.items()
    ]
    example = 'counterfoil.fail("flexprice", "GET /customers/{id}/invoices/summary", status=503, times=1)'
    return page(
        "Faults",
        "A fault makes requests to an API fail on purpose. It affects only requests that are otherwise right: "
        "routed, authenticated and valid. A world has up "
        "to 100 faults.",
        section("Kinds", table(["kind", "what the client gets", "members"], rows), anchor="kinds"),
        section(
            "Members",
            f"All kinds have {', '.join(map(code, ('api', 'operation', *COMMON_MEMBERS)))}.",
            table(["member", "type", "default", "what it is"], members),
            anchor="members",
        ),
        section(
            "How one is added",
            "In a test, with the fixture:",
            fence(example, "python", why_not_run="one line of a test; the tutorial's chapter on faults is run"),
            "Over HTTP, `POST /_sandbox/v1/worlds/{world}/faults` with the members as JSON; on the page, in the "
            "view *Faults*. Without any set-up, a request may "
            "ask for one itself: `Prefer: code=503` answers a status that its operation documents, `Prefer: "
            "delay=250` waits so many milliseconds.",
        ),
    )


def _bounds(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(map(code, schema["enum"]))
    if "allOf" in schema:
        return "number"
    return _type({name: value for name, value in schema.items() if name != "description"})


def control_api() -> str:
    document = control_document()
    sections = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "post", "put", "patch", "delete") or "/commands/" in path:
                continue
            sections.append(_operation(document, path, method, item, operation))
    commands = section(
        "`POST /worlds/{world}/commands/{command}`",
        "Executes one command; its body is the command's members. There is one operation for each of the "
        "[world commands](world-commands.md). The answer has the resulting fact and the world's new version.",
        anchor="commands",
    )
    return page(
        "Control API",
        "The HTTP API at `/_sandbox/v1` with which worlds are made, changed and observed, from any language. Its "
        "OpenAPI document is "
        "`specs/control/openapi.yaml`.",
        prose(document["info"]["description"].strip()),
        *sections,
        commands,
    )


def _operation(
    document: Mapping[str, Any], path: str, method: str, item: Mapping[str, Any], operation: Mapping[str, Any]
) -> str:
    found = [_resolved(document, each) for each in [*item.get("parameters", []), *operation.get("parameters", [])]]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    body = _resolved(document, body) if body else {}
    rows = [
        (code(each["name"]), each["in"], _type(_simple(document, each.get("schema", {}))), each.get("description", ""))
        for each in found
    ]
    rows += [
        (
            code(name),
            "body",
            _type(_simple(document, schema)),
            f"{'Required. ' if name in body.get('required', ()) else ''}{schema.get('description', '')}",
        )
        for name, schema in body.get("properties", {}).items()
    ]
    statuses = ", ".join(code(status) for status in sorted(operation["responses"]))
    return section(
        f"`{method.upper()} {path}`",
        prose(f"**{operation['summary']}.** {' '.join((operation.get('description') or '').split())}".strip()),
        table(["member", "in", "type", "what it is"], rows),
        f"Answers: {statuses}.",
        anchor=slug(operation["operationId"]),
    )


def _resolved(document: Any, schema: Mapping[str, Any]) -> Any:
    while "$ref" in schema:
        found = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def _simple(document: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without references, as far as a table of types needs it."""
    schema = _resolved(document, schema)
    if "allOf" in schema or "oneOf" in schema:
        return {"type": "object"}
    if schema.get("type") == "array":
        return {"type": "array", "items": _simple(document, schema.get("items", {}))}
    return {"type": "object", **schema} if "type" not in schema else dict(schema)
