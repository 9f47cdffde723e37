"""Measures commands per second, and how long others wait while one world is busy.

``python -m benchmarks.commands`` prints µs of CPU for each small command, executed directly and sent over HTTP in this
process, in worlds of 50 and 10,000 customers that had no commands before and 10,000. It also runs against sources from before
commands were applied to forks: ``PYTHONPATH=BEFORE/src python benchmarks/commands.py``.

``python -m benchmarks.commands --busy SECONDS`` serves two worlds, keeps one busy for about so long, and prints the median
and the 99th percentile of how long reads of the other one, of the busy one and of ``/health`` took, in ms.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx

BATCHES, BATCH = 15, 200
KEY = {"Authorization": "Bearer counterfoil-key"}
CONTROL = "/_sandbox/v1/worlds/default/commands"


def least(act: Callable[[int], object]) -> float:
    """µs of CPU that ``act`` takes, in the fastest of several batches: the others were disturbed."""
    taken = []
    for batch in range(BATCHES):
        gc.collect()
        began = time.process_time()
        for turn in range(BATCH):
            act(batch * BATCH + turn)
        taken.append((time.process_time() - began) / BATCH * 1e6)
    return round(min(taken), 1)


def small_commands(customers: int, before: int) -> dict[str, dict[str, float]]:
    """µs for each small command, by how it arrives."""
    from counterfoil.app import build
    from counterfoil.ledger.receivables import bills_of
    from counterfoil.world.commands import AddCharge, CreateRun, read_command

    application = build(["billingplatform"], customers=customers)
    world = application.world
    for turn in range(before):
        charge = AddCharge(customer=1 + turn * 7 % customers, description="Before", amount=Decimal(1))
        world.execute(charge if turn % 2 else CreateRun(name="Before"))
    books = {number: world.ledger.state_of(number) for number in range(1, customers + 1)}
    users = [number for number, book in books.items() if _uses(book, world.today)]
    bills = [(number, bills_of(book)[0].invoice) for number, book in books.items() if bills_of(book)]
    bills = [(number, bill) for number, bill in bills if not books[number].billed_to]

    def usage(turn: int) -> dict[str, Any]:
        return {"command": "record_usage", "customer": users[turn % len(users)], "country": "DE", "quantity": "1"}

    def payment(turn: int) -> dict[str, Any]:
        number, bill = bills[turn % len(bills)]
        where = {"customer": number, "account": bill.account, "bill": bill.ordinal}
        return {"command": "record_payment", **where, "amount": "0.01", "overpay": True}

    def run(turn: int) -> dict[str, Any]:
        return {"command": "create_run", "name": f"Run {turn}"}

    kinds = {"record_usage": usage, "record_payment": payment, "create_run": run}
    direct = {}
    for name, body in kinds.items():
        commands = [read_command(body(turn)) for turn in range(BATCHES * BATCH)]
        direct[name] = least(lambda turn, commands=commands: world.execute(commands[turn]))  # type: ignore[misc]
    over_http = {name: _over_http(application.server, CONTROL, body) for name, body in kinds.items()}
    path = application.apis[0].prefix + "/billingRuns/"
    over_http["POST /billingRuns/"] = _over_http(application.server, path, lambda turn: {"name": f"Run {turn}"})
    return {"direct": direct, "over HTTP": over_http}


def _uses(book: Any, today: Any) -> bool:
    return any(each.state_on(today) == "active" and each.started <= today for each in book.subscriptions)


def _over_http(app: Any, path: str, body: Callable[[int], object]) -> float:
    """The whole application, called with a scope as a server does, on one event loop."""
    bodies = [json.dumps(body(turn)).encode() for turn in range(BATCHES * BATCH)]
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    headers += [(name.lower().encode(), value.encode()) for name, value in KEY.items()]
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def post(turn: int) -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": bodies[turn], "more_body": False}

        length = [(b"content-length", b"%d" % len(bodies[turn]))]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers + length,
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }
        await app(scope, receive, send)

    with asyncio.Runner() as runner:
        took = least(lambda turn: runner.run(post(turn)))
    if set(statuses) - {200, 201}:
        raise SystemExit(f"{path}: answered {sorted(set(statuses))}")
    return took


# --- one busy world ------------------------------------------------------------------------------

SERVE = [sys.executable, "-c", "import sys; from counterfoil.cli import main; sys.exit(main())", "serve", "--quiet"]
READS = {
    "/health": "/health",
    "other world, run by id": "/w/free/billingplatform/backend/api/v1/billingRuns/1",
    "other world, page of 10": "/w/free/elevate/v1/customer-billing-summaries?page=1&pageSize=10",
    "busy world, run by id": "/w/busy/billingplatform/backend/api/v1/billingRuns/1",
}


def busy(seconds: float) -> dict[str, Any]:
    """How long reads take, in ms, while nothing else happens and while one world's clock advances."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([*SERVE, "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        return _busy(f"http://127.0.0.1:{port}", seconds)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def _busy(base: str, seconds: float) -> dict[str, Any]:
    with httpx.Client(base_url=base, timeout=300) as client:
        _answers(client)
        for name, customers in (("free", 50), ("busy", 10_000)):
            made = {"name": name, "scenario": "demo", "customers": customers}
            client.post("/_sandbox/v1/worlds", json=made).raise_for_status()
        for path in READS.values():
            client.get(path, headers=KEY).raise_for_status()
        over = threading.Event()
        threading.Timer(seconds, over.set).start()
        idle = _reads(base, over)
        over, advances = threading.Event(), 0
        advancing = threading.Thread(target=_advance, args=(base, seconds, over))
        advancing.start()
        taken = _reads(base, over)
        advancing.join()
        advances = client.get("/_sandbox/v1/worlds/busy").json()["commands"]
    return {"idle": idle, "busy": taken, "commands": advances, "load": os.getloadavg()[0]}


