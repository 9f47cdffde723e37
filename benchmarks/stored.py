"""Measures the cost of keeping worlds in a store: ``python -m benchmarks.stored`` prints JSON, all times in ms.

Restart: a world of 10,000 customers with 10,000 commands, 123 of them a day that passes, from the start of the process until it
is ready; and the same without a store. Python's files are compiled, as after an install.
Many: 100,000 worlds of 10 commands in one file, its size, opening it, and the first request to a world that is not in memory.
Requests: CPU of one in this process, by id and for a page, without a store and with one, by turns.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from benchmarks.calls import Call
from benchmarks.engines import TICKS
from benchmarks.in_process import ask
from benchmarks.regression import PAGE, RUNS, _step
from benchmarks.server_process import answers_http, free_port
from counterfoil.app import Application, build
from counterfoil.ledger.errors import LedgerError
from counterfoil.store.log import CreateWorld, Row
from counterfoil.store.rebuilding import origin_of
from counterfoil.store.sqlite import SqliteLog
from counterfoil.world.commands import AddCharge, AdvanceClock, Command, CreateRun, UpdateRun, encode_command

CUSTOMERS, COMMANDS, WORLDS = 10_000, 10_000, 100_000


def mixed(count: int) -> Iterator[Command]:
    """Commands as clients send them: usage, charges and runs; one in 81 advances a day."""
    for number in range(count):
        customer = number % CUSTOMERS + 1
        if number % 81 == 0:
            yield AdvanceClock(days=1)
        elif number % 3 == 0:
            yield AddCharge(customer=customer, description=f"Charge {number}", amount=Decimal("1.25"))
        elif number % 3 == 1:
            yield CreateRun(name=f"Run {number}")
        else:
            yield UpdateRun(run=1, name=f"Renamed {number}")


def restart(folder: Path) -> dict[str, float]:
    store = str(folder / "large.db")
    application = build(scenario_name="demo", customers=CUSTOMERS, store=store)
    world = application.world
    for command in mixed(COMMANDS):
        try:
            world.execute(command)
        except LedgerError:  # a customer who left takes no charge
            world.execute(CreateRun())
    saving = world.head.saving
    assert saving is not None
    saving.result()
    application.close()

    times: dict[str, list[tuple[float, float]]] = {"restart": [], "start_without_store": []}
    for _ in range(6):
        times["restart"].append(started(folder, "--store", store))
        times["start_without_store"].append(started(folder, "--customers", str(CUSTOMERS)))
    found: dict[str, float] = {"file_bytes": Path(store).stat().st_size, "load": os.getloadavg()[0]}
    for name, each in times.items():  # without the first, which compiles
        wall, cpu = (statistics.median(values) for values in zip(*each[1:], strict=True))
        found |= {f"{name}_ms": round(wall), f"{name}_cpu_ms": round(cpu)}
    return found


def started(folder: Path, *options: str) -> tuple[float, float]:
    """Ms, and ms of CPU, until a server with those options is ready."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "counterfoil", "serve", "--quiet", "--port", str(port), *options],
        env={**environment, "PYTHONPYCACHEPREFIX": str(folder / "compiled")},
    )
    while not answers_http(port, "/ready"):  # it listens when it is
        time.sleep(0.005)
    took = time.perf_counter() - began
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    process.terminate()
    process.wait()
    return 1000 * took, 1000 * (int(fields[11]) + int(fields[12])) / TICKS


def many(folder: Path) -> dict[str, float]:
    store = folder / "many.db"
    application = build(["billingplatform"], scenario_name="demo", store=str(store))
    world = application.world
    origin, source = origin_of(world), world.scenario.source
    application.close()
    commands = [encode_command(CreateRun(name=f"Spring {number}", message="Thank you")) for number in range(10)]
    log = SqliteLog(store)
    life = 7 * 86_400.0
    for first in range(0, WORLDS, 5000):
        rows = (
            Row(number + 10, f"world-{number:06}", origin, 0, life, time.time() + life)
            for number in range(first, first + 5000)
        )
        log.commit([CreateWorld(row, source, commands) for row in rows])
    log.close()
    began = time.perf_counter()
    application = build(["billingplatform"], store=str(store))
    opened = time.perf_counter() - began
    cold, warm = [], []
    for number in range(0, WORLDS, 500):
        call = Call(f"/w/world-{number:06}{RUNS}3")
        for times in (cold, warm):
            began = time.perf_counter()
            _step(ask(application.server, call))
            times.append(time.perf_counter() - began)
    application.close()
    return {
        "many_file_bytes": store.stat().st_size,
        "many_open_ms": 1000 * opened,
        "cold_request_ms": 1000 * statistics.median(cold),
        "warm_request_ms": 1000 * statistics.median(warm),
    }


def requests(folder: Path) -> dict[str, float]:
    """Median of 15 turns of 300 requests each, CPU in µs."""
    kept = build(scenario_name="demo", customers=1000, store=str(folder / "requests.db"))
    plain = build(scenario_name="demo", customers=1000)

    def cpu(application: Application, call: Call) -> float:
        began = time.process_time()
        for _ in range(300):
            _step(ask(application.asgi_app, call))
        return (time.process_time() - began) / 300 * 1e6

    found: dict[str, float] = {}
    for name, call in {"by_id": Call(f"{RUNS}3"), "page": Call(PAGE)}.items():
        times: dict[str, list[float]] = {"plain": [], "stored": []}
        for _ in range(16):
            times["plain"].append(cpu(plain, call))
            times["stored"].append(cpu(kept, call))
        found |= {f"{name}_{which}_us": statistics.median(each[1:]) for which, each in times.items()}
    kept.close()
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(json.dumps({**requests(Path(made)), **restart(Path(made)), **many(Path(made))}, indent=1))
