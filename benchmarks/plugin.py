"""Times the pytest plugin: the first fixture of a session and each further one.

    python -m benchmarks.plugin

Each figure is the median of several pytest sessions, with minimum and maximum. Bounds: 0.6 s for the first fixture, 10 ms
for each further one.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SESSIONS = 7
TESTS = 40
SUITE = f"""
import time
import pytest

@pytest.fixture(autouse=True)
def _watch(request):
    started = time.perf_counter()
    request.getfixturevalue("counterfoil") if "plain" not in request.node.name else None
    print(f"SETUP {{(time.perf_counter() - started) * 1000:.3f}}")
    yield

@pytest.mark.counterfoil(scenario="late-payer")
@pytest.mark.parametrize("number", range({TESTS}))
def test_world(counterfoil, number):
    started = time.perf_counter()
    with counterfoil.client("flexprice") as client:
        assert client.get("/customers/cust_00000003/invoices/summary").status_code == 200
    print(f"CALL {{(time.perf_counter() - started) * 1000:.3f}}")
"""


def session(folder: Path) -> list[float]:
    """Milliseconds the fixture took in each test of one session, in order."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", str(folder)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=120, env=environment)
    return [float(found) for found in re.findall(r"SETUP ([\d.]+)", done.stdout)]


def shown(name: str, values: list[float]) -> str:
    return f"{name:34} {statistics.median(values):8.1f} ms   ({min(values):.1f} to {max(values):.1f})"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_worlds.py").write_text(SUITE)
        session(folder)  # fills caches and compiles
        sessions = [session(folder) for _ in range(SESSIONS)]
    print(shown("first fixture of a session", [times[0] for times in sessions]))
    print(shown("each further fixture", [time for times in sessions for time in times[1:]]))


if __name__ == "__main__":
    main()
