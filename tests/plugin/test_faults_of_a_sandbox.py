"""Faults are typed by their kind, listed, and removed without a reset of the world."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import counterfoil
from counterfoil import Sandbox

SUMMARY = "GET /customers/{id}/invoices/summary"


def status(sandbox: Sandbox) -> int:
    with sandbox.client("flexprice", transport=sandbox.transport()) as client:
        return client.get("/customers/cust_00000003/invoices/summary").status_code


def test_faults_are_listed_and_removed_while_the_world_stays() -> None:
    with Sandbox(scenario="late-payer") as sandbox:
        sandbox.world.record_payment("tardy", 1)
        first = sandbox.fail("flexprice", SUMMARY, status=503)
        sandbox.fail("flexprice", kind="too_many_requests", retry_after=2, probability=0.5, seed=1)
        assert status(sandbox) == 503
        assert [(each.id, each.spec.kind, each.hits) for each in sandbox.faults()] == [
            (1, "status", 1),
            (2, "too_many_requests", 0),
        ]
        sandbox.remove_fault(first)
        with pytest.raises(ValueError, match="there is no fault 1; there are: 2"):
            sandbox.remove_fault(1)
        sandbox.clear_faults()
        assert sandbox.faults() == []
        assert status(sandbox) == 200
        assert str(sandbox.world.balance("tardy")) == "14.28"
        assert sandbox.fail("flexprice", SUMMARY, status=503).id == 3, "an id is not used again"


def test_a_wrong_member_is_refused_with_those_of_its_kind() -> None:
    with Sandbox(scenario="late-payer") as sandbox, pytest.raises(Exception, match=r"'seconds'.*has: delay_ms, "):
        sandbox.fail("flexprice", kind="latency", delay_ms=1, seconds=2)  # type: ignore[call-overload]


def test_a_type_checker_refuses_a_member_of_another_kind(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "mine.py").write_text(
        """from counterfoil import Sandbox

def test_it(counterfoil: Sandbox) -> None:
    counterfoil.fail("elevate", status=503, times=1)
    counterfoil.fail("elevate", kind="latency", delay_ms=5, probability=0.5)
    counterfoil.fail("elevate", stattus=503)
    counterfoil.fail("elevate", kind="reset", status=503)
    counterfoil.fail("elevate", kind="latency")
"""
    )
    package = Path(counterfoil.__file__).parent.parent
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"),
            *("--cache-dir", str(tmp_path / "cache"), "mine.py"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(package)},
        timeout=240,
        check=False,
    )
    wrong = {line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line and line.startswith("mine")}
    assert wrong == {"6", "7", "8"}, done.stdout + done.stderr
