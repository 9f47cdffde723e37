"""Clients of two servers at one database, while either server or the database is killed again and again;
``python -m tests.store.engine_chaos postgresql|redis SECONDS [DEFECT]`` runs it for longer than the suite does.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing

from tests.store.chaos import CLIENTS, RUNS_OF_A_WORLD, WORLDS, Worker, kept
from tests.store.checker import Seen, violations
from tests.store.engines import DatabaseServer, postgres, redis_server
from tests.store.served import CONTROL, Served

EACH = ("a server", "the database", "a pause of the database")


def chaos(
    database: DatabaseServer, store: str, seconds: float, *, defect: str | None = None, kill: bool = True
) -> tuple[list[Seen], list[str], Counter[str]]:
    """What clients saw, the violations, and how often each process was killed."""
    draw, over, kills = random.Random(16), threading.Event(), Counter[str]()
    with ExitStack() as running:
        servers = [
            running.enter_context(Served(store, *options, defect=defect))
            for options in (("--scenario", "one-month"), ())
        ]
        for world in WORLDS[1:]:
            servers[0].post(CONTROL, {"name": world}, 201)
        runs = {
            world: [
                servers[0].run("Register", "" if world == "default" else f"/w/{world}") for _ in range(RUNS_OF_A_WORLD)
            ]
            for world in WORLDS
        }
        clients = [Worker(number, servers[number % 2].port, runs, over) for number in range(CLIENTS)]
        for each in clients:
            each.start()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends or (kill and any(not kills[each] for each in EACH)):
            time.sleep(0.5 + 0.5 * draw.random())
            if kill:
                victim = EACH[kills.total() % len(EACH)]
                kills[victim] += 1
                _kill(victim, database, draw.choice(servers))
        time.sleep(0.5)
        over.set()
        for each in clients:
            each.join()
        digests = {world: {server.digest(world) for server in servers} for world in WORLDS}
        servers[0].again()
        for world in WORLDS:
            digests[world].add(servers[0].digest(world))
    found = [f"DIGEST: {world} is another world at another server" for world, said in digests.items() if len(said) > 1]
    seen = [each for client in clients for each in client.seen]
    found += [line for client in clients for line in client.unexpected]
    return seen, found + violations(seen, kept(store)), kills


def _kill(victim: str, database: DatabaseServer, server: Served) -> None:
    if victim == "a server":
        server.again()
    elif victim == "the database":
        database.kill()
        database.start()
    else:
        database.halt()
        time.sleep(0.3)
        database.go_on()


if __name__ == "__main__":
    with closing(postgres() if sys.argv[1] == "postgresql" else redis_server()) as started:
        operations, wrong, killed = chaos(
            started.start(), started.new_store(), float(sys.argv[2]), defect=sys.argv[3] if sys.argv[3:] else None
        )
    acknowledged = sum(each.outcome == "ok" for each in operations)
    print(f"{len(operations)} operations, {acknowledged} acknowledged, killed: {dict(killed)}, {len(wrong)} violations")
    for line in wrong[:20]:
        print(line)
    sys.exit(bool(wrong))
