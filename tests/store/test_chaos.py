"""Nothing acknowledged is lost when the server is killed, and no response showed a change that a crash undid. The checker
itself is tested on servers with planted defects, and on invented histories.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.chaos import FEWEST_KILLS, chaos
from tests.store.checker import Seen, violations
from tests.store.served import Served

SECONDS = 10.0


@pytest.mark.parametrize("defect", [None, "slow-disk"])
def test_killed_again_and_again_it_loses_nothing(tmp_path: Path, defect: str | None) -> None:
    seen, wrong, kills = chaos(tmp_path, SECONDS if defect is None else SECONDS / 2, defect=defect)
    assert not wrong, wrong[:10]
    acknowledged = [each for each in seen if each.outcome == "ok" and each.kind == "write"]
    assert kills >= FEWEST_KILLS
    assert len(acknowledged) > 20, "it was tried"
    assert any(each.outcome == "refused" for each in seen)


@pytest.mark.parametrize("defect", ["answers-before-flush", "shows-before-flush", "forgets-the-last-batch"])
def test_the_test_finds_planted_defects(tmp_path: Path, defect: str) -> None:
    """Until it finds one; a server without a defect is tried for as long above."""
    wrong: list[str] = []
    for attempt in range(12):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        _, wrong, _ = chaos(folder, 2.0, defect=defect)
        if wrong:
            break
    kinds = {line.partition(":")[0] for line in wrong}
    assert kinds & {"LOST", "TAKEN BACK", "STALE", "BACKWARDS", "SPLIT", "DIGEST"}, wrong[:10]


def test_two_workers_killed_one_by_one_and_together_lose_nothing(tmp_path: Path) -> None:
    seen, wrong, kills = chaos(tmp_path, 5.0, workers=2)
    assert not wrong, wrong[:10]
    assert kills >= FEWEST_KILLS
    assert len([each for each in seen if each.outcome == "ok" and each.kind == "write"]) > 20, "it was tried"


@pytest.mark.parametrize(
    "defect", ["never-looks", "writes-over-others", "counts-before-it-commits", "answers-before-flush"]
)
def test_planted_defects_of_several_workers_are_found(tmp_path: Path, defect: str) -> None:
    wrong: list[str] = []
    for attempt in range(20):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        _, wrong, _ = chaos(folder, 1.0, defect=defect, workers=2, kill=defect == "answers-before-flush")
        if wrong:
            break
    kinds = {line.partition(":")[0] for line in wrong}
    assert kinds & {"LOST", "TAKEN BACK", "STALE", "BACKWARDS", "SPLIT", "DIGEST"}, wrong[:10]


def write(value: str, started: float, ended: float, outcome: str = "ok") -> Seen:
    return Seen("write", "w", "r", value, outcome, started, ended)  # type: ignore[arg-type]


def read(value: str, started: float, ended: float) -> Seen:
    return Seen("read", "w", "r", value, "ok", started, ended)


def clock_read(version: int, now: str, started: float) -> Seen:
    return Seen("read", "w", "clock", "", "ok", started, started + 0.5, version, now)


KEPT = {"w": [("r", "a"), ("r", "b")]}


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([write("a", 0, 1), write("b", 1.5, 2), read("b", 3, 4)], ""),
        ([write("a", 0, 5), write("b", 1, 5), read("a", 2, 3), read("b", 3.5, 4)], ""),
        ([write("c", 0, 1, "unknown"), read("", 2, 3)], ""),
        ([clock_read(1, "09:00", 0), clock_read(1, "09:00", 1), clock_read(2, "10:00", 2)], ""),
        ([write("c", 0, 1)], "LOST"),
        ([write("a", 0, 1, "refused")], "KEPT"),
        ([read("c", 0, 1)], "TAKEN BACK"),
        ([read("b", 0, 1), read("a", 2, 3)], "STALE"),
        ([write("b", 0, 1), read("a", 2, 3)], "STALE"),
        ([clock_read(2, "10:00", 0), clock_read(1, "09:00", 1)], "BACKWARDS"),
        ([clock_read(1, "09:00", 0), clock_read(1, "10:00", 1)], "SPLIT"),
    ],
)
def test_the_checker(seen: list[Seen], found: str) -> None:
    wrong = violations(seen, KEPT)
    assert [line.partition(":")[0] for line in wrong] == ([found] if found else [])


@pytest.mark.parametrize("workers", [1, 2])
def test_the_disk_is_flushed_before_the_answer_leaves(tmp_path: Path, workers: int) -> None:
    """By the order of system calls: a kill cannot show a missing flush, because what was written outlives the process."""
    import shutil
    import subprocess

    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    with Served(tmp_path / "worlds.db", "--scenario", "one-month", workers=workers) as served:
        served.run("Before")
        assert served.process is not None
        trace = tmp_path / "trace"
        traced = [part for each in served.workers() or [served.process.pid] for part in ("-p", str(each))]
        calls = "trace=fdatasync,fsync,write,writev,sendto,sendmsg"
        tracing = subprocess.Popen(
            [strace, "-f", "-s", "200", "-e", calls, "-o", str(trace), *traced],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert tracing.stderr is not None
        for _ in range(workers):
            if "attached" not in tracing.stderr.readline():
                pytest.skip("strace may not attach here")
        served.run("Traced run")
        tracing.terminate()
        tracing.communicate()
    lines = trace.read_text().splitlines()
    answered = next(at for at, line in enumerate(lines) if "HTTP/1.1 200" in line)
    flushed = [at for at, line in enumerate(lines) if "sync(" in line or "sync resumed" in line]
    assert flushed, lines
    assert flushed[0] < answered
    assert "= 0" in lines[flushed[0]] or any("sync resumed" in line for line in lines[:answered]), lines[: answered + 1]
