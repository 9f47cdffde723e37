"""``python -m benchmarks.cpu --base DIR``: CPU per request of this checkout's server beside another checkout's, by turns.

Both servers run `counterfoil serve --quiet` with all five APIs, on one core; wrk sends them the same requests from
another. Exit codes: 0 done, 2 usage, 3 could not run (no load tool, or a server gave a wrong answer).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import load
from benchmarks.bout import LOAD_CORE, SERVER_CORE, Wrong, check
from benchmarks.calls import posted
from benchmarks.facts import Facts, Talk, gather
from benchmarks.peers import CONTENDERS, HERE, counterfoil
from benchmarks.running import Absent, Place, Running, family, free_port
from benchmarks.work import APIS, WORKS, Work

RESET = posted("/_sandbox/v1/worlds/default/reset", {})
CASES = {"e": "billing run by id", "a-distinct": "page of 100", "f": "create billing run"}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two servers, and what the tables call it."""

    name: str
    running: Running
    folder: Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cpu", description=__doc__.partition("\n")[0])
    parser.add_argument("--base", type=Path, required=True, metavar="DIR", help="the other checkout of the repository")
    parser.add_argument("--only", default=",".join(CASES), metavar="A,B", help="these cases only (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=10, help="rounds for each server (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=1, help="length of a round (default %(default)s)")
    parser.add_argument("--customers", type=int, default=10_000, help="customers in the world (default %(default)s)")
    parser.add_argument("--logged", action="store_true", help="this checkout's server writes its access log, to a file")
    options = parser.parse_args()
    options.cases = options.only.split(",")
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    if not (options.base / "src" / "counterfoil").is_dir():
        parser.error(f"--base: {options.base} holds no src/counterfoil")
    return options


def main() -> int:
    options = arguments()
    if not load.present():
        print(load.HINT, file=sys.stderr)
        return 3
    checkouts = {"base": options.base.resolve(), "here": HERE.parent}
    try:
        with contextlib.ExitStack() as stack:
            sides = [start(stack, name, path, options) for name, path in checkouts.items()]
            facts = gather(sides[0].running.port, options.customers)
            print(f"base {commit(checkouts['base'])}, here {commit(checkouts['here'])}: µs of CPU per request, median")
            print(f"{'':20}{'base':>9}{'here':>9}{'ratio':>8}   least–most of {options.rounds} rounds")
            for key in options.cases:
                work = next(each for each in WORKS if each.key == key)
                measured = compare(work, sides, facts, options.rounds, options.seconds)
                print(f"{CASES[key]:20}{row(*measured)}", flush=True)
    except (Absent, Wrong, load.Unfit, OSError, ValueError, http.client.HTTPException) as problem:
        print(f"could not measure: {problem}", file=sys.stderr)
        return 3
    return 0


def start(stack: contextlib.ExitStack, name: str, checkout: Path, options: argparse.Namespace) -> Side:
    """Start the server of a checkout, on the sources in it."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-cpu-")))
    logged = options.logged and name == "here"

    def command(place: Place) -> list[str]:
        return [word for word in counterfoil(place) if not (logged and word == "--quiet")]

    server = replace(CONTENDERS[0], name=name, command=command, environment={"PYTHONPATH": str(checkout / "src")})
    place = Place(free_port(), folder, None, APIS, options.customers)
    return Side(name, stack.enter_context(Running(server, place, core=SERVER_CORE)), folder)


def compare(
    work: Work, sides: list[Side], facts: Facts, rounds: int, seconds: float
) -> tuple[list[float], list[float]]:
    """µs per request of each side, round by round. The first round warms up and does not count."""
    files = []
    for side in sides:
        reset(side)
        asked = check(side.running, work.ask("spec", facts), facts, seconds=20)
        files.append(
            load.write([one.call for one in asked], f"127.0.0.1:{side.running.port}", side.folder / "requests")
        )
    spent: tuple[list[float], list[float]] = ([], [])
    first = 0
    for turn in range(rounds + 1):
        sent = 0
        for number in (0, 1) if turn % 2 else (1, 0):
            if work.key == "f":
                reset(sides[number])  # else the runs that each round creates would add up
            each, requests = cpu(sides[number], files[number], seconds, first)
            sent = max(sent, requests)
            if turn:
                spent[number].append(each)
        first += sent  # both go on where the faster one stopped, so that distinct requests stay distinct
    return spent


def cpu(side: Side, file: Path, seconds: float, first: int) -> tuple[float, int]:
    """µs of CPU per request in one round, and how many requests it had."""
    before = used(side.running)
    done = load.drive(file, side.running.port, seconds, first=first, core=LOAD_CORE)
    return (used(side.running) - before) / done.requests * 1e6, done.requests


def used(running: Running) -> float:
    """Seconds of CPU that a server and what it started have used, from the kernel's clock of each process (Linux)."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in family(running.process.pid))


def reset(side: Side) -> None:
    Talk(side.running.port).json(RESET)


def row(base: list[float], here: list[float]) -> str:
    """One line of the table. The ratio is the median of the rounds' own, since both halves of a round are close in time."""
    ratios = [mine / theirs for mine, theirs in zip(here, base, strict=True)]
    spread = f"{min(base):.0f}–{max(base):.0f}, {min(here):.0f}–{max(here):.0f}, × {min(ratios):.2f}–{max(ratios):.2f}"
    medians = f"{statistics.median(base):9.1f}{statistics.median(here):9.1f}"
    return f"{medians}{statistics.median(ratios):8.2f}   {spread}"


def commit(checkout: Path) -> str:
    """Short name of the commit, with + if files have changed since."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or str(checkout)


if __name__ == "__main__":
    sys.exit(main())
