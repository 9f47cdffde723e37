"""A third-party linter finds no error in any spec.

Redocly runs through npx, which fetches the pinned release the first time (19 MB, measured at 1.7 s with an empty cache and
1.5 s with a full one) and needs Node 20.19 or later. In CI it must be installed; elsewhere the tests are skipped with a message.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.specs.tools import ROOT, SPECS, npx

CONFIG = ROOT / ".redocly.yaml"
REDOCLY = "@redocly/cli@2.77.0"


def test_redocly_finds_no_error_but_in_a_broken_spec(tmp_path: Path) -> None:
    text = (ROOT / "specs" / "elevate" / "openapi.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "openapi.yaml"
    broken.write_text(text.replace("operationId: createbearertoken", "operationId: getCustomerBillingSummary"), "utf-8")
    options = ("--config", CONFIG, "--format", "json", "--max-problems", "9999")

    lint = npx("redocly", "lint", *options, *SPECS, broken, packages=(REDOCLY,))

    assert lint.returncode == 1, f"{lint.stdout}\n{lint.stderr}"
    for spec in [*SPECS, broken]:
        assert f"{spec.parent.name}/openapi.yaml: validated" in lint.stdout + lint.stderr
    problems, at = [], 0
    while "{" in lint.stdout[at:]:  # a report for each file
        report, at = json.JSONDecoder().raw_decode(lint.stdout, lint.stdout.index("{", at))
        problems += report["problems"]
    errors = [each for each in problems if each["severity"] == "error"]
    files = {Path(place["source"]["ref"]).resolve() for each in errors for place in each["location"]}
    assert ({each["ruleId"] for each in errors}, files) == ({"operation-operationId-unique"}, {broken.resolve()})
