"""Lint rules about metadata in a spec: sources, switches, clauses, and the responses that a vendor published."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from counterfoil.contract.specs.reading import LintedSpec, LintFinding, SpecUnreadable, read_json, read_yaml
from counterfoil.contract.specs.walk import Node, value_errors
from counterfoil.json_pointer import follow as resolve

SOURCES = ("seed", "vendor", "assumption")
SOURCED = frozenset({"operation", "parameter", "header", "response", "requestBody", "securityScheme"})


def sources_present(spec: LintedSpec) -> list[LintFinding]:
    """Every operation, parameter, response, schema and security scheme names its source."""
    if spec.describes_own_api:
        return []
    findings = []
    for node in spec.nodes:
        source = node.value.get("x-source")
        if source is None and (node.kind in SOURCED or (node.kind == "schema" and _needs_source(node))):
            findings.append(spec.finding(node.where, f"{node.kind} without x-source"))
        elif source is not None and source not in SOURCES:
            findings.append(spec.finding(node.where, f"x-source {source!r} is none of {', '.join(SOURCES)}"))
    return findings


def _needs_source(node: Node) -> bool:
    component = re.fullmatch(r"#/components/schemas/[^/]+", node.where)
    return component is not None or node.value.get("type") == "object" or "properties" in node.value


def assumptions_well_formed(spec: LintedSpec) -> list[LintFinding]:
    """Every switch is named after this API, and has a default among its choices, a text and a rule."""
    entries = spec.document.get("x-assumptions", [])
    if not isinstance(entries, list):
        return [spec.finding("#/x-assumptions", "must be a list")]
    findings, seen = [], set()
    for i, entry in enumerate(entries):
        name = entry.get("switch") if isinstance(entry, dict) else None
        problems = list(_assumption_problems(spec.api, entry)) if isinstance(entry, dict) else ["must be a mapping"]
        problems += [f"{name} is repeated"] if name in seen else []
        seen.add(name)
        findings += [spec.finding(f"#/x-assumptions/{i}", problem) for problem in problems]
    return findings


def _assumption_problems(api: str, entry: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({"switch", "default", "choices", "text", "rule"} ^ set(entry)):
        yield f"{key} is missing" if key not in entry else f"{key} is not a member of a switch"
    if not re.fullmatch(re.escape(api) + r"\.[a-z][a-z0-9_]*", str(entry.get("switch"))):
        yield f"a switch of this API is named {api}.<what>, not {entry.get('switch')!r}"
    for key in ("text", "rule"):
        if not isinstance(entry.get(key, "-"), str) or not entry.get(key, "-").strip():
            yield f"{key} is empty"
    default, choices = entry.get("default"), entry.get("choices")
    if choices is None:
        if isinstance(default, bool) or not isinstance(default, int) or default < 0:
            yield "without choices the default must be a non-negative integer"
    elif not isinstance(choices, list) or len(choices) < 2 or not all(isinstance(c, (bool, int, str)) for c in choices):
        yield "choices must be a list of two or more strings, integers or booleans"
    elif not any(c == default and type(c) is type(default) for c in choices):
        yield f"the default {default!r} is not among the choices {choices}"


def clauses_accounted(spec: LintedSpec, known_laws: Collection[str] | None = None) -> list[LintFinding]:
    """Every clause is covered by a spec pointer, by laws, or by a reason; ``known_laws``, when given, are the existing laws."""
    path = spec.folder / "clauses.yaml"
    if spec.describes_own_api and not path.exists():
        return []
    try:
        clauses = read_yaml(path)
    except SpecUnreadable as error:
        return [spec.finding("clauses.yaml", line) for line in str(error).splitlines()]
    if not isinstance(clauses, list) or not clauses:
        return [spec.finding("clauses.yaml", "must be a list of clauses")]
    findings, seen = [], set()
    for i, clause in enumerate(clauses):
        if not isinstance(clause, dict):
            findings.append(spec.finding(f"clauses.yaml/{i}", "must be a mapping"))
            continue
        name = str(clause.get("id"))
        problems = list(_clause_problems(spec, clause, known_laws))
        problems += ["is repeated"] if name in seen else []
        seen.add(name)
        findings += [spec.finding(f"clauses.yaml {name}", problem) for problem in problems]
    return findings


def _clause_problems(spec: LintedSpec, clause: Mapping[str, Any], known_laws: Collection[str] | None) -> Iterator[str]:
    for key in sorted(set(clause) - {"id", "says", "x-source", "rule", "spec", "laws", "wants", "untestable"}):
        yield f"{key} is not a member of a clause"
    if not re.fullmatch(re.escape(spec.api) + r"\.[A-Za-z0-9_.-]+", str(clause.get("id"))):
        yield f"a clause of this API is named {spec.api}.<what>"
    if clause.get("x-source") not in SOURCES:
        yield f"x-source {clause.get('x-source')!r} is none of {', '.join(SOURCES)}"
    for key in ("says", "wants", "untestable"):
        if (key in clause or key == "says") and not str(clause.get(key) or "").strip():
            yield f"{key} is empty"
    if not {"spec", "laws", "untestable"} & set(clause):
        yield "nothing covers it: it needs a spec pointer, laws, or why it is untestable"
    if "untestable" in clause and {"spec", "laws"} & set(clause):
        yield "cannot be untestable and have a spec pointer or laws"
    laws = clause.get("laws") or []
    if not isinstance(laws, list):
        yield "laws must be a list"
    elif "laws" in clause and not laws and not clause.get("wants"):
        yield "laws is empty and wants does not say which is to be written"
    if known_laws is not None and isinstance(laws, list):
        yield from (f"there is no law {law}" for law in laws if law not in known_laws)
    places = clause.get("spec", [])
    for location in [places] if isinstance(places, str) else places:
        if resolve(spec.document, location) is None:
            yield f"{location} is not in openapi.yaml"


def printed_responses_valid(spec: LintedSpec, folder: Path) -> list[LintFinding]:
    """Every response that a vendor published fits the spec. ``"validates": false`` with a ``note`` marks one that cannot."""
    findings = []
    for path in sorted(folder.glob("*.json")):
        try:
            printed = read_json(path)
            problems = list(_printed_problems(spec, printed)) if isinstance(printed, dict) else ["must be an object"]
        except SpecUnreadable as error:
            problems = [str(error)]
        findings += [spec.finding(path.name, problem) for problem in problems]
    return findings


def _printed_problems(spec: LintedSpec, printed: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({"operation", "status", "source"} - set(printed)):
        yield f"{key} is missing"
    method, _, path = str(printed.get("operation")).partition(" ")
    operation = spec.document.get("paths", {}).get(path, {}).get(method.lower())
    if operation is None:
        yield f"the spec has no operation {printed.get('operation')!r}"
        return
    response = operation.get("responses", {}).get(str(printed.get("status")))
    if response and "$ref" in response:
        response = resolve(spec.document, response["$ref"])
    if response is None:
        yield f"{printed.get('operation')} documents no status {printed.get('status')}"
        return
    schemas = [media.get("schema", {}) for media in response.get("content", {}).values()]
    errors = value_errors(spec.document, schemas[0], printed.get("body")) if schemas else []
    if printed.get("validates", True):
        yield from errors
    elif not errors:
        yield "marked as not validating, but it does"
    elif not printed.get("note"):
        yield "does not validate and has no note that says why"
