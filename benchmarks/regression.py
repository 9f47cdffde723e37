"""Counts bytecode instructions for one request of each kind and compares them with the expected counts.

It counts the instructions that Python executes between the ASGI scope and the response bytes. Unlike a time, the count is
the same on a busy machine: five runs gave the same numbers. It does not see time spent inside C or Rust. It does see a
list filtered or sorted by Python functions, validation moved from Rust to Python, and objects rebuilt for every request.
Work in C over a whole list (``max`` of all runs) shows as growth, measured as a ratio of two times of the same run
(``growth_with_runs``).

Counts belong to a Python minor version; ``counts.json`` holds those of the versions that were counted. To update them
after a change that is worth its cost:

    python -m benchmarks.regression --update
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.calls import BEARER, Call, posted
from benchmarks.in_process import ask, run

COUNTS = Path(__file__).with_name("counts.json")
LOSS = 0.20
"""How much more a request may cost before the check fails."""
CUSTOMERS = 1_000
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

ELEVATE = "/elevate/v1/customer-billing-summaries"
ORACLE = "/oracle-brm/brm/customerBillManagement/v4/customerBill"
RUNS = "/billingplatform/backend/api/v1/billingRuns/"
PAGE = f"{ELEVATE}?page=3&pageSize=100&billingStatus=ACTIVE&sort=openBillRunValue:desc,customerId"
BILLS = f"{ORACLE}?limit=100&offset=100&amountDue.value.gte=10&remainingAmount.value.lt=50&fields=billNo,amountDue"
MAKE_RUN = posted(RUNS, {"name": "Spring", "invoiceDate": "2026-03-01", "cutoffDate": "2026-03-01"})

WARM: dict[str, Call] = {
    "elevate page of 100, the same again": Call(PAGE),
    "elevate page of 100, the page after": Call(PAGE.replace("page=3", "page=4")),
    "oracle-brm bills, the same again": Call(BILLS),
    "emnify bill": Call("/emnify/api/v1/organisation/20/billing/202512"),
    "flexprice summary": Call("/flexprice/v1/customers/cust_00000007/invoices/summary", headers=BEARER),
    "billing run by id": Call(f"{RUNS}3"),
    "billing runs": Call(RUNS),
    "refused without a credential": Call(f"{RUNS}3", headers=()),
}
"""Requested before, then counted."""
AFTER_A_WRITE: dict[str, Call] = {
    "elevate page of 100, first after a write": Call(PAGE),
    "oracle-brm bills, first after a write": Call(BILLS),
    "billing run by id, first after a write": Call(f"{RUNS}3"),
}
"""Counted right after a billing run was created, with invalidated caches."""


SHOP = Path(__file__).parent.parent / "examples" / "own-api" / "shop.yaml"
CUSTOMERS_OF_SHOP = "/shop/customers"


def count(act: Callable[[], Any]) -> int:
    """Bytecode instructions executed by ``act``, in every Python frame it enters."""
    instructions = 0

    def within(frame: FrameType, event: str, _: object) -> Any:
        nonlocal instructions
        if event == "opcode":
            instructions += 1
        return within

    def entered(frame: FrameType, event: str, _: object) -> Any:
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return within

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        act()
    finally:
        sys.settrace(before)
    return instructions


def measure() -> dict[str, int]:
    """Instructions for one request of each kind, in a world of a thousand customers."""
    from counterfoil.app import build

    app = build(scenario_name="demo", customers=CUSTOMERS).server

    def cost(call: Call) -> int:
        return count(lambda: _step(ask(app, call)))

    found: dict[str, int] = own_document()
    for name, call in WARM.items():
        _settle(app, call)
        found[name] = cost(call)
    run(ask(app, MAKE_RUN))
    found["billing run made"] = cost(MAKE_RUN)
    for name, call in AFTER_A_WRITE.items():
        run(ask(app, MAKE_RUN))
        found[name] = cost(call)
    return found


def own_document() -> dict[str, int]:
    """Instructions for a list and a member of a user's own document."""
    from counterfoil.apis.generic import build_api
    from counterfoil.app import build
    from counterfoil.openapi import read_document

    app = build(own=[build_api(read_document(SHOP), prefix="/shop")]).server
    first = json.loads(run(ask(app, Call(CUSTOMERS_OF_SHOP, headers=BEARER))))
    calls = {
        "own document, list of 20": Call(f"{CUSTOMERS_OF_SHOP}?page_size=20", headers=BEARER),
        "own document, member": Call(f"{CUSTOMERS_OF_SHOP}/{first['data'][0]['id']}", headers=BEARER),
    }
    found = {}
    for name, call in calls.items():
        _settle(app, call)
        found[name] = count(lambda call=call: _step(ask(app, call)))  # type: ignore[misc]
    return found


