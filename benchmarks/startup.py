"""From the process's start to its first 200: all five APIs, one, and others; with compiled files and without.

"First start" means that Python finds no compiled file of anything but its own library's, and that counterfoil's cache of
parsed specs is empty, as in a clone after an install that compiled nothing.
"""

from __future__ import annotations

import http.client
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.calls import BEARER
from benchmarks.facts import RUNS, Facts
from benchmarks.peers import CONTENDERS
from benchmarks.running import Absent, Contender, Place, Running, answers_http, free_port
from benchmarks.work import APIS

ONE = ("billingplatform",)
PATH = f"{RUNS}1"


@dataclass(frozen=True, slots=True)
class Start:
    """One way to start: who, with which APIs, and whether nothing was compiled before."""

    name: str
    contender: Contender
    apis: tuple[str, ...]
    first: bool = False


def starts(names: Callable[[Contender], bool]) -> list[Start]:
    """Everything whose start is timed."""
    by_name = {each.name: each for each in CONTENDERS}
    me, floor, prism = by_name["counterfoil"], by_name["bare Starlette"], by_name["Prism static"]
    wanted = [
        Start("counterfoil, all five APIs", me, APIS),
        Start("counterfoil, one API", me, ONE),
        Start("bare Starlette", floor, ONE),
        Start("counterfoil, all five APIs, first start", me, APIS, first=True),
        Start("counterfoil, one API, first start", me, ONE, first=True),
        Start("bare Starlette, first start", floor, ONE, first=True),
        Start("Prism static, all five APIs", prism, APIS),
    ]
    wanted += [
        Start(f"{each.name}, one API", each, ONE)
        for each in CONTENDERS
        if "e" in each.works and each not in (me, floor) and each.name not in ("Prism dynamic", "bare ASGI")
    ]
    return [each for each in wanted if names(each.contender)]


def measure(facts: Facts, rounds: int, names: Callable[[Contender], bool]) -> list[dict[str, Any]]:
    """Median, least and most seconds of each, by turns."""
    todo = starts(names)
    seconds: dict[str, list[float]] = {}
    absent: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as folder:
        for turn in range(rounds + 1):
            for each in todo:
                if each.name in absent:
                    continue
                try:
                    took = once(each, facts, Path(folder))
                except (Absent, OSError) as problem:
                    absent[each.name] = str(problem)
                    continue
                if turn:  # the first turn fills the disk's cache and compiles
                    seconds.setdefault(each.name, []).append(took)
    return [
        {"contender": each.name, "absent": absent[each.name]}
        if each.name in absent
        else {
            "contender": each.name,
            "seconds": statistics.median(seconds[each.name]),
            "least": min(seconds[each.name]),
            "most": max(seconds[each.name]),
        }
        for each in todo
    ]


def once(start: Start, facts: Facts, folder: Path) -> float:
    """Seconds from starting the process to the first 200."""
    compiled = folder / ("compiled-never" if start.first else "compiled")
    if start.first:
        shutil.rmtree(compiled, ignore_errors=True)
    parsed = {"COUNTERFOIL_CACHE": str(compiled / "specs")}
    environment = {**start.contender.environment, **parsed, "PYTHONPYCACHEPREFIX": str(compiled)}
    place = Place(free_port(), folder, facts, start.apis, customers=50)
    command = start.contender.command(place)  # writes files and installs: not part of the start
    contender = replace(start.contender, command=lambda _: command, environment=environment, prepare=lambda _: None)
    began = time.perf_counter()
    with Running(contender, place, ready=ready(start.contender.style)):
        return time.perf_counter() - began


def ready(style: str) -> Callable[[int], bool]:
    """How to tell that a contender of that style is up: by a 200 on its real work; by any answer from one of its own kind."""
    if style != "spec":
        return answers_http

    def answers(port: int) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", PATH, headers=dict(BEARER))
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return answers
