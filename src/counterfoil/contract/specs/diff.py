"""Compares two OpenAPI documents for ``counterfoil specs diff``: what changed, and whether it breaks clients.

The comparison is made by api-smart-diff, from npm: of the packages on PyPI and npm it alone noticed both a new required
parameter and a removed response member (openapi-diff 0.24.1 does not report the parameter). It needs Node.js.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterfoil.contract.specs.reading import SpecUnreadable, read_json, read_yaml

PACKAGE = "api-smart-diff@1.0.6"
MAX_WAIT = 180

# npx adds its install folder to PATH; the package is loaded from there.
_SCRIPT = """
const { createRequire } = require("node:module"), path = require("node:path"), fs = require("node:fs");
const bin = process.env.PATH.split(path.delimiter).find(p => p.includes("_npx"));
const { apiDiff } = createRequire(path.join(bin, "..", "x.js"))("api-smart-diff");
const [before, after] = process.argv.slice(2).map(file => JSON.parse(fs.readFileSync(file, "utf8")));
const found = apiDiff(before, after).map(d => ({ kind: d.type, where: d.path.join("/"), text: d.description || d.action }));
process.stdout.write(JSON.stringify(found));
"""


class CannotCompare(Exception):
    """The documents cannot be compared, or the tool that compares them is missing: one line."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``kind`` is breaking, non-breaking, annotation, deprecated or unclassified."""

    kind: str
    where: str
    text: str

    @property
    def is_breaking(self) -> bool:
        return self.kind == "breaking"


def compare(old: Path, new: Path) -> list[Change]:
    """The changes from ``old`` to ``new`` (YAML or JSON files), breaking ones first. Raises ``CannotCompare``."""
    documents = [_read(old), _read(new)]
    npx = shutil.which("npx")
    if npx is None:
        raise CannotCompare("npx was not found: install Node.js, which includes it")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, document in zip(("old", "new"), documents, strict=True):
            paths.append(Path(folder) / f"{name}.json")
            paths[-1].write_text(json.dumps(document, default=str))
        script = Path(folder) / "compare.cjs"
        script.write_text(_SCRIPT)
        command = [npx, "--yes", "--prefer-offline", "--package", PACKAGE, "--", "node", str(script), *map(str, paths)]
        environment = os.environ | {"NO_UPDATE_NOTIFIER": "1", "npm_config_update_notifier": "false"}
        try:
            completed = subprocess.run(  # noqa: S603 - our own script, over files of our own
                command, capture_output=True, text=True, timeout=MAX_WAIT, check=False, env=environment
            )
        except subprocess.TimeoutExpired:
            raise CannotCompare(f"{PACKAGE} did not finish within {MAX_WAIT} seconds") from None
    if completed.returncode != 0:
        error_line = next((line for line in completed.stderr.splitlines() if "rror" in line), "no reason given")
        raise CannotCompare(f"{PACKAGE} could not compare them: {error_line[:200]}")
    changes = [Change(**found) for found in json.loads(completed.stdout)]
    seen = [change for change in changes if change.is_breaking or not change.where.startswith("components/")]
    return sorted(seen, key=lambda change: (not change.is_breaking, change.where))


def _read(path: Path) -> Any:
    try:
        document = read_json(path) if path.suffix == ".json" else read_yaml(path)
    except SpecUnreadable as error:
        raise CannotCompare(str(error)) from None
    if not isinstance(document, dict) or "openapi" not in document:
        raise CannotCompare(f"{path}: not an OpenAPI document")
    return document