MANY_RUNS = 20_000
GROWTH = 2.0
"""How many times as long a request may take with that many runs. It should take the same time."""


def growth_with_runs() -> dict[str, float]:
    """Time of a request with 20,000 runs divided by its time with a few; the minimum of 200 times each."""
    from counterfoil.app import build
    from counterfoil.world.commands import CreateRun

    application = build(["billingplatform"], scenario_name="demo")
    app = application.server
    calls = {"billing run by id": Call(f"{RUNS}3"), "billing run made": MAKE_RUN}

    def least(call: Call) -> float:
        times = []
        for _ in range(200):
            began = time.perf_counter()
            _step(ask(app, call))
            times.append(time.perf_counter() - began)
        return min(times)

    few = {name: least(call) for name, call in calls.items()}
    for _ in range(MANY_RUNS):
        application.world.execute(CreateRun())
    return {name: least(call) / few[name] for name, call in calls.items()}


def _settle(app: Any, call: Call) -> None:
    """Send the request until caches are filled: the second page of an order computes the whole order."""
    for _ in range(3):
        _step(ask(app, call))


def _step(coroutine: Any) -> None:
    """Run a coroutine that does not wait for I/O, without an event loop, whose instructions would be counted too."""
    from benchmarks.in_process import Refused

    try:
        coroutine.send(None)
    except StopIteration:
        return
    except Refused as refused:
        if ": 401 " not in str(refused):
            raise
        return
    raise RuntimeError("the request waited for something; count it with an event loop")


def compare(found: dict[str, int], expected: dict[str, int]) -> list[str]:
    """One line for each request that costs over a fifth more than expected, or that is new or missing."""
    findings = []
    for name in sorted(found.keys() | expected.keys()):
        if name not in found or name not in expected:
            findings.append(f"{name}: counted only {'before' if name in expected else 'now'}; run --update")
        elif found[name] > expected[name] * (1 + LOSS):
            lost = found[name] / expected[name] - 1
            findings.append(f"{name}: {found[name]:,} instructions, were {expected[name]:,} ({lost:+.0%})")
    return findings


def known() -> dict[str, int] | None:
    """The expected counts of this Python version, or None."""
    counts: dict[str, dict[str, int]] = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
    return counts.get(VERSION)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regression", description=__doc__.partition("\n")[0])
    parser.add_argument("--update", action="store_true", help="save the counts as the expected ones")
    parser.add_argument("--json", action="store_true", help="print the counts only")
    parser.add_argument("--growth", action="store_true", help="print growth with the number of runs only")
    options = parser.parse_args()
    if options.growth:
        print(json.dumps(growth_with_runs()))
        return 0
    found = measure()
    if options.json:
        print(json.dumps(found))
        return 0
    expected = known()
    if options.update:
        counts = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
        COUNTS.write_text(json.dumps({**counts, VERSION: found}, indent=2, sort_keys=True) + "\n")
    for name, instructions in found.items():
        before = f"{instructions / expected[name] - 1:+.1%}" if expected and name in expected else "new"
        print(f"{instructions:>9,}  {before:>7}  {name}")
    if options.update:
        return 0
    if expected is None:
        print(f"nothing was counted under Python {VERSION} yet; run with --update", file=sys.stderr)
        return 3
    findings = compare(found, expected)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
