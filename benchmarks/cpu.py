"""``python -m benchmarks.cpu --base DIR``: CPU per request of this checkout's server and another checkout's, interleaved.

Both servers run `counterfoil serve --quiet` with all five APIs, on one core; wrk sends them the same requests from
another. Exit codes: 0 done, 2 usage, 3 could not run (no load tool, or a wrong response).
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

from benchmarks import wrk
from benchmarks.calls import posted
from benchmarks.dataset import Client, Dataset, read_dataset
from benchmarks.runner import LOAD_CORE, SERVER_CORE, WrongAnswer, check
from benchmarks.server_process import ServerProcess, Setup, Unavailable, free_port, process_tree
from benchmarks.servers import HERE, SERVERS, counterfoil
from benchmarks.workloads import APIS, WORKLOADS, Workload

RESET = posted("/_sandbox/v1/worlds/default/reset", {})
CASES = {
    "e": "billing run by id",
    "a-distinct": "page of 100, distinct",
    "a-same": "page of 100, the same",
    "f": "create billing run",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two servers, what the tables call it, and its own data: the demo differs between commits."""

    name: str
    running: ServerProcess
    folder: Path
    dataset: Dataset


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
    if not wrk.installed():
        print(wrk.HINT, file=sys.stderr)
        return 3
    checkouts = {"base": options.base.resolve(), "here": HERE.parent}
    try:
        with contextlib.ExitStack() as stack:
            sides = [start(stack, name, path, options) for name, path in checkouts.items()]
            print(f"base {commit(checkouts['base'])}, here {commit(checkouts['here'])}: µs of CPU per request, median")
            print(f"{'':20}{'base':>9}{'here':>9}{'ratio':>8}   least–most of {options.rounds} rounds")
            for key in options.cases:
                workload = next(each for each in WORKLOADS if each.key == key)
                measured = compare(workload, sides, options.rounds, options.seconds)
                print(f"{CASES[key]:20}{row(*measured)}", flush=True)
    except (Unavailable, WrongAnswer, wrk.InvalidRun, OSError, ValueError, http.client.HTTPException) as problem:
        print(f"could not measure: {problem}", file=sys.stderr)
        return 3
    return 0


def start(stack: contextlib.ExitStack, name: str, checkout: Path, options: argparse.Namespace) -> Side:
    """Start the server of a checkout, on the sources in it."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-cpu-")))
    quiet = [] if options.logged and name == "here" else ["--quiet"]
    server = replace(
        SERVERS[0],
        name=name,
        command=lambda setup: counterfoil(setup, *quiet),
        environment={"PYTHONPATH": str(checkout / "src")},
    )
    setup = Setup(free_port(), folder, None, APIS, options.customers)
    running = stack.enter_context(ServerProcess(server, setup, core=SERVER_CORE))
    return Side(name, running, folder, read_dataset(running.port, options.customers))


def compare(workload: Workload, sides: list[Side], rounds: int, seconds: float) -> tuple[list[float], list[float]]:
    """µs per request of each side, round by round. The first round warms up and does not count."""
    files = []
    for side in sides:
        reset(side)
        requests = check(side.running, workload.requests("spec", side.dataset), side.dataset, seconds=20)
        files.append(
            wrk.write_requests(
                [one.call for one in requests], f"127.0.0.1:{side.running.port}", side.folder / "requests"
            )
        )
    spent: tuple[list[float], list[float]] = ([], [])
    first = 0
    for turn in range(rounds + 1):
        sent = 0
        for number in (0, 1) if turn % 2 else (1, 0):
            if workload.key == "f":
                reset(sides[number])  # else the runs that each round creates would add up
            each, answered = cpu(sides[number], files[number], seconds, first)
            sent = max(sent, answered)
            if turn:
                spent[number].append(each)
        first += sent  # both continue where the faster one stopped, so that distinct requests stay distinct
    return spent


def cpu(side: Side, file: Path, seconds: float, first: int) -> tuple[float, int]:
    """µs of CPU per request in one round, and how many requests it had."""
    before = used(side.running)
    done = wrk.run_wrk(file, side.running.port, seconds, first=first, core=LOAD_CORE)
    return (used(side.running) - before) / done.requests * 1e6, done.requests


def used(running: ServerProcess) -> float:
    """Seconds of CPU that a server and what it started have used, from the kernel's clock of each process (Linux)."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in process_tree(running.process.pid))


def reset(side: Side) -> None:
    Client(side.running.port).json(RESET)


def row(base: list[float], here: list[float]) -> str:
    """One line of the table. The ratio is the median of the rounds' own, because its two runs are close in time."""
    ratios = [mine / theirs for mine, theirs in zip(here, base, strict=True)]
    spread = f"{min(base):.0f}–{max(base):.0f}, {min(here):.0f}–{max(here):.0f}, × {min(ratios):.2f}–{max(ratios):.2f}"
    medians = f"{statistics.median(base):9.1f}{statistics.median(here):9.1f}"
    return f"{medians}{statistics.median(ratios):8.2f}   {spread}"


def commit(checkout: Path) -> str:
    """Short hash of the commit, with + if files have changed since."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or str(checkout)


if __name__ == "__main__":
    sys.exit(main())
