"""The imports at start: the served APIs, and nothing for tests, checks or the page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LATER = ("faker", "schemathesis", "hypothesis", "pytest", "counterfoil.page", "counterfoil.contract")

SERVE = """
import http.client, json, os, sys, threading
import counterfoil.serving as serving

real = serving.serve

def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    answers = []
    for path, headers in ((PATH, {"authorization": "Bearer counterfoil-key"}), (PATH, {}), ("/elevate/v1/nowhere", {})):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        answers.append(answer.status)
    import gc
    there = sorted(sys.modules)
    print(json.dumps({"answers": answers, "there": there, "collects": gc.isenabled()}), flush=True)
    os._exit(0)

def serve(app, taken, *, ready=lambda: None, **rest):
    def then():
        ready()
        threading.Thread(target=ask, args=(taken.getsockname()[1],)).start()
    real(app, taken, ready=then, **rest)

serving.serve = serve
from counterfoil.cli import main
main(["serve", *sys.argv[1:], "--port", "0", "--quiet"])
"""


def started(*apis: str, cache: Path) -> dict[str, object]:
    code = SERVE.replace("PATH", repr("/elevate/v1/customer-billing-summaries?page=1&pageSize=10"))
    done = subprocess.run(
        [sys.executable, "-c", code, *apis],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(sys.path), "COUNTERFOIL_CACHE": str(cache)},
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])  # the first says where it listens
    return answer


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of parsed specs, filled as after an earlier start."""
    folder = tmp_path_factory.mktemp("cache")
    started(cache=folder)
    return folder


def test_up_to_the_first_answers_nothing_is_imported_that_they_do_not_need(cache: Path) -> None:
    seen = started("elevate", cache=cache)
    assert seen["answers"] == [200, 401, 404]
    assert [name for name in LATER if name in seen["there"]] == []  # type: ignore[operator]


def test_one_api_does_not_import_the_others(cache: Path) -> None:
    seen = started("elevate", cache=cache)["there"]
    packages = [
        name for name in seen if name.startswith("counterfoil.apis.") and name.count(".") == 2 and "._" not in name
    ]  # type: ignore[attr-defined]
    assert packages == ["counterfoil.apis.elevate"]


def test_all_five_import_nothing_heavier(cache: Path) -> None:
    seen = started(cache=cache)
    assert seen["answers"] == [200, 401, 404]
    assert [name for name in LATER if name in seen["there"]] == []  # type: ignore[operator]


def test_the_collector_is_enabled_once_requests_are_answered(cache: Path) -> None:
    assert started("elevate", cache=cache)["collects"] is True


def test_a_switch_of_an_api_that_is_not_served_is_still_known_and_checked_at_start(tmp_path: Path) -> None:
    def refused(switch: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "counterfoil", "serve", "elevate", "--port", "0", "--switch", switch],
            capture_output=True,
            text=True,
            timeout=60,
            env={"PYTHONPATH": ":".join(sys.path), "COUNTERFOIL_CACHE": ""},
        )
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1
        return done.stderr

    assert "there is no switch 'oracle-brm.nothing'" in refused("oracle-brm.nothing=1")
    assert "elevate.like" in refused("oracle-brm.nothing=1")
    assert "switch oracle-brm.token cannot be 'perhaps'" in refused("oracle-brm.token=perhaps")


@pytest.mark.parametrize(
    "command", ["scenarios list", "scenarios show demo", "specs show elevate", "check --list-laws"]
)
def test_a_command_that_serves_nothing_does_not_wait_for_connexion(command: str) -> None:
    code = "import atexit, sys; atexit.register(lambda: print('connexion' in sys.modules, file=sys.stderr))"
    code += "\nfrom counterfoil.cli import main; main(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *command.split()], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "False\n")
