"""Who takes part: how each is installed and started, which work it can do, and what it leaves out.

Packages go to a folder outside the repository (``~/.cache/counterfoil-bench``), in the versions of ``peers.json``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.facts import NEW_RUN, Talk
from benchmarks.running import Absent, Contender, Place
from benchmarks.work import TABLE, dynamo, dynamo_row

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("COUNTERFOIL_BENCH_CACHE", Path.home() / ".cache" / "counterfoil-bench"))
PACKAGES: Mapping[str, dict[str, Any]] = json.loads((HERE / "peers.json").read_text())


# --- installing ----------------------------------------------------------------------------------


def install(package: str) -> Path:
    """The folder of an installed peer; installs it on first use. Raises ``Absent``."""
    wanted = PACKAGES[package]
    folder = CACHE / str(wanted["from"]) / package
    mark = folder / "installed.json"
    if mark.exists() and json.loads(mark.read_text()) == wanted["packages"]:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    steps = _npm(folder, wanted["packages"]) if wanted["from"] == "npm" else _pypi(folder, wanted["packages"])
    for step in steps:
        if shutil.which(step[0]) is None:
            raise Absent(f"{step[0]} is not installed")
        try:
            done = subprocess.run(step, cwd=folder, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            raise Absent(f"{step[0]} took over 5 minutes to install it") from None
        if done.returncode:
            raise Absent(
                f"{step[0]} could not install it: {(done.stderr or done.stdout).strip().splitlines()[-1][:160]}"
            )
    mark.write_text(json.dumps(wanted["packages"]))
    return folder


def _npm(folder: Path, packages: list[str]) -> list[list[str]]:
    (folder / "package.json").write_text('{"private": true}')
    return [["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", *packages]]


def _pypi(folder: Path, packages: list[str]) -> list[list[str]]:
    python = str(folder / "bin" / "python")
    return [[sys.executable, "-m", "venv", str(folder)], [python, "-m", "pip", "install", "-q", *packages]]


def _node(package: str, script: str, *arguments: str) -> list[str]:
    return ["node", str(install(package) / "node_modules" / script), *arguments]


def _java(package: str, jar: str, *arguments: str) -> list[str]:
    if shutil.which("java") is None:
        raise Absent("java is not installed")
    return ["java", "-jar", str(install(package) / "node_modules" / jar), *arguments]


# --- each of them --------------------------------------------------------------------------------

PYTHON = sys.executable
STARTED_HERE = {"PYTHONPATH": os.pathsep.join([str(HERE.parent / "src"), str(HERE.parent)])}


def counterfoil(place: Place, *options: str) -> list[str]:
    apis = () if len(place.apis) == 5 else place.apis
    script = "import sys; from counterfoil.cli import main; sys.argv[0] = 'counterfoil'; main()"
    program = [PYTHON, "-c", script, "serve", *apis]
    return [*program, "--port", str(place.port), "--quiet", "--customers", str(place.customers), *options]


QUIET = ("-v", "error")


def _prism(place: Place, *options: str) -> list[str]:
    script = "@stoplight/prism-cli/dist/index.js"
    arguments = ["mock", "-h", "127.0.0.1", "-p", str(place.port), *options, place.document()]
    return _node("prism", script, *arguments)


def _mockoon(place: Place) -> list[str]:
    data = place.folder / "mockoon.json"
    data.write_text(json.dumps(_buckets(place)))
    arguments = ["start", "--data", str(data), "--port", str(place.port), "--hostname", "127.0.0.1"]
    return _node("mockoon", "@mockoon/cli/bin/run.js", *arguments, "--disable-log-to-file", "--disable-admin-api")


def _lists(place: Place) -> dict[str, list[dict[str, object]]]:
    assert place.facts is not None
    rows: list[dict[str, object]] = [{"id": row["customerId"], **row} for row in place.facts.rows]
    runs: list[dict[str, object]] = list(place.facts.runs)
    lists = {"rows": rows, "runs": runs, "bills": list(place.facts.bills)}
    needed = {"elevate": "rows", "billingplatform": "runs", "oracle-brm": "bills"}
    return {needed[api]: lists[needed[api]] for api in place.apis if api in needed}


def _buckets(place: Place) -> dict[str, object]:
    lists = _lists(place)
    routes = [
        {
            "uuid": f"route-{name}",
            "type": "crud",
            "method": "",
            "endpoint": name,
            "responses": [
                {
                    "uuid": f"answer-{name}",
                    "body": "{}",
                    "statusCode": 200,
                    "bodyType": "DATABUCKET",
                    "databucketID": name,
                    "disableTemplating": True,
                    "default": True,
                    "crudKey": "id",
                    "headers": [{"key": "Content-Type", "value": "application/json"}],
                }
            ],
        }
        for name in lists
    ]
    return {
        "uuid": "counterfoil-bench",
        "lastMigration": 33,
        "name": "benchmark",
        "hostname": "127.0.0.1",
        "port": place.port,
        "routes": routes,
        "rootChildren": [{"type": "route", "uuid": route["uuid"]} for route in routes],
        "data": [
            {"uuid": f"data-{name}", "id": name, "name": name, "value": json.dumps(rows)}
            for name, rows in lists.items()
        ],
    }


def _json_server(place: Place) -> list[str]:
    data = place.folder / "db.json"
    data.write_text(json.dumps(_lists(place)))
    arguments = ["--host", "127.0.0.1", "--port", str(place.port), "--quiet", "--no-gzip", str(data)]
    return _node("json-server", "json-server/lib/cli/bin.js", *arguments)


def _wiremock(place: Place) -> list[str]:
    assert place.facts is not None
    mappings = place.folder / "wiremock" / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    for number, (key, body) in enumerate(place.facts.examples.items()):
        method, _, path = key.partition(" ")
        told = {
            "request": {
                "method": method,
                "urlPathPattern": path.replace("{id}", "[^/]+"),
                "headers": {"Authorization": {"equalTo": "Bearer counterfoil-key"}},
            },
            "response": {"status": 200, "jsonBody": body, "headers": {"Content-Type": "application/json"}},
        }
        (mappings / f"{number}.json").write_text(json.dumps(told))
    arguments = ["--port", str(place.port), "--bind-address", "127.0.0.1", "--root-dir", str(mappings.parent)]
    quiet = ["--no-request-journal", "--disable-banner"]
    return _java("wiremock", "wiremock/build/wiremock-standalone-3.13.2.jar", *arguments, *quiet)


def _own_script(package: str, script: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        return ["node", str(HERE / script), place.document(), str(place.port), str(install(package))]

    return command


def _specmatic(place: Place) -> list[str]:
    arguments = ["mock", "--host", "127.0.0.1", "--port", str(place.port), "--noConsoleLog", place.document()]
    return _java("specmatic", "specmatic/specmatic.jar", *arguments)


# It listens on every address and writes its whole store to disk at each change. It is kept to loopback here; the customers
# are made before it serves, with that writing off for as long. NUMBERS of customers have ids that requests can name.
_LOCALSTRIPE = """
import logging, sys
from aiohttp import web
from localstripe import resources, server
store = type(resources.store)
dump, store.dump_to_disk = store.dump_to_disk, lambda self: None
for number in range(1, int(sys.argv[2]) + 1):
    customer = resources.Customer(name=f"Customer {number}")
    if number <= 6:
        customer.id = f"cus_{number}"
        resources.store[f"customer:{customer.id}"] = customer
