"""Builds one OpenAPI document from our specs for spec-driven peers: the same paths, each with a real response as its example.

Peers that respond with an example then send as many rows as counterfoil does.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from benchmarks.dataset import Dataset

ROOT = Path(__file__).resolve().parents[1]
PREFIXES = {
    "elevate": "/elevate/v1",
    "oracle-brm": "/oracle-brm/brm/customerBillManagement/v4",
    "flexprice": "/flexprice/v1",
    "emnify": "/emnify/api/v1",
    "billingplatform": "/billingplatform/backend/api/v1",
}
_REF = re.compile(r'"#/components/(\w+)/')
Json = Any


def write(apis: tuple[str, ...], dataset: Dataset, target: Path) -> Path:
    """Write the document of some APIs; returns ``target``."""
    merged: dict[str, Json] = {
        "openapi": "3.0.3",
        "info": {"title": "benchmark", "version": "1"},
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {},
    }
    for api in apis:
        _add(merged, api, dataset)
    target.write_text(json.dumps(merged))
    return target


def _add(merged: dict[str, Json], api: str, dataset: Dataset) -> None:
    text = (ROOT / "specs" / api / "openapi.yaml").read_text()
    mark = api.replace("-", "_")
    # dates in examples become text again by ``default``
    plain = json.dumps(yaml.safe_load(text), default=lambda value: value.isoformat().replace("+00:00", "Z"))
    document = json.loads(_REF.sub(rf'"#/components/\1/{mark}_', plain))
    for kind, members in document.get("components", {}).items():
        merged["components"].setdefault(kind, {}).update({f"{mark}_{name}": each for name, each in members.items()})
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "patch", "put", "delete"):
                _fit(operation, document, mark)
                example = _example(f"{method.upper()} {PREFIXES[api]}{path}", dataset)
                if example is not None:
                    _show(operation, example, merged)
        merged["paths"][PREFIXES[api] + path] = item


def _fit(operation: dict[str, Json], document: dict[str, Json], mark: str) -> None:
    operation["operationId"] = f"{mark}_{operation.get('operationId', 'unnamed')}"
    needed: Json = operation.get("security", document.get("security", []))
    operation["security"] = [{f"{mark}_{name}": scopes for name, scopes in one.items()} for one in needed]
    for answer in operation["responses"].values():
        answer.pop("links", None)


def _example(key: str, dataset: Dataset) -> Json:
    pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(key)) + "$")
    return next((body for known, body in dataset.examples.items() if pattern.match(known)), None)


def _show(operation: dict[str, Json], example: Json, merged: dict[str, Json]) -> None:
    answer = operation["responses"]["200"]
    if "$ref" in answer:
        name = answer["$ref"].rpartition("/")[2]
        answer = merged["components"]["responses"][name]
        answer.pop("links", None)
    for content in answer["content"].values():
        content.pop("examples", None)
        content["example"] = example