def _answers(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            client.get("/health").raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("the server does not answer")


def _advance(base: str, seconds: float, over: threading.Event) -> None:
    """Ten years at a time, one after the other, until the time is over."""
    ends = time.perf_counter() + seconds
    try:
        with httpx.Client(base_url=base, timeout=300) as client:
            while time.perf_counter() < ends:
                answer = client.post("/_sandbox/v1/worlds/busy/commands/advance_clock", json={"months": 119})
                answer.raise_for_status()
                while answer.status_code == 202 or answer.json().get("state") == "running":
                    time.sleep(0.1)
                    answer = client.get(answer.headers.get("location") or answer.url).raise_for_status()
    finally:
        over.set()


def _reads(base: str, over: threading.Event) -> dict[str, dict[str, float]]:
    """A client for each kind of read, one request every 5 ms, until ``over`` is set."""
    taken: dict[str, list[float]] = {name: [] for name in READS}

    def read(name: str) -> None:
        with httpx.Client(base_url=base, timeout=300) as client:
            while not over.is_set():
                began = time.perf_counter()
                client.get(READS[name], headers=KEY).raise_for_status()
                taken[name].append((time.perf_counter() - began) * 1e3)
                time.sleep(0.005)

    threads = [threading.Thread(target=read, args=(name,)) for name in READS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        name: {
            "requests": len(each),
            "median": round(sorted(each)[len(each) // 2], 1),
            "p99": round(sorted(each)[int(len(each) * 0.99)], 1),
        }
        for name, each in taken.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", type=float, metavar="SECONDS")
    asked = parser.parse_args()
    if asked.busy:
        print(json.dumps(busy(asked.busy), indent=1))
    else:
        for size in (50, 10_000):
            for done in (0, 10_000):
                print(
                    json.dumps({"customers": size, "commands before": done, **small_commands(size, done)}), flush=True
                )
