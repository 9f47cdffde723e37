"""The rules of ``counterfoil specs lint``, which check that an OpenAPI document can be used to check an implementation.

A spec is a folder with an ``openapi.yaml``, or a document of any name. ``RULES`` are for every spec. A spec that was written
from a vendor's documents also has sources, switches and a ``clauses.yaml``, and ``SOURCED_RULES`` are for these. The
responses that a vendor published are in ``fixtures/examples/<api>``. Every rule is a function from a ``LintedSpec`` to all its
findings, and never raises because of a file's contents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV30SpecValidator

from counterfoil.contract.specs.citation_rules import citations_resolve, evidence_cited, printed_citations_resolve
from counterfoil.contract.specs.metadata_rules import (
    assumptions_well_formed,
    clauses_accounted,
    printed_responses_valid,
    sources_present,
)
from counterfoil.contract.specs.reading import (
    LintedSpec,
    LintFinding,
    SpecUnreadable,
    api_name,
    document_file,
    load_spec,
    spec_folders,
)
from counterfoil.contract.specs.walk import Node, value_errors
from counterfoil.json_pointer import follow as resolve
from counterfoil.json_pointer import join as pointer
from counterfoil.json_pointer import split
from counterfoil.openapi.path_templates import PARAMETER

_EXPRESSION = re.compile(
    r"^\$(?:url|method|statusCode|(?P<of>request|response)\."
    r"(?:header\.(?P<header>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)|(?P<where>query|path)\.(?P<name>.+)|body(?:#(?P<body>(?:/[^{}]*)?))?))$"
)


# ---------------------------------------------------------------- rules over the document


def valid_openapi(spec: LintedSpec) -> list[LintFinding]:
    """The document is valid OpenAPI 3.0 according to openapi-spec-validator."""
    if not str(spec.document.get("openapi", "")).startswith("3.0."):
        return [spec.finding("#/openapi", "must be 3.0.x; the router accepts no other version")]
    # openapi-spec-validator 0.9 raises on a dangling reference instead of reporting it: look for those first.
    if dangling := list(_dangling(spec, spec.document, "#")):
        return dangling
    errors = OpenAPIV30SpecValidator(spec.document).iter_errors()
    return [spec.finding(pointer(*e.absolute_path), " ".join(e.message.split())[:300]) for e in errors]


def _dangling(spec: LintedSpec, value: Any, where: str) -> Iterator[LintFinding]:
    if isinstance(value, dict):
        location = value.get("$ref")
        if isinstance(location, str) and resolve(spec.document, location) is None:
            yield spec.finding(where, f"the reference {location} has no target in this document")
        for key, part in value.items():
            if key not in {"example", "value"}:  # example data, not part of the schema
                yield from _dangling(spec, part, pointer(key, base=where))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from _dangling(spec, part, f"{where}/{i}")


def yaml_1_2(spec: LintedSpec) -> list[LintFinding]:
    """The file has no merge key: YAML 1.2 does not define it, and its parsers read ``<<`` as a member's name."""
    message = "YAML 1.2 has no merge key (<<): write the members out, or use $ref"
    return [spec.finding(f"{spec.file}:{line}", message) for line in spec.merges]


def examples_valid(spec: LintedSpec) -> list[LintFinding]:
    """Every example fits its schema, read as strictly as OpenAPI 3.0.3 allows."""
    findings = []
    for node in spec.nodes:
        if node.kind not in _WITH_EXAMPLES:
            continue
        schema = node.value if node.kind == "schema" else node.value.get("schema")
        for where, value in _examples(spec.document, node):
            findings += [spec.finding(where, e) for e in value_errors(spec.document, schema or {}, value)]
    return findings


_WITH_EXAMPLES = frozenset({"schema", "parameter", "header", "media"})


def examples_present(spec: LintedSpec) -> list[LintFinding]:
    """Every parameter, body and documented JSON response has an example."""
    findings = []
    for node in spec.nodes:
        schema = node.value.get("schema")
        if not schema or any(_examples(spec.document, node)):
            continue
        if node.kind == "media" or (node.kind == "parameter" and "example" not in schema):
            findings.append(spec.finding(node.where, f"{node.kind} without an example"))
    return findings


def _examples(document: Mapping[str, Any], node: Node) -> Iterator[tuple[str, Any]]:
    if "example" in node.value:
        yield f"{node.where}/example", node.value["example"]
    examples = node.value.get("examples")
    if node.kind == "schema" or not isinstance(examples, dict):
        return
    for name, example in examples.items():
        found = resolve(document, example["$ref"]) if "$ref" in example else example
        if isinstance(found, dict) and "value" in found:
            yield f"{node.where}/examples/{name}", found["value"]


def router_rules(spec: LintedSpec) -> list[LintFinding]:
    """The document uses nothing that OpenAPI allows but the stand-in's router (connexion 3.3) cannot handle."""
    findings = []
    for node in spec.nodes:
        if node.kind == "path" and "parameters" in node.value:
            findings.append(spec.finding(node.where, "parameters belong on the operations, not on the path"))
        elif node.kind == "operation" and not node.value.get("operationId"):
            findings.append(spec.finding(node.where, "operation without operationId"))
        elif node.kind == "operation":
            findings += _statuses(spec, node)
        elif node.kind == "parameter" and not _plain_type(spec.document, node.value):
            findings.append(spec.finding(node.where, "the parameter's schema needs a plain type"))
        elif node.kind == "response":
            json_types = [name for name in node.value.get("content", {}) if "json" in name]
            if len(json_types) > 1:
                findings.append(spec.finding(node.where, f"more than one JSON type: {', '.join(json_types)}"))
    return findings


