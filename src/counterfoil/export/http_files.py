"""Writes requests as ``.http`` files, one for each API; JetBrains' HTTP client, VS Code's REST Client and httpyac read them."""

from __future__ import annotations

import re

from counterfoil.export.sample import VARIABLE, Collection, Sample, encoded, one_line

SUFFIX = ".http"


def files(collection: Collection) -> dict[str, bytes]:
    """The files by name."""
    return {
        f"{folder}{SUFFIX}": _file(collection, folder, samples).encode()
        for folder, samples in collection.folders.items()
    }


def _file(collection: Collection, folder: str, samples: list[Sample]) -> str:
    used = [name for name in collection.variables if any(VARIABLE % name in _request(sample) for sample in samples)]
    lines = [f"# {collection.titles.get(folder, folder)}. {collection.text}"]
    lines += [f"@{name} = {collection.variables[name]}" for name in used]
    return "\n".join(lines) + "\n\n" + "\n".join(map(_request, samples))


def _request(sample: Sample) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", sample.text if " /" in sample.text else sample.name).strip("_")
    lines = [
        f"### {one_line(sample.name)}",
        f"# @name {name}",
        f"# {one_line(sample.text).removesuffix('.')}, answered with {sample.status}",
    ]
    if sample.optional_query:
        lines.append(
            f"# further parameters: {'&'.join(f'{name}={value}' for name, value in encoded(sample.optional_query))}"
        )
    lines.append(f"{sample.method} {VARIABLE % 'host'}{sample.target}")
    lines += [f"{name}: {value}" for name, value in sample.headers]
    return "\n".join([*lines, "", *([sample.body, ""] if sample.body is not None else [])])
