"""No kind of request costs a fifth more than its recorded cost, counted in instructions, not in seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.regression import GROWTH, VERSION, compare, count, known  # noqa: E402


def measured(what: str) -> dict[str, Any]:
    """In a process of its own: coverage tools and debuggers count with the same hook, other tests leave caches filled."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.regression", what],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_no_request_costs_a_fifth_more_than_before() -> None:
    expected = known()
    if expected is None:
        pytest.skip(f"nothing was counted under Python {VERSION}; python -m benchmarks.regression --update")
    findings = compare(measured("--json"), expected)
    assert not findings, "\n".join([*findings, "worth it? then: python -m benchmarks.regression --update"])


def test_a_run_is_made_and_found_as_fast_among_many_as_among_few() -> None:
    grown = measured("--growth")
    assert max(grown.values()) < GROWTH, grown


def test_a_loss_of_a_quarter_is_found_and_one_of_a_tenth_is_not() -> None:
    assert compare({"page": 1250}, {"page": 1000}) == ["page: 1,250 instructions, were 1,000 (+25%)"]
    assert compare({"page": 1100}, {"page": 1000}) == []
    assert compare({"page": 500}, {"page": 1000}) == []
    assert len(compare({"page": 1000, "new": 1}, {"page": 1000, "gone": 1})) == 2


def test_the_count_grows_with_the_work_and_not_with_the_time() -> None:
    if known() is None:
        pytest.skip(f"nothing was counted under Python {VERSION}, which calls the hook for instructions otherwise")

    def work(rounds: int) -> int:
        return count(lambda: [number * number for number in range(rounds)])

    once = work(1000)
    assert work(1000) == once
    assert 1.9 < work(2000) / once < 2.1