def _statuses(spec: LintedSpec, node: Node) -> list[LintFinding]:
    statuses = set(node.value.get("responses", {}))
    ranges = [
        spec.finding(f"{node.where}/responses/{s}", "name each status; a range is not enforced")
        for s in sorted(statuses)
        if not re.fullmatch(r"[1-5]\d\d", s)
    ]
    secured = node.value.get("security", spec.document.get("security"))
    missing = sorted({"401", "403"} - statuses) if secured else []
    return ranges + [spec.finding(node.where, f"secured, but {status} is not documented") for status in missing]


def _plain_type(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> bool:
    schema = parameter.get("schema", {})
    if "$ref" in schema:
        schema = resolve(document, schema["$ref"]) or {}
    return isinstance(schema, dict) and isinstance(schema.get("type"), str)


# ---------------------------------------------------------------- links


def links_resolve(spec: LintedSpec) -> list[LintFinding]:
    """Every link names an operation and parameters that exist, and its expressions can be evaluated."""
    return [finding for node in spec.nodes if node.kind == "link" for finding in _link(spec, node)]


def _link(spec: LintedSpec, node: Node) -> Iterator[LintFinding]:
    target = _target(spec, node.value)
    if target is None:
        yield spec.finding(node.where, "the link's operation does not exist")
        return
    known = {(p.get("in"), p.get("name")) for p in _parameters(spec.document, target)}
    for name, value in node.value.get("parameters", {}).items():
        location, _, rest = name.partition(".")
        if name not in {n for _, n in known} and (location, rest) not in known:
            yield spec.finding(node.where, f"the link's operation has no parameter {name!r}")
        yield from (spec.finding(node.where, problem) for problem in _expression_problems(spec, node, value))
    if "requestBody" in node.value:
        if not isinstance(node.value["requestBody"], str):
            # https://github.com/swagger-api/swagger-core/issues/2833: OpenAPI allows any value here.
            yield spec.finding(node.where, "openapi-generator refuses a link's requestBody that is not a string")
        yield from (spec.finding(node.where, p) for p in _expression_problems(spec, node, node.value["requestBody"]))


def _target(spec: LintedSpec, link: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "operationRef" in link:
        found = resolve(spec.document, link["operationRef"])
        return found if isinstance(found, dict) else None
    node = spec.operations.get(str(link.get("operationId")))
    return node.value if node else None


def _parameters(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for parameter in operation.get("parameters", []):
        found = resolve(document, parameter["$ref"]) if "$ref" in parameter else parameter
        if isinstance(found, dict):
            yield found


def _expression_problems(spec: LintedSpec, node: Node, value: Any) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _expression_problems(spec, node, part)
    if not isinstance(value, str):
        return
    for text in [value] if value.startswith("$") else PARAMETER.findall(value):
        match = _EXPRESSION.match(text)
        if match is None:
            yield f"{text!r} is not a runtime expression"
        elif match["of"] == "response" and match["body"] and not _body_has(spec, node, match["body"]):
            yield f"{text!r} points at nothing in the response's schema"


def _body_has(spec: LintedSpec, node: Node, body: str) -> bool:
    response = resolve(spec.document, node.parent) if node.parent else None
    if not isinstance(response, dict):
        return True  # a link in components: the responses that use it are not known here
    tokens = split(body)
    schemas = [media.get("schema", {}) for media in response.get("content", {}).values()]
    return any(_schema_has(spec.document, schema, tokens, 0) for schema in schemas)


def _schema_has(document: Mapping[str, Any], schema: Any, tokens: list[str], depth: int) -> bool:
    if "$ref" in schema:
        schema = resolve(document, schema["$ref"]) or {}
    if not tokens or depth > 20:
        return True
    parts = [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, [])]
    if tokens[0].isdigit() and "items" in schema:
        parts, tokens = [*parts, schema["items"]], tokens[1:]
    elif tokens[0] in schema.get("properties", {}):
        parts, tokens = [*parts, schema["properties"][tokens[0]]], tokens[1:]
    return any(_schema_has(document, part, tokens, depth + 1) for part in parts)


RULES: tuple[Callable[[LintedSpec], list[LintFinding]], ...] = (valid_openapi, yaml_1_2, examples_valid, links_resolve)
SOURCED_RULES: tuple[Callable[[LintedSpec], list[LintFinding]], ...] = (
    sources_present,
    examples_present,
    router_rules,
    assumptions_well_formed,
    clauses_accounted,
    evidence_cited,
    citations_resolve,
)


def lint(location: Path, printed: Path | None = None) -> list[LintFinding]:
    """All findings about the spec in a folder or file, and about the printed responses in ``printed`` when given; never raises.

    A document that is not OpenAPI is reported as that and not examined further.
    """
    try:
        spec = load_spec(location)
    except SpecUnreadable as error:
        file = document_file(location).name
        return [LintFinding(api_name(location), file, line) for line in str(error).splitlines()]
    try:
        if broken := valid_openapi(spec):
            return broken + yaml_1_2(spec)
        rules = RULES[1:] + (SOURCED_RULES if spec.describes_own_api or spec.has_sources else ())
        findings = [finding for rule in rules for finding in rule(spec)]
        if printed:
            findings += printed_responses_valid(spec, printed) + printed_citations_resolve(spec, printed)
        return findings
    except RecursionError:
        return [spec.finding(spec.file, "nests too deeply, or contains itself")]


__all__ = [
    "RULES",
    "SOURCED_RULES",
    "LintFinding",
    "LintedSpec",
    "SpecUnreadable",
    "api_name",
    "document_file",
    "lint",
    "load_spec",
    "spec_folders",
]
