"""An API from another package, as ``counterfoil new-api`` writes it, is found and used without touching counterfoil's files."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from counterfoil.catalog import api_names
from counterfoil.cli import main

NAME = "acme-billing"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on Python's path with the new API, installed as pip would: its package, and its entry point."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "counterfoil", "new-api", NAME, str(folder / "new")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    (folder / "new" / "acme_billing").rename(folder / "acme_billing")
    (point,) = re.findall(
        r'\[project\.entry-points\."counterfoil\.apis"\]\n(.+)\n', (folder / "new" / "pyproject.toml").read_text()
    )
    add_entry_point(folder, point.replace('"', ""))
    return folder


def add_entry_point(folder: Path, point: str) -> None:
    info = folder / "acme.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[counterfoil.apis]\n{point}\n")


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}


def counterfoil(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "counterfoil", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(folder),
    )


def test_it_is_listed_and_its_spec_is_sound(installed: Path) -> None:
    listed = counterfoil(installed, "specs", "list", "--json")
    assert {each["name"] for each in json.loads(listed.stdout)} >= {NAME, "elevate", "oracle-brm"}
    linted = counterfoil(installed, "specs", "lint")
    assert (linted.returncode, linted.stdout) == (0, "no findings\n"), linted.stdout + linted.stderr


def test_one_that_is_installed_later_is_found_without_a_new_process(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    os.utime(tmp_path, (0, 0))  # changed long ago, whatever the clock's resolution
    assert NAME not in api_names()
    os.symlink(installed / "acme_billing", tmp_path / "acme_billing")
    add_entry_point(tmp_path, f"{NAME} = acme_billing:api")
    assert NAME in api_names()
    monkeypatch.undo()
    assert NAME not in api_names()


def test_its_laws_hold_for_its_stand_in(installed: Path) -> None:
    checked = counterfoil(installed, "check", NAME, "--fast")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "FINE" in checked.stdout


@pytest.fixture
def port(installed: Path) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "counterfoil", "serve", NAME, "flexprice", "--scenario", "late-payer", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(installed),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield int(re.findall(r":(\d+)/", line)[0])
    finally:
        process.kill()
        process.communicate()


def get(port: int, path: str) -> tuple[int, dict[str, object]]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Authorization": "Bearer counterfoil-key"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_it_is_served_beside_the_others_from_the_same_ledger_and_the_page_can_show_it(port: int) -> None:
    status, customer = get(port, f"/{NAME}/v1/customers/3/balance")
    assert (status, customer["owed"]) == (200, {"EUR": "28.56"}), "two bills of 14.28"
    status, error = get(port, f"/{NAME}/v1/customers/999/balance")
    assert (status, error) == (404, {"error": "unknown_resource", "message": "there is no customer '999'"})

    _, shown = get(port, "/_sandbox/v1/apis")
    views = {api["name"]: api["customer_view"] for api in shown["apis"]}  # type: ignore[attr-defined]
    assert views[NAME] == "/customers/{customerId}/balance"
    _, customer = get(port, "/_sandbox/v1/worlds/default/customers/3")
    assert customer["ids"][NAME] == {"customerId": "3"}  # type: ignore[index]


def test_the_pytest_fixture_serves_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_acme.py").write_text(
        "def test_balance(counterfoil):\n"
        f"    with counterfoil.client('{NAME}') as client:\n"
        "        assert client.get('/customers/1/balance').status_code == 200\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--disable-plugin-autoload",
            "-pcounterfoil.pytest_plugin",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(installed),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout


BROKEN = {
    "acme-billing = nowhere:api": (
        "the entry point counterfoil.apis: acme-billing = nowhere:api names no installed package"
    ),
    "acme-billing = acme_billing": ("the entry point counterfoil.apis: acme-billing = acme_billing must name a value"),
    "elevate = acme_billing:api": "two APIs are called 'elevate': counterfoil.apis.elevate and acme_billing",
    "acme-billing = acme_billing:nothing": "the API 'acme-billing' cannot be imported from acme_billing:nothing",
    "other = acme_billing:api": "the API 'other' is not described by a counterfoil.api.API of that name",
}


@pytest.fixture
def broken(installed: Path, tmp_path: Path, point: str) -> Iterator[Path]:
    """A folder for Python's path with the new API's package, and an entry point that is wrong."""
    os.symlink(installed / "acme_billing", tmp_path / "acme_billing")
    add_entry_point(tmp_path, point)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_billing"]:
        del sys.modules[name]


@pytest.mark.parametrize("point", BROKEN)
def test_a_broken_entry_point_is_one_clear_line(broken: Path, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(broken)
    done = CliRunner().invoke(main, ["serve", "--port", "0"])
    assert_is_refused(done.exit_code, done.stderr, BROKEN[point])


@pytest.mark.parametrize("point", ["acme-billing = acme_billing:nothing"])
def test_a_broken_entry_point_ends_a_new_process_as_well(broken: Path, point: str) -> None:
    done = counterfoil(broken, "serve", "--port", "0")
    assert_is_refused(done.returncode, done.stderr, BROKEN[point])


@pytest.mark.parametrize(("arguments", "said"), [(["Acme"], "not a name for an API"), (["acme", "."], "is not empty")])
def test_a_bad_name_or_folder_is_one_clear_line(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["new-api", *arguments])
    assert_is_refused(done.exit_code, done.stderr, said)


def assert_is_refused(code: int, printed: str, said: str) -> None:
    assert code == 2
    assert said in printed
    assert printed.count("\n") == 1, printed
