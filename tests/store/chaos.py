"""Clients that read and write several worlds while the server is killed again and again; ``python -m tests.store.chaos
SECONDS [WORKERS [DEFECT]]`` runs it for longer than the suite does.
"""

from __future__ import annotations

import http.client
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.store.checker import Outcome, Seen, violations
from tests.store.served import CONTROL, RUNS, Client, Served, kill_worker

from counterfoil.store.opening import open_log
from counterfoil.world.commands import AddCharge, Command, CreateRun, UpdateRun, decode_commands

WORLDS = ("default", "blue", "green")
CLIENTS = 8
RUNS_OF_A_WORLD = 2
NO_CUSTOMER = 9999
FEWEST_KILLS = 2


class Worker(threading.Thread):
    """One client. Every value it writes is its own."""

    def __init__(self, number: int, port: int, runs: dict[str, list[str]], over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._number, self._runs, self._over = number, runs, over
        self._client = Client(port)
        self._random = random.Random(number)
        self._values = 0
        self.seen: list[Seen] = []
        self.unexpected: list[str] = []

    def run(self) -> None:
        acts = (
            self._rename,
            self._read,
            self._read,
            self._create,
            self._charge,
            self._refused,
            self._clock,
            self._advance,
        )
        while not self._over.is_set():
            self._random.choice(acts)(self._random.choice(WORLDS))
        self._client.close()

    def _value(self) -> str:
        self._values += 1
        return f"c{self._number}-{self._values}"

    def _path(self, world: str, path: str) -> str:
        return path if world == "default" else f"/w/{world}{path}"

    def _note(
        self,
        kind: str,
        world: str,
        register: str,
        value: str,
        call: tuple[str, str, object],
        read: Callable[[dict[str, Any]], str],
    ) -> None:
        started, version, now = time.monotonic(), None, ""
        outcome: Outcome = "unknown"
        try:
            reply = self._client(*call)
            if reply.status < 300:
                outcome = "ok"
                body = reply.json()
                value, version, now = read(body), body.get("version"), body.get("now", "")
            elif reply.status < 500:
                outcome = "refused"
            elif reply.status != 503:
                self.unexpected.append(f"{call}: {reply.status} {reply.body!r}")
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
        ended = time.monotonic()
        self.seen.append(Seen(kind, world, register, value, outcome, started, ended, version, now))  # type: ignore[arg-type]

    # --- operations --------------------------------------------------------------------------------

    def _rename(self, world: str) -> None:
        run, value = self._random.choice(self._runs[world]), self._value()
        call = ("PATCH", self._path(world, f"{RUNS}/{run}"), {"name": value})
        self._note("write", world, f"run {run}", value, call, lambda body: str(body["name"]))

    def _read(self, world: str) -> None:
        run = self._random.choice(self._runs[world])
        call = ("GET", self._path(world, f"{RUNS}/{run}"), None)
        self._note("read", world, f"run {run}", "", call, lambda body: _ours(body["name"]))

    def _create(self, world: str) -> None:
        value = self._value()
        call = ("POST", self._path(world, RUNS), {"name": value})
        self._note("write", world, "created", value, call, lambda body: value)

    def _charge(self, world: str, customer: int = 1) -> None:
        value = self._value()
        members = {"customer": customer, "description": value, "amount": "1.00"}
        call = ("POST", f"{CONTROL}/{world}/commands/add_charge", members)
        self._note("write", world, "charged", value, call, lambda body: value)

    def _refused(self, world: str) -> None:
        self._charge(world, NO_CUSTOMER)

    def _clock(self, world: str) -> None:
        call = ("GET", f"{CONTROL}/{world}/clock", None)
        self._note("read", world, "clock", "", call, lambda body: "")

    def _advance(self, world: str) -> None:
        call = ("POST", f"{CONTROL}/{world}/commands/advance_clock", {"minutes": 1})
        self._note("read", world, "clock", "", call, lambda body: "")


def _ours(name: str) -> str:
    """None for a name from the scenario."""
    return name if name.startswith("c") and "-" in name else ""


def writes(command: Command) -> tuple[str, str] | None:
    """What a command wrote: the register and its value."""
    if isinstance(command, UpdateRun):
        return f"run {command.run}", str(command.name)
    if isinstance(command, CreateRun):
        return "created", str(command.name)
    if isinstance(command, AddCharge):
        return "charged", command.description
    return None


def chaos(
    folder: Path, seconds: float, *, defect: str | None = None, workers: int = 1, kill: bool = True
) -> tuple[list[Seen], list[str], int]:
    """What clients saw, the violations, and how often a worker or the whole server was killed."""
    served = Served(folder / "worlds.db", "--scenario", "one-month", defect=defect, workers=workers)
    draw, over, kills = random.Random(16), threading.Event(), 0
    with served:
        for world in WORLDS[1:]:
            served.post(CONTROL, {"name": world}, 201)
        runs = {
            world: [served.run("Register", "" if world == "default" else f"/w/{world}") for _ in range(RUNS_OF_A_WORLD)]
            for world in WORLDS
        }
        served.run("Pushes the one before it out")  # with the defect that holds a batch back
        clients = [Worker(number, served.port, runs, over) for number in range(CLIENTS)]
        for each in clients:
            each.start()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends or (kill and kills < FEWEST_KILLS):
            time.sleep(0.3 + 0.5 * draw.random())
            if kill:
                kill_something(served, draw)
                kills += 1
        time.sleep(0.3)
        over.set()
        for each in clients:
            each.join()
        found = [
            f"DIGEST: {world} is another world at another worker, or after a restart"
            for world, digests in _digests(served).items()
            if len(digests) > 1
        ]
        served.kill()
    seen = [each for worker in clients for each in worker.seen]
    found += [line for worker in clients for line in worker.unexpected]
    return seen, found + violations(seen, kept(served.store)), kills


def kill_something(served: Served, draw: random.Random) -> None:
    """Kill one worker (two times of three, if there are several), or all processes, and start them again."""
    there = served.workers()
    if there and draw.random() < 0.67:
        kill_worker(draw.choice(there))
    else:
        served.again()


def _digests(served: Served) -> dict[str, set[str]]:
    """The digest of each world at all workers, and after a restart."""

    def asked() -> list[tuple[str, str]]:
        connections = served.clients(8 if served.workers() else 1)
        said = [
            (world, each("GET", f"{CONTROL}/{world}/capsule").json()["digest"])
            for each in connections
            for world in WORLDS
        ]
        for each in connections:
            each.close()
        return said

    found: dict[str, set[str]] = {world: set() for world in WORLDS}
    before = asked()
    served.again()
    for world, digest in before + asked():
        found[world].add(digest)
    return found


def kept(store: Path | str) -> dict[str, list[tuple[str, str]]]:
    """The writes of each world, in the order of the store's log."""
    log = open_log(str(store), to_write=False)
    try:
        result = {}
        for world in WORLDS:
            stored = log.find(world)
            assert stored is not None
            result[world] = [each for command in decode_commands(stored.commands) if (each := writes(command))]
        return result
    finally:
        log.close()


if __name__ == "__main__":
    count = int(sys.argv[2]) if sys.argv[2:] else 1
    with tempfile.TemporaryDirectory() as made:
        operations, wrong, killed = chaos(
            Path(made), float(sys.argv[1]), workers=count, defect=sys.argv[3] if sys.argv[3:] else None
        )
    acknowledged = sum(each.outcome == "ok" for each in operations)
    print(f"{len(operations)} operations, {acknowledged} acknowledged, {killed} kills, {len(wrong)} violations")
    for line in wrong[:20]:
        print(line)
    sys.exit(bool(wrong))
