"""Writes requests as a Postman collection, format 2.1, which includes its variables."""

from __future__ import annotations

import json
from typing import Any

from counterfoil.export.sample import VARIABLE, Collection, Sample, encoded

Json = Any

FILE = "counterfoil.postman_collection.json"
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def files(collection: Collection) -> dict[str, bytes]:
    """The collection's one file, by name."""
    document = {
        "info": {"name": collection.title, "description": collection.text, "schema": SCHEMA},
        "variable": [{"key": name, "value": value, "type": "string"} for name, value in collection.variables.items()],
        "item": [
            {"name": collection.titles.get(folder, folder), "item": [_item(sample) for sample in samples]}
            for folder, samples in collection.folders.items()
        ],
    }
    return {FILE: (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()}


def _item(sample: Sample) -> Json:
    request: dict[str, Json] = {
        "method": sample.method,
        "description": sample.text,
        "header": [{"key": name, "value": value} for name, value in sample.headers],
        "url": _url(sample),
    }
    if sample.body is not None:
        language = "json" if "json" in sample.media_type else "text"
        request["body"] = {"mode": "raw", "raw": sample.body, "options": {"raw": {"language": language}}}
    test = [
        f"pm.test('it is answered with {sample.status}', () => {{",
        f"    pm.response.to.have.status({sample.status});",
        "});",
    ]
    return {
        "name": sample.name,
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": test}}],
        "request": request,
    }


def _url(sample: Sample) -> Json:
    query = [{"key": name, "value": value} for name, value in encoded(sample.query)]
    optional = [{"key": name, "value": value, "disabled": True} for name, value in encoded(sample.optional_query)]
    return {
        "raw": f"{VARIABLE % 'host'}{sample.target}",
        "host": [VARIABLE % "host"],
        "path": sample.path.lstrip("/").split("/"),
        "query": [*query, *optional],
    }
