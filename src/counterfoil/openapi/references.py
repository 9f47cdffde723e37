"""Follows references within one document, and lists its operations with references resolved."""

from __future__ import annotations

from typing import Any

from counterfoil import json_pointer
from counterfoil.openapi.spec import METHODS, SpecError

Json = Any


def target_of(document: Json, reference: str) -> Json:
    """What a local reference (``#/components/…``) points to. Raises ``SpecError``."""
    if not reference.startswith("#/"):
        raise SpecError(f"{reference} is outside the document; put it under #/components")
    try:
        return json_pointer.find(document, reference)
    except LookupError:
        raise SpecError(f"{reference} points to nothing") from None


def resolve(document: Json, node: Json) -> Json:
    """``node``, or what it points to through one or more references. Raises ``SpecError``."""
    followed: set[str] = set()
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        reference = node["$ref"]
        if reference in followed:
            raise SpecError(f"{reference} refers to itself")
        followed.add(reference)
        node = target_of(document, reference)
    return node


def operations_of(raw: Json) -> dict[str, Json]:
    """Every operation of the document by ``"GET /path"``, as ``Spec.operations`` describes them. Raises ``SpecError``."""
    operations: dict[str, Json] = {}
    for path, unresolved in raw["paths"].items():
        item = resolve(raw, unresolved)
        shared = [resolve(raw, each) for each in item.get("parameters", [])]
        for method in METHODS:
            if method in item:
                operations[f"{method.upper()} {path}"] = _operation(raw, item[method], shared)
    return operations


def _operation(raw: Json, operation: Json, shared: list[Json]) -> Json:
    """The operation with the path item's parameters, where it does not override them, and its references resolved."""
    own = [resolve(raw, each) for each in operation.get("parameters", [])]
    named = {(each["name"], each["in"]) for each in own}
    resolved = {**operation, "parameters": own + [each for each in shared if (each["name"], each["in"]) not in named]}
    if "requestBody" in operation:
        resolved["requestBody"] = resolve(raw, operation["requestBody"])
    resolved["responses"] = {
        str(status): _response(raw, resolve(raw, response))
        for status, response in operation.get("responses", {}).items()
    }
    resolved.setdefault("security", raw.get("security", []))
    return resolved


def _response(raw: Json, response: Json) -> Json:
    if "headers" not in response:
        return response
    return {**response, "headers": {name: resolve(raw, header) for name, header in response["headers"].items()}}
