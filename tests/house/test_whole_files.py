"""Reports and capsules are written whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LITTLE_ROOM = """
import resource, signal, sys
from pathlib import Path

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
{body}
"""
CAPSULE = """
from counterfoil.testing import Sandbox
with Sandbox(scenario="one-month") as sandbox:
    try:
        sandbox.capsule(Path(sys.argv[1]) / "new" / "capsule.json")
    except OSError as error:
        print(error.strerror)
"""
REPORT = """
from counterfoil.contract.reports import write_report
from counterfoil.contract.verdict import Verdict
try:
    write_report(Verdict(notes=["a note" * 500]), Path(sys.argv[1]))
except OSError as error:
    print(error.strerror)
"""


def run(body: str, folder: Path) -> str:
    program = [sys.executable, "-c", LITTLE_ROOM.format(body=body), str(folder)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_capsule_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    assert run(CAPSULE, tmp_path) == "File too large"
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_does_not_fit_leaves_the_last_one_as_it_was(tmp_path: Path) -> None:
    for name in ("junit.xml", "report.html", "report.json"):
        (tmp_path / name).write_text("the last one")
    assert run(REPORT, tmp_path) == "File too large"
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == dict.fromkeys(
        ("junit.xml", "report.html", "report.json"), "the last one"
    )
