"""Importing counterfoil, or using a Sandbox, changes nothing else in the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STATE = """
import gc, inspect, logging, signal, sys, threading, warnings
import requests, yaml, httpx, jinja2, werkzeug, jsonschema, starlette.convertors, uvicorn

def fake(*args, **options): return "fake"
requests.get = fake
logging.getLogger("uvicorn.error").setLevel(logging.INFO)
MODULES = (requests, yaml, httpx, jinja2, werkzeug, jsonschema, uvicorn)

def state():
    return {
        "stub": requests.get is fake,
        "modules": {m.__name__: (sys.modules[m.__name__] is m, type(m).__name__) for m in MODULES},
        "yaml": {name for name, _ in inspect.getmembers(yaml)},
        "levels": {n: l.level for n, l in logging.root.manager.loggerDict.items()
                   if isinstance(l, logging.Logger) and n in known},
        "root": (logging.root.level, list(logging.root.handlers)),
        "signals": {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)},
        "switch interval": sys.getswitchinterval(),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "convertors": dict(starlette.convertors.CONVERTOR_TYPES),
        "import hooks": (list(sys.meta_path), list(sys.path_hooks)),
        "warning filters": list(warnings.filters),
        "excepthook": sys.excepthook,
    }

known = set(logging.root.manager.loggerDict)
before = state()
"""
AFTER = """
after = state()
assert after == before, {name: (before[name], after[name]) for name in before if before[name] != after[name]}
print("unchanged")
"""
USES = {
    "import": "import counterfoil, counterfoil.app, counterfoil.testing, counterfoil.pytest_plugin",
    "sandbox": """
from counterfoil import Sandbox
with Sandbox(scenario="late-payer") as sandbox:
    with sandbox.client("oracle-brm") as client:
        assert client.get("/customerBill").status_code == 200
        assert client.get("/nowhere").status_code == 404
    sandbox.clock.advance(days=40)
""",
    "page": """
from counterfoil.app import build
from counterfoil.testing.in_process import InProcessTransport
transport = InProcessTransport(build(["elevate"]).server)
with transport, httpx.Client(transport=transport, base_url="http://127.0.0.1") as client:
    assert client.get("/").status_code == 200
""",
}


@pytest.mark.parametrize("use", USES)
def test_the_process_stays_as_it_was(use: str) -> None:
    code = STATE + USES[use] + AFTER
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("unchanged\n", 0), done.stderr


def test_a_check_leaves_nothing_in_the_working_directory(tmp_path: Path) -> None:
    """Hypothesis writes its tables into the working directory unless it is told otherwise."""
    here, cache = tmp_path / "here", tmp_path / "cache"
    here.mkdir()
    environment = {**os.environ, "COUNTERFOIL_CACHE": str(cache)}
    environment.pop("HYPOTHESIS_STORAGE_DIRECTORY", None)
    command = [sys.executable, "-m", "counterfoil", "check", "elevate", "--fast", "--only", "elevate.filter.customer"]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(here.iterdir()) == []
    assert list((cache / "hypothesis").iterdir())
