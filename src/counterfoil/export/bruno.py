"""Writes requests as a Bruno collection: a folder of ``.bru`` files, with an environment that holds the variables."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable

from counterfoil.export.sample import VARIABLE, Collection, Sample, encoded, one_line

ENVIRONMENT = "counterfoil"


def files(collection: Collection) -> dict[str, bytes]:
    """The files by path."""
    settings = {"version": "1", "name": collection.title, "type": "collection", "ignore": ["node_modules", ".git"]}
    texts = {
        "bruno.json": json.dumps(settings, indent=2) + "\n",
        "collection.bru": _block("docs", [collection.text]),
        f"environments/{ENVIRONMENT}.bru": _block("vars", _pairs(collection.variables.items())),
    }
    for number, (folder, samples) in enumerate(collection.folders.items(), 1):
        title = collection.titles.get(folder, folder)
        texts[f"{folder}/folder.bru"] = _block("meta", [f"name: {title}", f"seq: {number}"])
        for position, sample in enumerate(samples, 1):
            texts[f"{folder}/{position:03}-{_file_name(sample.name)}.bru"] = _request(sample, position)
    return {name: text.encode() for name, text in texts.items()}


def _request(sample: Sample, position: int) -> str:
    kind = "none" if sample.body is None else _kind(sample.media_type)
    blocks = [
        _block("meta", [f"name: {one_line(sample.name)}", "type: http", f"seq: {position}"]),
        _block(sample.method.lower(), [f"url: {VARIABLE % 'host'}{sample.target}", f"body: {kind}", "auth: none"]),
    ]
    if sample.query or sample.optional_query:
        optional = [(f"~{name}", value) for name, value in encoded(sample.optional_query)]
        blocks.append(_block("params:query", _pairs([*encoded(sample.query), *optional])))
    if sample.headers:
        blocks.append(_block("headers", _pairs(sample.headers)))
    if sample.body is not None:
        blocks.append(_block(f"body:{kind}", sample.body.splitlines()))
    blocks.append(_block("assert", [f"res.status: eq {sample.status}"]))
    blocks.append(_block("settings", ["encodeUrl: false"]))
    blocks.append(_block("docs", [one_line(sample.text)]))
    return "\n".join(blocks)


def _kind(media_type: str) -> str:
    return "json" if "json" in media_type else "text"


def _block(name: str, lines: Iterable[str]) -> str:
    return f"{name} {{\n{textwrap.indent(chr(10).join(lines), '  ')}\n}}\n"


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in pairs]


def _file_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80] or "request"
