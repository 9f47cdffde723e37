"""Measures the time to create, fork and reset a world, and a world's memory. In process, through the registry of worlds.

Run as ``python -m benchmarks.worlds CUSTOMERS`` it prints its results as JSON: each size runs in its own process.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.server_process import resident

REPEATS = 200
FORKS = 1_000


def milliseconds(act: Callable[[int], object], repeats: int = REPEATS) -> list[float]:
    """How long ``act(0)``, ``act(1)``, … took, in ms. The garbage collector is on, as it is in a server."""
    took = []
    for turn in range(repeats):
        began = time.perf_counter()
        act(turn)
        took.append((time.perf_counter() - began) * 1e3)
    return took


def spread(took: list[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": statistics.median(took), "least": min(took), "most": max(took)}


def measure(customers: int, scenario: str = "demo") -> dict[str, Any]:
    """Times in ms and memory in bytes, for one number of customers."""
    from counterfoil.lookup import all_switches
    from counterfoil.lookup import scenario as read
    from counterfoil.world.commands import CreateRun
    from counterfoil.world.worlds import Worlds

    switches = all_switches()
    worlds = Worlds(read, switches)
    worlds.create("small", scenario)  # imports and files read once are not counted
    gc.collect()
    before = resident(os.getpid())
    first = milliseconds(lambda _: worlds.create("default", scenario, customers=customers), 1)
    gc.collect()
    with_one = resident(os.getpid())
    forked = milliseconds(lambda turn: worlds.fork(f"fork-{turn}", "default"))
    created = milliseconds(lambda turn: worlds.create(f"create-{turn}", scenario, customers=customers))

    for turn in range(REPEATS):
        worlds.named(f"fork-{turn}").execute(CreateRun(name="Spring"))
    reset = milliseconds(lambda turn: worlds.reset(f"fork-{turn}"))
    return {
        "customers": customers,
        "first_ms": first[0],
        "fork_ms": spread(forked),
        "create_ms": spread(created),
        "reset_ms": spread(reset),
        "bytes_per_customer": (with_one - before) * 1e6 / customers,
        "bytes_per_world": _weight(worlds, "kept"),
        "bytes_per_written_world": _weight(
            worlds, "written", lambda name: worlds.named(name).execute(CreateRun(name="Spring"))
        ),
    }


def _weight(worlds: Any, mark: str, touch: Callable[[str], object] = lambda name: None) -> float:
    """Resident bytes that each of many forks adds. All are kept, so that none reuses memory that another freed."""
    gc.collect()
    before = resident(os.getpid())
    for turn in range(FORKS):
        name = f"{mark}-{turn}"
        worlds.fork(name, "default")
        touch(name)
    gc.collect()
    return max(0.0, (resident(os.getpid()) - before) * 1e6 / FORKS)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
