"""A soak: mixed traffic, worlds created and expired, faults and hostile bytes, while RSS, descriptors and threads are measured.

``python -m benchmarks.hostile [SECONDS] [BURST]`` runs 600 seconds and then a burst of 200,000 requests by default. It prints
ten progress lines, and exits with 1 if memory, descriptors or threads did not level off, or if a request failed unexpectedly.
Linux only: it reads /proc.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

KEY = {"Authorization": "Bearer counterfoil-key", "Content-Type": "application/json"}
WORLDS = "/_sandbox/v1/worlds"
RUNS = "/billingplatform/backend/api/v1/billingRuns/"
READS = (
    RUNS,
    "/elevate/v1/customer-billing-summaries?page=1&pageSize=20",
    "/oracle-brm/brm/customerBillManagement/v4/customerBill?limit=20",
    "/flexprice/v1/customers/cust_00000001/invoices/summary",
    "/emnify/api/v1/organisation/1/billing",
    "/health",
)
HOSTILE = (
    b"GET / HTTP/1.1\r\n" + b"a: y\r\n" * 20_000 + b"\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"POST /elevate/v1/authenticate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n"
    + b'{"username":['
    + b"[[[[]]]]," * 99_000,
    b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5000,
    b"POST " + RUNS.encode() + b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
)
MAX_GROWTH = 0.25
"""Part by which RSS may grow from the first third of the run to its end."""


@dataclass
class Soak:
    """What the clients did; ``unexpected`` says what went wrong."""

    port: int
    stop: threading.Event = field(default_factory=threading.Event)
    requests: Counter[int] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)

    def call(self, client: http.client.HTTPConnection, method: str, path: str, body: object = None) -> int:
        client.request(method, path, None if body is None else json.dumps(body), KEY)
        response = client.getresponse()
        response.read()
        self.requests[response.status] += 1
        return response.status

    def client(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def run(self, step: Callable[[http.client.HTTPConnection, random.Random], None], seed: int) -> None:
        """Repeat ``step`` until ``stop`` is set."""
        client, rng = self.client(), random.Random(seed)
        while not self.stop.is_set():
            try:
                step(client, rng)
            except (OSError, http.client.HTTPException) as error:
                self.unexpected.append(f"{step.__name__}: {error!r}")
                client.close()
            time.sleep(0.005)
        client.close()

    def reads_and_writes(self, client: http.client.HTTPConnection, rng: random.Random) -> None:
        status = self.call(client, "GET", rng.choice(READS))
        if status != 200:
            self.unexpected.append(f"a read was answered {status}")

    def worlds(self, client: http.client.HTTPConnection, rng: random.Random) -> None:
        name = f"soak-{rng.randrange(10**9)}"
        statuses = [self.call(client, "POST", WORLDS, {"name": name, "scenario": "one-month"})]
        statuses.append(self.call(client, "POST", f"{WORLDS}/{name}/commands/advance_clock", {"days": 40}))
        statuses.append(self.call(client, "POST", f"/w/{name}{RUNS}", {"name": "soak"}))
        fault = {"kind": "status", "status": 503, "api": "billingplatform", "times": 1}
        self.call(client, "POST", f"{WORLDS}/{name}/faults", fault)
        self.call(client, "GET", f"/w/{name}{RUNS}")
        statuses.append(self.call(client, "DELETE", f"{WORLDS}/{name}"))
        if any(status >= 400 for status in statuses):
            self.unexpected.append(f"a world's life was answered {statuses}")

    def hostile(self, client: http.client.HTTPConnection, rng: random.Random) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            try:
                connection.sendall(rng.choice(HOSTILE))
                if rng.random() < 0.5:
                    connection.recv(65_536)
            except OSError:  # refused before everything was sent
                pass
        time.sleep(0.05)

    def burst(self, requests: int) -> None:
        """``requests`` reads, 64 of them pipelined at a time."""
        head = f"GET {READS[-1]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            for _ in range(requests // 64):
                connection.sendall(head * 64)
                answered = b""
                while answered.count(b'{"status":"ok"}') < 64:
                    part = connection.recv(65_536)
                    if not part:
                        self.unexpected.append("the burst was cut short")
                        return
                    answered += part


def usage(pid: int) -> tuple[int, int, int]:
    """RSS in MB, open descriptors and threads of a process."""
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmRSS"].split()[0]) // 1024, len(os.listdir(f"/proc/{pid}/fd")), int(fields["Threads"])


def soak(seconds: float, burst: int) -> int:
    program = [sys.executable, "-m", "counterfoil", "serve", "--port", "0", "-q"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        run = Soak(int(server.stdout.readline().rpartition(":")[2]))
        steps = (run.reads_and_writes, run.reads_and_writes, run.worlds, run.hostile)
        threads = [threading.Thread(target=run.run, args=(step, seed)) for seed, step in enumerate(steps)]
        for thread in threads:
            thread.start()
        measured = []
        for tenth in range(1, 11):
            time.sleep(seconds / 10)
            measured.append(usage(server.pid))
            print(
                f"{tenth * 10:3} %  RSS {measured[-1][0]} MB, {measured[-1][1]} descriptors, {measured[-1][2]} threads"
            )
        run.stop.set()
        for thread in threads:
            thread.join()
        run.burst(burst)
        time.sleep(2)
        measured.append(usage(server.pid))
        server.terminate()
    print(f"after the burst: RSS {measured[-1][0]} MB, {measured[-1][1]} descriptors, {measured[-1][2]} threads")
    print("responses:", ", ".join(f"{status}: {count}" for status, count in sorted(run.requests.items())))
    return report(run, measured)


def report(run: Soak, measured: list[tuple[int, int, int]]) -> int:
    early, last = max(measured[:4]), measured[-1]
    if last[0] > early[0] * (1 + MAX_GROWTH):
        run.unexpected.append(f"RSS grew from {early[0]} to {last[0]} MB")
    if last[1] > max(each[1] for each in measured[:4]) + 8:
        run.unexpected.append(f"descriptors grew to {last[1]}")
    for each in dict.fromkeys(run.unexpected):
        print("WRONG:", each)
    return 1 if run.unexpected else 0


if __name__ == "__main__":
    given = [float(each) for each in sys.argv[1:]]
    sys.exit(soak(given[0] if given else 600.0, int(given[1]) if len(given) > 1 else 200_000))
