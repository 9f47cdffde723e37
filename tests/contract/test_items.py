"""``contract_tests``: one pytest item for each operation and law, the same in every worker, with a message to act on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from counterfoil.contract import contract_tests

HERE = Path(__file__).parent
SUITE = """
from functools import partial
from targets import independent
from counterfoil.contract import contract_tests

test_sick = contract_tests("elevate", target=partial(independent, "elevate", "sort_ignores_desc"), only=["elevate.sort"])
test_nowhere = contract_tests("billingplatform", url="http://127.0.0.1:9/v1", only=["billingplatform.runs"])
test_unset = contract_tests("elevate", only=["elevate.auth.none"], environ={})
"""


def run(folder: Path, *options: str) -> str:
    (folder / "test_suite.py").write_text(SUITE)
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1] / "src"), os.environ.get("PYTHONPATH", "")])
    # this suite does not use installed plugins, and each of its processes would import them for a second or more
    without = ["--disable-plugin-autoload", "-pno:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *without, "-v", "-rs", "--rootdir", str(folder), *options]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True
    ).stdout


def test_each_law_is_an_item_whose_failure_explains_the_problem(tmp_path: Path) -> None:
    told = run(tmp_path)
    assert "test_sick[GET-/customer-billing-summaries-elevate.sort.asc] PASSED" in told
    assert "test_sick[GET-/customer-billing-summaries-elevate.sort.desc] FAILED" in told
    assert "expected: customerId descending" in told
    assert "curl -sS" in told
    assert "counterfoil check elevate --only elevate.sort.desc" in told
    assert "cannot be reached" in told
    assert "SKIPPED" in told
    assert "set COUNTERFOIL_URL_ELEVATE" in told
    assert "Traceback" not in told


def test_workers_agree_on_the_items(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    told = run(tmp_path, "-pxdist.plugin", "-n", "2")
    assert "Different tests were collected" not in told
    assert "test_sick[GET-/customer-billing-summaries-elevate.sort.desc]" in told


def test_an_unknown_api_is_refused_at_once() -> None:
    with pytest.raises(LookupError, match="no law book for 'elevte'"):
        contract_tests("elevte")
