"""A short version of ``python -m benchmarks.hostile``: memory and descriptors level off under mixed and hostile traffic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
@pytest.mark.timeout(120)
def test_memory_and_descriptors_level_off() -> None:
    program = [sys.executable, "-m", "benchmarks.hostile", "10", "6400"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "after the burst" in done.stdout
