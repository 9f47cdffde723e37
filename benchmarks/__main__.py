"""``python -m benchmarks``: counterfoil and its peers on the same work in one run, by turns. README.md says how to read it.

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

from benchmarks import growth, load, machine, plot, report, startup
from benchmarks.bout import Pace, Wrong, fight
from benchmarks.facts import Facts, gather
from benchmarks.peers import CONTENDERS, HERE
from benchmarks.running import Absent, Contender, Place, Running, free_port
from benchmarks.work import APIS, WORKS

OTHERS = {"h": "process start to first 200", "i": "worlds, and (j) memory", "k": "growth with customers"}
QUICK = Pace(rounds=1, seconds=1, warm=1, checking=1)


def arguments() -> argparse.Namespace:
    keys = {work.key: work.title for work in WORKS} | OTHERS
    listed = "\n".join(f"  {key:12}{title}" for key, title in keys.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__.partition("\n")[0],
        epilog=f"items of work:\n{listed}\n\nexample:\n  python -m benchmarks --only a-distinct,e --peers 'Prism static'",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--quick", action="store_true", help="one short round of everything: does it work? not: how fast?"
    )
    parser.add_argument("--only", metavar="A,B", help="these items only; a letter stands for all that begin with it")
    parser.add_argument("--peers", metavar="NAME,NAME", help="these peers only, besides counterfoil; see README.md")
    parser.add_argument("--seconds", type=float, default=Pace.seconds, help="length of a round (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=Pace.rounds, help="rounds for each (default %(default)s)")
    parser.add_argument("--customers", type=int, default=10_000, help="customers in the world (default %(default)s)")
    parser.add_argument("--minutes", type=float, default=45, help="begin no item after this long (default %(default)s)")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR", help="where results.md, .svg and .json go")
    options = parser.parse_args()
    wanted = set(options.only.split(",")) if options.only else set(keys)
    options.keys = [key for key in keys if key in wanted or key.partition("-")[0] in wanted]
    names = {each.name for each in CONTENDERS}
    options.names = names if options.peers is None else {"counterfoil", *options.peers.split(",")} - {""}
    if not options.keys:
        parser.error(f"--only: there is none of {options.only}; there are {', '.join(keys)}")
    if unknown := options.names - names:
        parser.error(f"--peers: there is no {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    if options.seconds < 1 or options.rounds < 1 or options.customers < 1000:
        parser.error("--seconds and --rounds are at least 1, --customers at least 1000")
    return options


def main() -> int:
    options = arguments()
    if not load.present():
        print(load.HINT, file=sys.stderr)
        return 3
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop must stop the peers too
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every start would be a first one
    pace = QUICK if options.quick else Pace(options.rounds, options.seconds)
    found: dict[str, Any] = {
        "machine": machine.describe(),
        "pace": f"{'--quick, which shows that everything works and not how fast; ' if options.quick else ''}"
        f"{pace.rounds} rounds of {pace.seconds:g} s by turns after {pace.warm:g} s of warming up, "
        f"{load.CONNECTIONS} connections, server on one core, wrk on another, {options.customers:,} customers",
    }
    until = time.monotonic() + options.minutes * 60
    try:
        facts = _facts(options.customers)
        _measure(options, pace, facts, found, until)
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130
    except (Absent, Wrong, ValueError) as problem:
        print(f"counterfoil could not be measured: {problem}", file=sys.stderr)
        return 3
    return _keep(found, options.out)


def _facts(customers: int) -> Facts:
    """What a stand-in of its own holds, read before anything is timed."""
    with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as folder:
        place = Place(free_port(), Path(folder), None, APIS, customers)
        with Running(CONTENDERS[0], place) as running:
            return gather(running.port, customers)


def _measure(options: argparse.Namespace, pace: Pace, facts: Facts, found: dict[str, Any], until: float) -> None:
    def chosen(each: Contender) -> bool:
        return each.name in options.names

    for key in options.keys:
        if time.monotonic() > until:
            print(f"({key}) left out: {options.minutes:g} minutes are over", file=sys.stderr)
            continue
        print(f"({key})", file=sys.stderr, flush=True)
        if key == "h":
            found["startup"] = startup.measure(facts, 1 if options.quick else pace.rounds, chosen)
        elif key == "i":
            sizes = (1_000, options.customers) if options.quick else growth.SIZES
            found["worlds"] = [growth.apart("benchmarks.worlds", size) for size in sizes]
        elif key == "k":
            sizes = growth.SIZES[:2] if options.quick else growth.SIZES
            rounds = 2 if options.quick else growth.ROUNDS
            found["growth"] = [{"customers": size, **growth.apart("benchmarks.growth", size, rounds)} for size in sizes]
        else:
            work = next(each for each in WORKS if each.key == key)
            contenders = [each for each in CONTENDERS if key in each.works and chosen(each)]
            scores = [score.summary() for score in fight(work, contenders, facts, options.customers, pace)]
            found.setdefault("work", {})[key] = scores
            _say(scores)


def _say(scores: list[dict[str, Any]]) -> None:
    for each in scores:
        told = each.get("absent") or f"{each['per_second']:>9,.0f} requests/s, p99 {each['p99_ms']:.1f} ms"
        print(f"    {each['contender']:34} {told}", file=sys.stderr, flush=True)


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
