"""Is a spec fit to be held against anybody? The rules behind ``counterfoil specs lint``.

A spec is a folder with an ``openapi.yaml`` and, when it quotes a vendor, a ``clauses.yaml``; the answers a vendor printed
lie in ``fixtures/examples/<api>``. Every rule is a function from a ``Spec`` to the findings it has; none of them stops at
the first one and none of them raises over what a file says.

It knows nothing of the ledger, the world, the dialects, the server or HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV30SpecValidator

from counterfoil.contract.spec_citations import citations_resolve, evidence_cited, printed_citations_resolve
from counterfoil.contract.specread import Finding, Spec, SpecUnreadable, load_spec, read_json, read_yaml, spec_folders
from counterfoil.contract.specwalk import Node, pointer, resolve, value_errors

SOURCES = ("seed", "vendor", "assumption")
SOURCED = frozenset({"operation", "parameter", "header", "response", "requestBody", "securityScheme"})

_EXPRESSION = re.compile(
    r"^\$(?:url|method|statusCode|(?P<of>request|response)\."
    r"(?:header\.(?P<header>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)|(?P<where>query|path)\.(?P<name>.+)|body(?:#(?P<body>(?:/[^{}]*)?))?))$"
)


# ---------------------------------------------------------------- rules over the document


def valid_openapi(spec: Spec) -> list[Finding]:
    """The document is OpenAPI 3.0, as openapi-spec-validator sees it."""
    if not str(spec.document.get("openapi", "")).startswith("3.0."):
        return [spec.finding("#/openapi", "must be 3.0.x; the router takes no other")]
    # openapi-spec-validator 0.9 raises on a dangling reference instead of reporting it: look for those first.
    if dangling := list(_dangling(spec, spec.document, "#")):
        return dangling
    errors = OpenAPIV30SpecValidator(spec.document).iter_errors()
    return [spec.finding(pointer(*e.absolute_path), " ".join(e.message.split())[:300]) for e in errors]


def _dangling(spec: Spec, value: Any, where: str) -> Iterator[Finding]:
    if isinstance(value, dict):
        place = value.get("$ref")
        if isinstance(place, str) and resolve(spec.document, place) is None:
            yield spec.finding(where, f"the reference {place} leads nowhere in this document")
        for key, part in value.items():
            if key not in {"example", "value"}:  # data, not ours to read
                yield from _dangling(spec, part, pointer(key, base=where))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from _dangling(spec, part, f"{where}/{i}")


def sources_present(spec: Spec) -> list[Finding]:
    """Everything a reader may rely on says where it comes from."""
    if spec.ours:
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


def examples_valid(spec: Spec) -> list[Finding]:
    """Every example fits its schema, and every parameter, body and documented JSON answer has one."""
    findings = []
    for node in spec.nodes:
        if node.kind not in {"schema", "parameter", "header", "media"}:
            continue
        schema = node.value if node.kind == "schema" else node.value.get("schema")
        shown = list(_examples(spec.document, node))
        if not shown and schema and (node.kind == "media" or (node.kind == "parameter" and "example" not in schema)):
            findings.append(spec.finding(node.where, f"{node.kind} without an example"))
        for where, value in shown:
            findings += [spec.finding(where, e) for e in value_errors(spec.document, schema or {}, value)]
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


def house_rules(spec: Spec) -> list[Finding]:
    """What the router of the stand-in trips over although OpenAPI allows it (connexion 3.3)."""
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


def _statuses(spec: Spec, node: Node) -> list[Finding]:
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


def links_resolve(spec: Spec) -> list[Finding]:
    """Every link names an operation and parameters that exist, and its expressions can be evaluated."""
    return [finding for node in spec.nodes if node.kind == "link" for finding in _link(spec, node)]


def _link(spec: Spec, node: Node) -> Iterator[Finding]:
    target = _target(spec, node.value)
    if target is None:
        yield spec.finding(node.where, "the link's operation does not exist")
        return
    known = {(p.get("in"), p.get("name")) for p in _parameters(spec.document, target)}
    for name, value in node.value.get("parameters", {}).items():
        place, _, rest = name.partition(".")
        if name not in {n for _, n in known} and (place, rest) not in known:
            yield spec.finding(node.where, f"the link's operation has no parameter {name!r}")
        yield from (spec.finding(node.where, problem) for problem in _expression_problems(spec, node, value))
    if "requestBody" in node.value:
        yield from (spec.finding(node.where, p) for p in _expression_problems(spec, node, node.value["requestBody"]))


def _target(spec: Spec, link: Mapping[str, Any]) -> Mapping[str, Any] | None:
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


def _expression_problems(spec: Spec, node: Node, value: Any) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _expression_problems(spec, node, part)
    if not isinstance(value, str):
        return
    for text in [value] if value.startswith("$") else re.findall(r"\{([^{}]*)\}", value):
        match = _EXPRESSION.match(text)
        if match is None:
            yield f"{text!r} is no runtime expression"
        elif match["of"] == "response" and match["body"] and not _body_has(spec, node, match["body"]):
            yield f"{text!r} points at nothing in the answer's schema"


def _body_has(spec: Spec, node: Node, body: str) -> bool:
    response = resolve(spec.document, node.parent) if node.parent else None
    if not isinstance(response, dict):
        return True  # a link in components: the responses that refer to it are not known here
    tokens = [t.replace("~1", "/").replace("~0", "~") for t in body.split("/")[1:]]
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


# ---------------------------------------------------------------- switches, clauses, printed answers


def assumptions_well_formed(spec: Spec) -> list[Finding]:
    """Every switch has a name of this API, a default among its choices, a text and the rule it belongs to."""
    entries = spec.document.get("x-assumptions", [])
    if not isinstance(entries, list):
        return [spec.finding("#/x-assumptions", "must be a list")]
    findings, seen = [], set()
    for i, entry in enumerate(entries):
        name = entry.get("switch") if isinstance(entry, dict) else None
        problems = list(_assumption_problems(spec.api, entry)) if isinstance(entry, dict) else ["must be a mapping"]
        problems += [f"{name} stands here twice"] if name in seen else []
        seen.add(name)
        findings += [spec.finding(f"#/x-assumptions/{i}", problem) for problem in problems]
    return findings


def _assumption_problems(api: str, entry: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({"switch", "default", "choices", "text", "rule"} ^ set(entry)):
        yield f"{key} is missing" if key not in entry else f"{key} is no word of a switch"
    if not re.fullmatch(re.escape(api) + r"\.[a-z][a-z0-9_]*", str(entry.get("switch"))):
        yield f"a switch of this API is named {api}.<what>, not {entry.get('switch')!r}"
    for key in ("text", "rule"):
        if not isinstance(entry.get(key, "-"), str) or not entry.get(key, "-").strip():
            yield f"{key} says nothing"
    default, choices = entry.get("default"), entry.get("choices")
    if choices is None:
        if isinstance(default, bool) or not isinstance(default, int) or default < 0:
            yield "without choices the default must be a non-negative integer"
    elif not isinstance(choices, list) or len(choices) < 2 or not all(isinstance(c, (bool, int, str)) for c in choices):
        yield "choices must be a list of two or more strings, integers or booleans"
    elif not any(c == default and type(c) is type(default) for c in choices):
        yield f"the default {default!r} is not among the choices {choices}"


def clauses_accounted(spec: Spec, known_laws: Collection[str] | None = None) -> list[Finding]:
    """Every sentence of the seed has something that stands for it; ``known_laws``, when given, are the laws there are."""
    path = spec.folder / "clauses.yaml"
    if spec.ours and not path.exists():
        return []
    try:
        clauses = read_yaml(path)
    except SpecUnreadable as error:
        return [spec.finding("clauses.yaml", str(error))]
    if not isinstance(clauses, list) or not clauses:
        return [spec.finding("clauses.yaml", "must be a list of clauses")]
    findings, seen = [], set()
    for i, clause in enumerate(clauses):
        if not isinstance(clause, dict):
            findings.append(spec.finding(f"clauses.yaml/{i}", "must be a mapping"))
            continue
        name = str(clause.get("id"))
        problems = list(_clause_problems(spec, clause, known_laws))
        problems += ["stands here twice"] if name in seen else []
        seen.add(name)
        findings += [spec.finding(f"clauses.yaml {name}", problem) for problem in problems]
    return findings


def _clause_problems(spec: Spec, clause: Mapping[str, Any], known_laws: Collection[str] | None) -> Iterator[str]:
    for key in sorted(set(clause) - {"id", "says", "x-source", "rule", "spec", "laws", "wants", "untestable"}):
        yield f"{key} is no word of a clause"
    if not re.fullmatch(re.escape(spec.api) + r"\.[A-Za-z0-9_.-]+", str(clause.get("id"))):
        yield f"a clause of this API is named {spec.api}.<what>"
    if clause.get("x-source") not in SOURCES:
        yield f"x-source {clause.get('x-source')!r} is none of {', '.join(SOURCES)}"
    for key in ("says", "wants", "untestable"):
        if (key in clause or key == "says") and not str(clause.get(key) or "").strip():
            yield f"{key} says nothing"
    if not {"spec", "laws", "untestable"} & set(clause):
        yield "nothing stands for it: a spec pointer, laws, or why it is untestable"
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
    for place in [places] if isinstance(places, str) else places:
        if resolve(spec.document, place) is None:
            yield f"{place} is not in openapi.yaml"


def printed_answers_valid(spec: Spec, folder: Path) -> list[Finding]:
    """Every answer a vendor printed fits our spec. ``"validates": false`` with a ``note`` marks one that cannot."""
    findings = []
    for path in sorted(folder.glob("*.json")):
        try:
            printed = read_json(path)
            problems = list(_printed_problems(spec, printed)) if isinstance(printed, dict) else ["must be an object"]
        except SpecUnreadable as error:
            problems = [str(error)]
        findings += [spec.finding(path.name, problem) for problem in problems]
    return findings


def _printed_problems(spec: Spec, printed: Mapping[str, Any]) -> Iterator[str]:
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


RULES: tuple[Callable[[Spec], list[Finding]], ...] = (
    valid_openapi,
    sources_present,
    examples_valid,
    house_rules,
    links_resolve,
    assumptions_well_formed,
    clauses_accounted,
    evidence_cited,
    citations_resolve,
)


def lint(folder: Path, printed: Path | None = None) -> list[Finding]:
    """All findings about the spec in ``folder``, and about the printed answers in ``printed`` when given; never raises.

    A document that is not OpenAPI at all is reported as that and not looked into further.
    """
    try:
        spec = load_spec(folder)
    except SpecUnreadable as error:
        return [Finding(folder.name, "openapi.yaml", str(error))]
    try:
        if broken := valid_openapi(spec):
            return broken
        findings = [finding for rule in RULES[1:] for finding in rule(spec)]
        if printed:
            findings += printed_answers_valid(spec, printed) + printed_citations_resolve(spec, printed)
        return findings
    except RecursionError:
        return [spec.finding("openapi.yaml", "nests too deep, or holds itself")]


__all__ = ["RULES", "Finding", "Spec", "SpecUnreadable", "lint", "load_spec", "spec_folders"]
