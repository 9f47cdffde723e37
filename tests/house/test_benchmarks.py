"""Tests of the benchmark itself: wrong responses are not timed, missing tools are named, results name the machine."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import plot, report  # noqa: E402
from benchmarks.dataset import Dataset  # noqa: E402
from benchmarks.workloads import MEMBERS, SIZE, WORKLOADS, CheckedRequest, queries  # noqa: E402
from benchmarks.wrk import HINT  # noqa: E402


def dataset() -> Dataset:
    """A thousand customers; the number is the value, every tenth has ceased."""
    rows = [
        dict(zip(MEMBERS, (n, "CEASED" if n % 10 == 0 else "ACTIVE", "COMPLETE", n, 1000 - n, 0, 0), strict=True))
        for n in range(1, 1001)
    ]
    return Dataset(rows, [], [], {})


def requests_of(key: str) -> list[CheckedRequest]:
    return next(workload for workload in WORKLOADS if workload.key == key).requests("spec", dataset())


def test_distinct_requests_are_distinct_in_page_filter_and_sort() -> None:
    paths = [each.call.path for each in requests_of("a-distinct")]
    assert len(set(paths)) == len(paths) > 500
    selections = {(query.filters, query.keys) for query in queries(dataset(), keys=2)}
    assert len(selections) > 64  # what counterfoil caches


def test_an_answer_with_a_row_too_few_or_out_of_order_is_not_timed() -> None:
    known = dataset()
    query = queries(known, keys=2)[0]
    check = next(each.check for each in requests_of("a-distinct") if each.call.path == query.path("spec"))
    right = query.rows(known)[(query.page - 1) * SIZE : query.page * SIZE]
    assert check(right) is None
    assert check(right[:-1]) is not None
    assert check([right[1], right[0], *right[2:]]) is not None


def test_without_the_load_tool_it_says_how_to_get_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks"],
        cwd=ROOT,
        env={**os.environ, "PATH": "/nowhere", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr.strip()) == (3, HINT)


@pytest.fixture
def found() -> dict[str, Any]:
    def score(name: str, rate: float) -> dict[str, Any]:
        spread = {"least": rate - 10, "most": rate + 10, "p50_ms": 1.0, "p99_ms": 2.0, "megabytes": 60.0, "checked": 6}
        return {"server": name, "per_second": rate, **spread}

    machine = {"processor": "2 cores of a test", "memory": "1 GB", "system": "none", "python": "3"}
    logging = [score("counterfoil (logging)", 4000), score("Prism static (logging)", 500)]
    scores = [
        score("counterfoil", 5000),
        score("Prism static", 1000),
        *logging,
        {"server": "moto", "absent": "no such file"},
    ]
    return {"machine": machine, "timing": "one round", "work": {"e": scores}}


def test_the_report_has_ratios_and_names_the_machine_and_who_was_absent(found: dict[str, Any]) -> None:
    text = report.markdown(found)
    assert "| (e) × Prism static | ≥ 3 | 5 | reached |" in text
    assert "| (e) | 5,000 | 1,000 | 5.00 | 4,000 | 500 | 8.00 |" in text
    assert "| geometric mean |  |  | 5.00 |  |  | 8.00 |" in text
    assert "2 cores of a test" in text
    assert "- moto: no such file" in text


def test_the_plot_is_a_picture_that_names_the_machine(found: dict[str, Any]) -> None:
    texts = [each.text or "" for each in ET.fromstring(plot.svg(found)).iter("{http://www.w3.org/2000/svg}text")]
    assert any("2 cores of a test" in text for text in texts)
    assert {"counterfoil", "Prism static", "5,000", "1,000"} <= set(texts)
