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

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


def test_it_carries_specs_fixtures_and_the_type_marker(wheel: Path) -> None:
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


def test_it_serves_from_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-compile", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    check = [python.parent / "counterfoil", "check", "elevate"]
    lean = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert lean.returncode == 2
    assert "hypothesis and schemathesis are not installed" in lean.stderr
    assert "pip install 'counterfoil[check]'" in lean.stderr
    assert lean.stderr.count("\n") == 1
    command = [python.parent / "counterfoil", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment) as process:
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