store.dump_to_disk = dump
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
"""


def _localstripe(place: Place) -> list[str]:
    python = str(install("localstripe") / "bin" / "python")
    return [python, "-c", _LOCALSTRIPE, str(place.port), str(place.customers)]


def _moto(place: Place) -> list[str]:
    return [str(install("moto") / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(place.port)]


def _fill_moto(place: Place) -> None:
    assert place.facts is not None
    talk = Talk(place.port)
    key = [("billingStatus", "S", "HASH"), ("customerId", "N", "RANGE")]
    table = {
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind, _ in key],
        "KeySchema": [{"AttributeName": name, "KeyType": role} for name, _, role in key],
    }
    talk.json(dynamo("CreateTable", table))
    rows = place.facts.rows
    for first in range(0, len(rows), 25):
        puts = [{"PutRequest": {"Item": dynamo_row(row)}} for row in rows[first : first + 25]]
        talk.json(dynamo("BatchWriteItem", {"RequestItems": {TABLE: puts}}))


def _floor(kind: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        answers = place.folder / "answers.json"
        # for a bare start nothing is known yet, and one small answer is enough
        told = place.facts.examples if place.facts else {"GET /billingplatform/backend/api/v1/billingRuns/": NEW_RUN}
        answers.write_text(json.dumps(told))
        return [PYTHON, "-m", "benchmarks.floor", kind, str(place.port), str(answers)]

    return command


def _works(keys: str) -> frozenset[str]:
    return frozenset(keys.split())


ALL = _works("a-distinct a-walk a-same b c d e f g g-all")
CANNED = "canned: no filter, no sort, no pages, no state"
FLOOR = "canned: no authentication, no validation, no filter, no sort, no state"

CONTENDERS = (
    Contender("counterfoil", "spec", "real", ALL, counterfoil, environment=STARTED_HERE),
    Contender(
        "counterfoil under granian", "spec", "real", _works("a-distinct a-same e f g"),
        lambda place: counterfoil(place, "--server", "granian"), environment=STARTED_HERE,
    ),
    Contender("Prism static", "spec", "canned", ALL, lambda place: _prism(place, *QUIET), CANNED, "prism"),
    Contender(
        "Prism static (logging)", "spec", "canned", _works("a-distinct e f"), _prism, CANNED, "prism",
    ),
    Contender(
        "Prism dynamic", "spec", "random", _works("a-same e f"), lambda place: _prism(place, *QUIET, "-d"),
        "random: no filter, no sort, no pages, no state", "prism",
    ),
    Contender(
        "Mockoon", "mockoon", "real", _works("a-distinct a-walk a-same b e f g"), _mockoon,
        "no authentication, no validation, one sort key, no choice of members", "mockoon",
    ),
    Contender(
        "json-server", "json-server", "real", _works("a-distinct a-walk a-same b e f g"), _json_server,
        "no authentication, no validation, no choice of members", "json-server",
    ),
    Contender(
        "WireMock", "spec", "canned", _works("a-same e f g"), _wiremock, f"{CANNED}; no validation", "wiremock",
    ),
    Contender(
        "Scalar", "spec", "canned", _works("a-same e f"), _own_script("scalar", "scalar.mjs"),
        f"{CANNED}; no validation of responses", "scalar",
    ),
    Contender(
        "openapi-backend", "spec", "canned", _works("a-same e f g"),
        _own_script("openapi-backend", "openapi_backend.mjs"), CANNED, "openapi-backend",
    ),
    Contender("Specmatic", "spec", "random", _works("a-same e f"), _specmatic, CANNED, "specmatic"),
    Contender(
        "localstripe", "localstripe", "real", _works("a-same e f"), _localstripe,
        "Stripe's customers, not bills: no filter or sort of this kind, no validation by a spec", "localstripe",
    ),
    Contender(
        "moto", "moto", "real", _works("a-distinct a-same e f"), _moto,
        "DynamoDB's items, not bills: sorted by its key only, no validation by a spec", "moto", _fill_moto,
    ),
    Contender("bare Starlette", "spec", "canned", ALL, _floor("starlette"), FLOOR, environment=STARTED_HERE),
    Contender("bare ASGI", "spec", "canned", ALL, _floor("asgi"), FLOOR, environment=STARTED_HERE),
)  # fmt: skip
