"""Time from starting the process to its first 200: counterfoil with five APIs and with one, and the peers.

Every Python server is timed with compiled files and without. "First start" is without: Python finds no compiled file
outside its standard library, and counterfoil's cache of parsed specs is empty, as after an install that compiled nothing.
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
from benchmarks.dataset import RUNS, Dataset
from benchmarks.server_process import Server, ServerProcess, Setup, Unavailable, answers_http, free_port
from benchmarks.servers import SERVERS
from benchmarks.workloads import APIS

ONE = ("billingplatform",)
PATH = f"{RUNS}1"


@dataclass(frozen=True, slots=True)
class Start:
    """A server, the APIs it serves, and whether it starts without compiled files."""

    name: str
    server: Server
    apis: tuple[str, ...]
    first: bool = False


def starts(names: Callable[[Server], bool]) -> list[Start]:
    """All starts that are timed."""
    by_name = {each.name: each for each in SERVERS}
    me, bare, prism = by_name["counterfoil"], by_name["bare Starlette"], by_name["Prism static"]
    wanted = [
        Start("counterfoil, all five APIs", me, APIS),
        Start("counterfoil, one API", me, ONE),
        Start("bare Starlette", bare, ONE),
        Start("counterfoil, all five APIs, first start", me, APIS, first=True),
        Start("counterfoil, one API, first start", me, ONE, first=True),
        Start("bare Starlette, first start", bare, ONE, first=True),
        Start("Prism static, all five APIs", prism, APIS),
    ]
    wanted += [
        Start(f"{each.name}, one API", each, ONE)
        for each in SERVERS
        if "e" in each.workloads and each not in (me, bare) and each.name not in ("Prism dynamic", "bare ASGI")
    ]
    return [each for each in wanted if names(each.server)]


def measure(dataset: Dataset, rounds: int, names: Callable[[Server], bool]) -> list[dict[str, Any]]:
    """Median, minimum and maximum seconds of each, interleaved."""
    todo = starts(names)
    seconds: dict[str, list[float]] = {}
    absent: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as folder:
        for turn in range(rounds + 1):
            for each in todo:
                if each.name in absent:
                    continue
                try:
                    took = once(each, dataset, Path(folder))
                except (Unavailable, OSError) as problem:
                    absent[each.name] = str(problem)
                    continue
                if turn:  # the first round fills the disk cache and compiles
                    seconds.setdefault(each.name, []).append(took)
    return [
        {"server": each.name, "absent": absent[each.name]}
        if each.name in absent
        else {
            "server": each.name,
            "seconds": statistics.median(seconds[each.name]),
            "least": min(seconds[each.name]),
            "most": max(seconds[each.name]),
        }
        for each in todo
    ]


def once(start: Start, dataset: Dataset, folder: Path) -> float:
    """Seconds from starting the process to the first 200."""
    compiled = folder / ("compiled-never" if start.first else "compiled")
    if start.first:
        shutil.rmtree(compiled, ignore_errors=True)
    parsed = {"COUNTERFOIL_CACHE": str(compiled / "specs")}
    environment = {**start.server.environment, **parsed, "PYTHONPYCACHEPREFIX": str(compiled)}
    setup = Setup(free_port(), folder, dataset, start.apis, customers=50)
    command = start.server.command(setup)  # writes files and installs, which is not part of the start
    server = replace(start.server, command=lambda _: command, environment=environment, prepare=lambda _: None)
    began = time.perf_counter()
    with ServerProcess(server, setup, ready=ready(start.server.style)):
        return time.perf_counter() - began


def ready(style: str) -> Callable[[int], bool]:
    """The readiness check for a server of that style: a 200 to a real request, or any response if its paths differ from ours."""
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
