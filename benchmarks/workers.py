"""Measures a second worker's gain and cost: ``python -m benchmarks.workers [ROUNDS]`` prints JSON. It needs wrk and /proc.

Servers without a store, with one, and with one and two workers take turns, each for a second at a time; medians. CPU is that of
the server's processes, so it says more than requests per second where other programs run. Memory is the proportional share
(PSS) of each process, with 10,000 customers.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.calls import Call, posted
from benchmarks.regression import PAGE, RUNS
from benchmarks.wrk import run_wrk, write_requests

CUSTOMERS = 10_000
WAYS = {"no store": [], "1 worker": ["--store"], "2 workers": ["--workers", "2", "--store"]}
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Serving:
    """One server in separate processes."""

    def __init__(self, folder: Path, way: str) -> None:
        options = WAYS[way]
        store = [str(folder / f"{way.replace(' ', '-')}.db")] if options else []
        command = [sys.executable, "-m", "counterfoil", "serve", "--quiet", "--port", "0", *options, *store]
        self.process = subprocess.Popen([*command, "--customers", str(CUSTOMERS)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def processes(self) -> list[int]:
        listed = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [self.process.pid, *map(int, listed.stdout.split())]

    def cpu(self) -> float:
        """Seconds of all its processes so far."""
        fields = (Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in self.processes())
        return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def memory(self) -> list[float]:
        """MB of each process, the supervisor first."""
        found = []
        for each in self.processes():
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            found.append(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")))
        return found


def measured(rounds: int) -> dict[str, Any]:
    work: dict[str, Call] = {"by id": Call(f"{RUNS}3"), "create": posted(RUNS, {"name": "Spring"})}
    found: dict[str, Any] = {"load before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        servers = {way: Serving(folder, way) for way in WAYS}
        for name, call in work.items():
            files = {
                way: write_requests([call], f"127.0.0.1:{each.port}", folder / f"{way}-{name}")
                for way, each in servers.items()
            }
            rates: dict[str, list[float]] = {way: [] for way in WAYS}
            costs: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(rounds + 1):
                for way, each in servers.items():
                    before = each.cpu()
                    result = run_wrk(files[way], each.port, 1)
                    rates[way].append(result.per_second)
                    costs[way].append((each.cpu() - before) / result.requests * 1e6)
            for way in WAYS:  # without the first round, which warms up
                found[f"{name}, {way}"] = {
                    "per_second": round(statistics.median(rates[way][1:])),
                    "cpu_us": round(statistics.median(costs[way][1:]), 1),
                }
        for each in servers.values():
            each.stop()
        found |= memory(folder)
    found["load after"] = os.getloadavg()[0]
    return found


def memory(folder: Path) -> dict[str, float]:
    """MB of all processes together after some reads: a further worker takes the difference."""
    found = {}
    for count in (2, 3):
        WAYS[way := f"{count} workers in all"] = ["--workers", str(count), "--store"]
        serving = Serving(folder, way)
        file = write_requests([Call(f"{RUNS}3"), Call(PAGE)], f"127.0.0.1:{serving.port}", folder / way)
        run_wrk(file, serving.port, 2)
        found[f"memory_mb, {way}"] = round(sum(serving.memory()), 1)
        serving.stop()
    return found


if __name__ == "__main__":
    began = time.monotonic()
    print(
        json.dumps(
            {**measured(int(sys.argv[1]) if sys.argv[1:] else 5), "took": round(time.monotonic() - began)}, indent=1
        )
    )
