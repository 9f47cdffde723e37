"""The wheel stands alone: installed into an empty environment, it serves, with its specs, fixtures and type marker."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_carries_its_files_and_serves_from_an_empty_environment(tmp_path: Path) -> None:
    """One test, because two could run in two processes, and each would build the wheel."""
    folder = tmp_path / "wheel"
    pip("wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    has_specs_fixtures_and_the_type_marker(wheel)

    venv.create(tmp_path / "venv", with_pip=False)
    programs = tmp_path / "venv" / "bin"
    pip("--python", str(programs / "python"), "install", "-q", "--no-compile", str(wheel))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    says_what_a_check_needs(programs, environment, tmp_path)
    serves(programs, environment, tmp_path)


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def has_specs_fixtures_and_the_type_marker(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "counterfoil/py.typed" in names
    assert "counterfoil/_data/fixtures/scenarios/demo.yaml" in names
    assert "counterfoil/_data/docs/vendors/emnify.md" in names, "what the switches cite"
    assert "counterfoil/_data/fixtures/workflows/one-month.arazzo.yaml" in names
    for file in ("shop.arazzo.yaml", "shop.model.yaml", "shop.yaml", "shop_handlers.py"):
        assert f"counterfoil/_data/examples/own-api/{file}" in names
    for api in ("billingplatform", "elevate", "emnify", "flexprice", "oracle-brm"):
        assert f"counterfoil/_data/specs/{api}/openapi.yaml" in names
        assert f"counterfoil/_data/specs/{api}/openapi.json" in names, "the parsed spec, for a quick start"


def says_what_a_check_needs(programs: Path, environment: dict[str, str], folder: Path) -> None:
    check = [programs / "counterfoil", "check", "elevate"]
    lean = subprocess.run(check, cwd=folder, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert lean.returncode == 2
    assert "hypothesis and schemathesis are not installed" in lean.stderr
    assert "pip install 'counterfoil[check]'" in lean.stderr
    assert lean.stderr.count("\n") == 1


def serves(programs: Path, environment: dict[str, str], folder: Path) -> None:
    command = [programs / "counterfoil", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(5)]
            bases = dict(re.findall(r"^(\S+) (http\S+)$", "".join(said), re.MULTILINE))
            request = urllib.request.Request(
                bases["elevate"] + "/customer-billing-summaries?page=1&pageSize=5",
                headers={"Authorization": "Bearer counterfoil-key"},
            )
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert [row["customerId"] for row in json.load(answer)] == [1, 2, 3, 4, 5]
            process.terminate()
            assert process.wait(timeout=60) == 0, "Ctrl-C and SIGTERM stop it cleanly"
        finally:
            process.kill()
