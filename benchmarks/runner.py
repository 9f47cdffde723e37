"""Measures one workload on all servers, interleaved: start them, check their responses, then load A, B, C, A, B, C, …"""

from __future__ import annotations

import contextlib
import http.client
import json
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.dataset import Client, Dataset
from benchmarks.server_process import Server, ServerProcess, Setup, Unavailable, free_port
from benchmarks.workloads import CheckedRequest, Workload
from benchmarks.wrk import InvalidRun, Round, run_wrk, write_requests

SERVER_CORE, LOAD_CORE = 0, 1


@dataclass(frozen=True)
class Timing:
    """Number of rounds; seconds of a round, of warming up, and of checking responses."""

    rounds: int = 5
    seconds: float = 3
    warm: float = 2
    checking: float = 12


@dataclass
class Score:
    """The results of one server for one workload. ``absent`` says why there are none."""

    server: str
    checked: int = 0
    rounds: list[Round] = field(default_factory=list)
    megabytes: float = 0.0
    absent: str = ""

    def summary(self) -> dict[str, Any]:
        """As data, for the report and the plot."""
        if not self.rounds:
            return {"server": self.server, "absent": self.absent or "not measured"}
        rates = [each.per_second for each in self.rounds]
        return {
            "server": self.server,
            "checked": self.checked,
            "per_second": statistics.median(rates),
            "least": min(rates),
            "most": max(rates),
            "p50_ms": statistics.median(each.p50 for each in self.rounds),
            "p99_ms": statistics.median(each.p99 for each in self.rounds),
            "megabytes": self.megabytes,
            "rounds": [asdict(each) for each in self.rounds],
        }


class WrongAnswer(Exception):
    """A response that is not what the request asked for."""


def check(
    running: ServerProcess, requests: list[CheckedRequest], dataset: Dataset, seconds: float
) -> list[CheckedRequest]:
    """The requests whose responses were checked, in order, as many as fit the time. Raises ``WrongAnswer``."""
    client, until = Client(running.port), time.monotonic() + seconds
    fine: list[CheckedRequest] = []
    for each in requests:
        if fine and time.monotonic() > until:
            break
        try:
            problem = _problem(running.server, each, client.json(each.call), dataset)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            raise WrongAnswer(f"{each.call.method} {each.call.path[:120]}: {problem[:160]}")
        fine.append(each)
    return fine


def _problem(server: Server, request: CheckedRequest, body: Any, dataset: Dataset) -> str | None:
    if server.answers == "real":
        return request.check(body)
    example = dataset.examples[request.example]
    if server.answers == "canned":
        return None if body == example else f"not its example: {json.dumps(body)[:100]}"
    one = body[0] if isinstance(example, list) and body else body
    members = set(example[0] if isinstance(example, list) else example)
    return None if isinstance(one, dict) and set(one) & members else f"not of this schema: {json.dumps(body)[:100]}"


def run_item(
    workload: Workload, servers: list[Server], dataset: Dataset, customers: int, timing: Timing
) -> list[Score]:
    """Start all servers that have this workload, check and warm them, then load them in turn."""
    scores = {each.name: Score(each.name) for each in servers}
    with contextlib.ExitStack() as stack:
        ready: list[tuple[ServerProcess, Path, int]] = []
        for each in servers:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-bench-")))
            setup = Setup(free_port(), folder, dataset, workload.apis, customers)
            try:
                running = stack.enter_context(ServerProcess(each, setup, core=SERVER_CORE))
                requests = check(running, workload.requests(each.style, dataset), dataset, timing.checking)
                file = write_requests([one.call for one in requests], f"127.0.0.1:{running.port}", folder / "requests")
                run_wrk(file, running.port, timing.warm, core=LOAD_CORE)
            except (Unavailable, WrongAnswer, InvalidRun, OSError, http.client.HTTPException, ValueError) as problem:
                scores[each.name].absent = str(problem)
                continue
            scores[each.name].checked = len(requests)
            ready.append((running, file, len(requests)))
        _interleave(ready, scores, timing)
    return list(scores.values())


def _interleave(ready: list[tuple[ServerProcess, Path, int]], scores: dict[str, Score], timing: Timing) -> None:
    sent: dict[str, int] = {}
    for _ in range(timing.rounds):
        for running, file, length in ready:
            score = scores[running.server.name]
            if score.absent:
                continue
            first = sent.get(score.server, 0)
            try:
                done = run_wrk(file, running.port, timing.seconds, first=first % length, core=LOAD_CORE)
            except (InvalidRun, OSError) as problem:
                score.absent, score.rounds = str(problem), []
                continue
            score.rounds.append(done)
            score.megabytes = running.memory()
            # continue where the last round stopped, so that distinct requests stay distinct
            sent[score.server] = first + round(done.per_second * timing.seconds)
