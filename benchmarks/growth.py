"""Measures how the time of a page, a page of bills and a fork grows with the number of customers. In process, without a socket.

HTTP would add the same time to every size and make growth look smaller than it is. Run as
``python -m benchmarks.growth CUSTOMERS`` it prints its results as JSON: each size runs in its own process.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

from benchmarks.calls import Call, posted
from benchmarks.dataset import BILL_FIELDS, ELEVATE, NEW_RUN, ORACLE, RUNS
from benchmarks.in_process import App, ask
from benchmarks.server_process import resident
from benchmarks.servers import HERE, STARTED_HERE
from benchmarks.worlds import milliseconds, spread

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 7
MAKE_RUN = posted(RUNS, NEW_RUN)


CHARGE = posted(
    "/_sandbox/v1/worlds/default/commands",
    {"command": "add_charge", "customer": 7, "description": "Setup", "amount": "5.00"},
)
"""A write that changes a customer's account, which invalidates cached orders and rows; creating a billing run keeps most."""


def page(number: int, sort: str = "openBillRunValue:desc") -> Call:
    """A page of 100 summaries, filtered and sorted."""
    return Call(f"{ELEVATE}?page={number}&pageSize=100&sort={sort}&billingStatus=ACTIVE")


def bills(number: int, low: int = 10) -> Call:
    """A page of 100 bills by two comparators."""
    compared = f"amountDue.value.gte={low}&remainingAmount.value.lt=50"
    return Call(f"{ORACLE}?limit=100&offset={number * 100}&{compared}&fields={BILL_FIELDS}")


async def timed(app: App, calls: Iterable[Call], *, before: Call | None = None) -> list[float]:
    """Milliseconds of each request; ``before`` is sent ahead of each, untimed."""
    took = []
    for call in calls:
        if before is not None:
            await ask(app, before)
        began = time.perf_counter()
        await ask(app, call)
        took.append((time.perf_counter() - began) * 1e3)
    return took


async def _measure_requests(app: App, rounds: int) -> dict[str, Any]:
    pages = [page(number) for number in range(1, 6)] * rounds
    selections = [page(2, sort) for sort in ("valueDifference", "previousBillRunValue:desc", "percentageDifference")]
    some_bills = [bills(number) for number in range(1, 6)] * rounds
    await timed(app, [*pages[:5], *some_bills[:5]])
    found: dict[str, Any] = {
        "page_warm_ms": spread(await timed(app, pages)),
        "bills_warm_ms": spread(await timed(app, some_bills)),
        "page_new_selection_ms": spread(await timed(app, selections)),
        "bills_new_selection_ms": spread(await timed(app, [bills(1, low) for low in (11, 12, 13)])),
        "page_after_run_ms": spread(await timed(app, pages[:rounds], before=MAKE_RUN)),
        "bills_after_run_ms": spread(await timed(app, some_bills[:rounds], before=MAKE_RUN)),
        "page_after_write_ms": spread(await timed(app, pages[:rounds], before=CHARGE)),
        "bills_after_write_ms": spread(await timed(app, some_bills[:rounds], before=CHARGE)),
    }
    # the second page after a write computes the whole order
    await ask(app, MAKE_RUN)
    found["pages_after_one_write_ms"] = await timed(app, pages[:5])
    return found


def measure(customers: int, rounds: int = ROUNDS) -> dict[str, Any]:
    """All measures for one number of customers."""
    from counterfoil.app import build

    before = resident(os.getpid())
    began = time.perf_counter()
    application = build(customers=customers)
    built = time.perf_counter() - began
    gc.collect()
    after = resident(os.getpid())
    worlds = application.worlds
    return {
        "customers": customers,
        "rounds": rounds,
        "built_s": built,
        "megabytes_added": after - before,
        "megabytes_before_requests": after,
        **asyncio.run(_measure_requests(application.server, rounds)),
        "megabytes": resident(os.getpid()),
        "fork_ms": spread(milliseconds(lambda turn: worlds.fork(f"fork-{turn}", "default"), 50)),
        "reset_ms": spread(milliseconds(lambda turn: worlds.reset(f"fork-{turn}"), 50)),
    }


def in_subprocess(module: str, *arguments: object, timeout: float = 300) -> dict[str, Any]:
    """The JSON that ``python -m module`` printed, or why it printed none."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=HERE.parent,
            env={**os.environ, **STARTED_HERE},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return {"absent": f"took over {timeout:.0f} s"}
    if done.returncode:
        return {"absent": done.stderr.strip().splitlines()[-1][:160] if done.stderr.strip() else "failed"}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS)))
