"""``python -m benchmarks``: counterfoil and its peers on the same requests, interleaved in one run. See README.md.

Exit codes: 0 done, 2 usage, 130 interrupted, 3 could not run (no load tool, or counterfoil itself gave a wrong answer).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import growth, machine, plot, report, startup, wrk
from benchmarks.dataset import Dataset, read_dataset
from benchmarks.runner import Timing, WrongAnswer, run_item
from benchmarks.server_process import Server, ServerProcess, Setup, Unavailable, free_port
from benchmarks.servers import HERE, MINE, SERVERS
from benchmarks.workloads import APIS, WORKLOADS

OTHERS = {"h": "process start to first 200", "i": "worlds, and (j) memory", "k": "growth with customers"}
QUICK = Timing(rounds=1, seconds=1, warm=1, checking=1)


def arguments() -> argparse.Namespace:
    keys = {workload.key: workload.title for workload in WORKLOADS} | OTHERS
    listed = "\n".join(f"  {key:12}{title}" for key, title in keys.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__.partition("\n")[0],
        epilog=f"workloads:\n{listed}\n\nexample:\n  python -m benchmarks --only a-distinct,e --peers 'Prism static'",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--quick", action="store_true", help="one short round of everything, to see that it works; not a measurement"
    )
    parser.add_argument("--only", metavar="A,B", help="these workloads only; a letter selects all that begin with it")
    parser.add_argument("--peers", metavar="NAME,NAME", help="these peers only, and counterfoil; see README.md")
    parser.add_argument("--seconds", type=float, default=Timing.seconds, help="length of a round (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=Timing.rounds, help="rounds for each (default %(default)s)")
    parser.add_argument("--customers", type=int, default=10_000, help="customers in the world (default %(default)s)")
    parser.add_argument(
        "--minutes", type=float, default=45, help="start no workload after this many (default %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR", help="where results.md, .svg and .json go")
    options = parser.parse_args()
    wanted = set(options.only.split(",")) if options.only else set(keys)
    options.keys = [key for key in keys if key in wanted or key.partition("-")[0] in wanted]
    names = {each.name for each in SERVERS}
    options.names = names if options.peers is None else {*MINE, *options.peers.split(",")} - {""}
    if not options.keys:
        parser.error(f"--only: there is none of {options.only}; there are {', '.join(keys)}")
    if unknown := options.names - names:
        parser.error(f"--peers: there is no {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    if options.seconds < 1 or options.rounds < 1 or options.customers < 1000:
        parser.error("--seconds and --rounds are at least 1, --customers at least 1000")
    return options


def main() -> int:
    options = arguments()
    if not wrk.installed():
        print(wrk.HINT, file=sys.stderr)
        return 3
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stop stops the peers too
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else no start would find compiled files
    timing = QUICK if options.quick else Timing(options.rounds, options.seconds)
    found: dict[str, Any] = {
        "machine": machine.describe(),
        "timing": f"{'--quick, which only shows that everything works; ' if options.quick else ''}"
        f"{timing.rounds} rounds of {timing.seconds:g} s, interleaved, after {timing.warm:g} s of warming up, "
        f"{wrk.CONNECTIONS} connections, server on one core, wrk on another, {options.customers:,} customers",
    }
    until = time.monotonic() + options.minutes * 60
    try:
        dataset = _read_dataset(options.customers)
        _measure(options, timing, dataset, found, until)
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130
    except (Unavailable, WrongAnswer, ValueError) as problem:
        print(f"counterfoil could not be measured: {problem}", file=sys.stderr)
        return 3
    return _keep(found, options.out)


def _read_dataset(customers: int) -> Dataset:
    """The data of a counterfoil started for this, read before anything is timed."""
    with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as folder:
        setup = Setup(free_port(), Path(folder), None, APIS, customers)
        with ServerProcess(SERVERS[0], setup) as running:
            return read_dataset(running.port, customers)


def _measure(
    options: argparse.Namespace, timing: Timing, dataset: Dataset, found: dict[str, Any], until: float
) -> None:
    def chosen(each: Server) -> bool:
        return each.name in options.names

    for key in options.keys:
        if time.monotonic() > until:
            print(f"({key}) left out: {options.minutes:g} minutes are over", file=sys.stderr)
            continue
        print(f"({key})", file=sys.stderr, flush=True)
        if key == "h":
            found["startup"] = startup.measure(dataset, 1 if options.quick else timing.rounds, chosen)
        elif key == "i":
            sizes = (1_000, options.customers) if options.quick else growth.SIZES
            found["worlds"] = [growth.in_subprocess("benchmarks.worlds", size) for size in sizes]
        elif key == "k":
            sizes = growth.SIZES[:2] if options.quick else growth.SIZES
            rounds = 2 if options.quick else growth.ROUNDS
            found["growth"] = [
                {"customers": size, **growth.in_subprocess("benchmarks.growth", size, rounds)} for size in sizes
            ]
        else:
            workload = next(each for each in WORKLOADS if each.key == key)
            servers = [each for each in SERVERS if key in each.workloads and chosen(each)]
            scores = [score.summary() for score in run_item(workload, servers, dataset, options.customers, timing)]
            found.setdefault("work", {})[key] = scores
            _say(scores)


def _say(scores: list[dict[str, Any]]) -> None:
    for each in scores:
        text = each.get("absent") or f"{each['per_second']:>9,.0f} requests/s, p99 {each['p99_ms']:.1f} ms"
        print(f"    {each['server']:34} {text}", file=sys.stderr, flush=True)


def _keep(found: dict[str, Any], folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    text = report.markdown(found)
    (folder / "results.md").write_text(text)
    if any("per_second" in each for scores in found.get("work", {}).values() for each in scores):
        (folder / "results.svg").write_text(plot.svg(found))
    print(text)
    mine = [scores[0] for scores in found.get("work", {}).values()]
    return 3 if any("absent" in each for each in mine) else 0


if __name__ == "__main__":
    sys.exit(main())
