"""One item of work, all contenders by turns: start them, check their answers, then load A, B, C, A, B, C, …"""

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

from benchmarks.facts import Facts, Talk
from benchmarks.load import Round, Unfit, drive, write
from benchmarks.running import Absent, Contender, Place, Running, free_port
from benchmarks.work import Asked, Work

SERVER_CORE, LOAD_CORE = 0, 1


@dataclass(frozen=True)
class Pace:
    """How long everything may take: rounds, seconds a round, seconds of warming up, seconds of checking answers."""

    rounds: int = 5
    seconds: float = 3
    warm: float = 2
    checking: float = 12


@dataclass
class Score:
    """What one contender did at one item. ``absent`` says why there is nothing."""

    contender: str
    checked: int = 0
    rounds: list[Round] = field(default_factory=list)
    megabytes: float = 0.0
    absent: str = ""

    def summary(self) -> dict[str, Any]:
        """As data, for the report and the plot."""
        if not self.rounds:
            return {"contender": self.contender, "absent": self.absent or "not measured"}
        rates = [each.per_second for each in self.rounds]
        return {
            "contender": self.contender,
            "checked": self.checked,
            "per_second": statistics.median(rates),
            "least": min(rates),
            "most": max(rates),
            "p50_ms": statistics.median(each.p50 for each in self.rounds),
            "p99_ms": statistics.median(each.p99 for each in self.rounds),
            "megabytes": self.megabytes,
            "rounds": [asdict(each) for each in self.rounds],
        }


class Wrong(Exception):
    """An answer that is not what the request asked for."""


def check(running: Running, asked: list[Asked], facts: Facts, seconds: float) -> list[Asked]:
    """The requests whose answers were found right, in order, as many as fit the time. Raises ``Wrong``."""
    talk, until = Talk(running.port), time.monotonic() + seconds
    fine: list[Asked] = []
    for each in asked:
        if fine and time.monotonic() > until:
            break
        try:
            problem = _problem(running.contender, each, talk.json(each.call), facts)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            raise Wrong(f"{each.call.method} {each.call.path[:120]}: {problem[:160]}")
        fine.append(each)
    return fine


def _problem(contender: Contender, asked: Asked, body: Any, facts: Facts) -> str | None:
    if contender.answers == "real":
        return asked.judge(body)
    example = facts.examples[asked.example]
    if contender.answers == "canned":
        return None if body == example else f"not the example it was given: {json.dumps(body)[:100]}"
    one = body[0] if isinstance(example, list) and body else body
    members = set(example[0] if isinstance(example, list) else example)
    return None if isinstance(one, dict) and set(one) & members else f"not of this shape: {json.dumps(body)[:100]}"


def fight(work: Work, contenders: list[Contender], facts: Facts, customers: int, pace: Pace) -> list[Score]:
    """All contenders that have this work, started, checked, warmed, then loaded by turns."""
    scores = {each.name: Score(each.name) for each in contenders}
    with contextlib.ExitStack() as stack:
        ready: list[tuple[Running, Path, int]] = []
        for each in contenders:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-bench-")))
            place = Place(free_port(), folder, facts, work.apis, customers)
            try:
                running = stack.enter_context(Running(each, place, core=SERVER_CORE))
                asked = check(running, work.ask(each.style, facts), facts, pace.checking)
                file = write([one.call for one in asked], f"127.0.0.1:{running.port}", folder / "requests")
                drive(file, running.port, pace.warm, core=LOAD_CORE)
            except (Absent, Wrong, Unfit, OSError, http.client.HTTPException, ValueError) as problem:
                scores[each.name].absent = str(problem)
                continue
            scores[each.name].checked = len(asked)
            ready.append((running, file, len(asked)))
        _by_turns(ready, scores, pace)
    return list(scores.values())


def _by_turns(ready: list[tuple[Running, Path, int]], scores: dict[str, Score], pace: Pace) -> None:
    sent: dict[str, int] = {}
    for _ in range(pace.rounds):
        for running, file, length in ready:
            score = scores[running.contender.name]
            if score.absent:
                continue
            first = sent.get(score.contender, 0)
            try:
                done = drive(file, running.port, pace.seconds, first=first % length, core=LOAD_CORE)
            except (Unfit, OSError) as problem:
                score.absent, score.rounds = str(problem), []
                continue
            score.rounds.append(done)
            score.megabytes = running.memory()
            # go on where the last round stopped, so that distinct requests stay distinct
            sent[score.contender] = first + round(done.per_second * pace.seconds)
