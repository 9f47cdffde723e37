"""Plant every defect, try every law of its API and Schemathesis at it, and write ``caught.json`` and ``REPORT.md``.

``python -m tests.contract.defects [API…]`` from the repository's root, with ``src`` on the path; takes about ten minutes on two
cores. ``--no-conformance`` and ``--no-laws`` leave one half of the record as it was; ``--only NAME`` tries some defects;
``--clean`` tries every law at the clean stand-in instead, over all scenarios and 20 seeds each; ``--sparing`` says which defects
are not caught by the few cases that are tried at a target with a long list. Both write nothing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from . import jobs
from . import record as records
from .plant import DEFECTS
from .record import COMMAND, RECORD, REPORT, Caught
from .trying import SEEDS, CouldNotRun, DefectFailed, api_names, clean_verdict, conformance, laws_of, scenario_names


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("apis", nargs="*", metavar="API", default=list(api_names()))
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-conformance", action="store_true")
    parser.add_argument("--no-laws", action="store_true")
    parser.add_argument("--clean", action="store_true")
    parser.add_argument("--sparing", action="store_true")
    asked = parser.parse_args(arguments)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.workers, mp_context=spawn, initializer=jobs.quiet) as pool:
        if asked.sparing:
            return _sparing(pool, asked.apis, asked.only)
        return _false_alarms(pool, asked.apis) if asked.clean else _examine(pool, asked)


def _examine(pool: Any, asked: Any) -> int:
    started = time.monotonic()
    chosen = [d for d in DEFECTS.values() if d.api in asked.apis and (not asked.only or d.name in asked.only)]
    groups = sorted({(defect.api, defect.scenario) for defect in chosen})
    laws_broken: dict[str, tuple[str, ...]] = {}
    complained: dict[str, bool] = {}
    if not asked.no_laws:
        futures = {pool.submit(jobs.broken_laws, d.id): d for d in chosen}
        for place, future in enumerate(as_completed(futures), 1):
            defect = futures[future]
            laws_broken[defect.id] = tuple(_result(future, ()))
            _keep(defect.id, laws_broken, complained)  # one by one: a run that is cut off is not lost
            print(f"{place}/{len(futures)} {defect.id}: {len(laws_broken[defect.id]) or 'NO'} laws", file=sys.stderr)
    if not asked.no_conformance:
        clean = {group: pool.submit(conformance, *group) for group in groups}
        futures = {pool.submit(jobs.complaints, d.id): d for d in chosen}
        for place, future in enumerate(as_completed(futures), 1):
            defect = futures[future]
            more = set(_result(future, ())) - clean[defect.api, defect.scenario].result()
            complained[defect.id] = bool(more)
            _keep(defect.id, laws_broken, complained)
            print(
                f"{place}/{len(futures)} {defect.id}: conformance {'complains' if more else 'is content'}",
                file=sys.stderr,
            )
    record = records.read()
    laws = [law.id for api in api_names() for law in laws_of(api)]
    REPORT.write_text(records.report(record, laws))
    survivors = [d.id for d in chosen if not record[d.id].laws and not record[d.id].conformance]
    print(f"{len(chosen)} defects in {time.monotonic() - started:.0f} s; see {REPORT} and {RECORD}")
    print(f"not caught: {len(survivors)} {', '.join(survivors[:12])}")
    idle = records.laws_that_caught_nothing(record, laws)
    print(f"laws that never caught anything: {len(idle)} {', '.join(idle[:12])}")
    return 1 if survivors else 0


def _sparing(pool: Any, apis: list[str], only: list[str]) -> int:
    chosen = [d.id for d in DEFECTS.values() if d.api in apis and (not only or d.name in only)]
    tries = {id: pool.submit(jobs.is_caught_sparingly, id) for id in chosen}
    missed = [id for id, future in tries.items() if not future.result()]
    print(f"{len(chosen)} defects; not caught by few cases: {len(missed)} {', '.join(missed)}")
    return 1 if missed else 0


def _keep(id: str, laws_broken: dict[str, tuple[str, ...]], complained: dict[str, bool]) -> None:
    """Write what is known of one defect to the record."""
    record = records.read()
    was = record.get(id, Caught(()))
    record[id] = Caught(laws_broken.get(id, was.laws), complained.get(id, was.conformance))
    records.write(record)


def _result(future: Any, otherwise: Any) -> Any:
    try:
        return future.result()
    except (CouldNotRun, DefectFailed) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return otherwise


def _false_alarms(pool: Any, apis: list[str]) -> int:
    tries = {
        pool.submit(clean_verdict, api, scenario, seed): (api, scenario, seed)
        for api in apis
        for scenario in scenario_names()
        for seed in SEEDS
    }
    alarms = 0
    for place, future in enumerate(as_completed(tries), 1):
        print(f"{place}/{len(tries)}", *tries[future], file=sys.stderr)
        for broken in (each for each in future.result() if each.status == "broken"):
            alarms += 1
            print(*tries[future], broken.id, broken.findings[0].expected, broken.findings[0].got, sep=" | ")
    print(f"{len(tries)} clean stand-ins, {alarms} false alarms")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
