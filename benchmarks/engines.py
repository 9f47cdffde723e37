"""Measures the cost of each kind of store: ``python -m benchmarks.engines [URL...]`` prints JSON. It needs wrk and /proc.

Servers without a store, with a file, and with each URL (of empty databases that are running) take turns, each for a second at a
time over 16 connections; medians. CPU is that of the server's process, without the database's, so it says more than requests
per second where other programs run. Both load averages are shown, and how long the disk takes to flush: with 16 connections about
8 changes share a flush, so that 4 ms allow 2,000 changes a second, whatever the server does.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.calls import Call, posted
from benchmarks.regression import PAGE, RUNS
from benchmarks.wrk import run_wrk, write_requests
from counterfoil.store.opening import open_log

ROUNDS = 7
VISITING_SECONDS = 5.0
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Serving:
    """One server in a separate process, just started."""

    def __init__(self, store: str | None) -> None:
        options = [] if store is None else ["--store", store]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "counterfoil", "serve", "--quiet", "--port", "0", "--customers", "1000", *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def cpu(self) -> float:
        """Seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def visitors(server: Serving, store: str | None) -> dict[str, float]:
    """The cost of a visitor that creates a world and 10 billing runs in it, and reads 20 runs by id and 10 pages; the mean over
    consecutive visitors for some seconds."""
    size = 0 if store is None else _size(store)
    before, count, ends = server.cpu(), 0, time.monotonic() + VISITING_SECONDS
    connection = http.client.HTTPConnection("127.0.0.1", server.port)

    def send(method: str, path: str, body: object = None) -> None:
        headers = {"Authorization": "Bearer counterfoil-key", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        response.read()
        assert response.status < 300, response.status

    while time.monotonic() < ends:
        count += 1
        name = f"visitor-{count}"
        send("POST", "/_sandbox/v1/worlds", {"name": name, "time_to_live": 1800})
        for number in range(10):
            send("POST", f"/w/{name}{RUNS}", {"name": f"Run {number}"})
            send("GET", f"/w/{name}{RUNS}3")
            send("GET", f"/w/{name}{RUNS}4")
            send("GET", f"/w/{name}{PAGE}")
    connection.close()
    return {
        "visitors": count,
        "cpu_ms": round(1000 * (server.cpu() - before) / count, 1),
        "bytes": 0 if store is None else round((_size(store) - size) / count),
    }


def flush_ms(folder: Path) -> float:
    """How long the disk takes to flush 4 KiB; the median of 50."""
    times = []
    with (folder / "flushed").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(times), 2)


def _size(store: str) -> int:
    with closing(open_log(store, to_write=False)) as log:
        return log.size()


def measured(stores: dict[str, str | None], folder: Path) -> dict[str, Any]:
    work: dict[str, Call] = {"by id": Call(f"{RUNS}3"), "page": Call(PAGE), "create": posted(RUNS, {"name": "Spring"})}
    found: dict[str, Any] = {"load before": os.getloadavg()[0], "flush before, ms": flush_ms(folder)}
    servers = {name: Serving(store) for name, store in stores.items()}
    for what, call in work.items():
        rates: dict[str, list[float]] = {name: [] for name in servers}
        costs: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(ROUNDS + 1):
            for number, (name, server) in enumerate(servers.items()):
                file = write_requests([call], f"127.0.0.1:{server.port}", folder / f"requests-{number}")
                before = server.cpu()
                result = run_wrk(file, server.port, 1)
                rates[name].append(result.per_second)
                costs[name].append((server.cpu() - before) / result.requests * 1e6)
        for name in servers:  # without the first round, which warms up
            found[f"{what}, {name}"] = {
                "per_second": round(statistics.median(rates[name][1:])),
                "cpu_us": round(statistics.median(costs[name][1:]), 1),
            }
    for name, server in servers.items():
        found[f"visitor, {name}"] = visitors(server, stores[name])
        server.stop()
    found |= {"load after": os.getloadavg()[0], "flush after, ms": flush_ms(folder)}
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        named = {url.partition(":")[0]: url for url in sys.argv[1:]}
        print(json.dumps(measured({"no store": None, "file": f"{made}/worlds.db", **named}, Path(made)), indent=1))
