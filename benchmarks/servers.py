"""The servers that are measured: how each is installed and started, its workloads, and what it leaves out.

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

from benchmarks.dataset import NEW_RUN, Client
from benchmarks.server_process import Server, Setup, Unavailable
from benchmarks.workloads import TABLE, dynamo, dynamo_row

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("COUNTERFOIL_BENCH_CACHE", Path.home() / ".cache" / "counterfoil-bench"))
PACKAGES: Mapping[str, dict[str, Any]] = json.loads((HERE / "peers.json").read_text())


# --- installing ----------------------------------------------------------------------------------


def install(package: str) -> Path:
    """The folder of an installed peer; installs it on first use. Raises ``Unavailable``."""
    wanted = PACKAGES[package]
    folder = CACHE / str(wanted["from"]) / package
    mark = folder / "installed.json"
    if mark.exists() and json.loads(mark.read_text()) == wanted["packages"]:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    steps = _npm(folder, wanted["packages"]) if wanted["from"] == "npm" else _pypi(folder, wanted["packages"])
    for step in steps:
        if shutil.which(step[0]) is None:
            raise Unavailable(f"{step[0]} is not installed")
        try:
            done = subprocess.run(step, cwd=folder, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{step[0]} took over 5 minutes to install it") from None
        if done.returncode:
            raise Unavailable(
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
        raise Unavailable("java is not installed")
    return ["java", "-jar", str(install(package) / "node_modules" / jar), *arguments]


# --- each of them --------------------------------------------------------------------------------

PYTHON = sys.executable
MINE = ("counterfoil", "counterfoil (logging)")
STARTED_HERE = {"PYTHONPATH": os.pathsep.join([str(HERE.parent / "src"), str(HERE.parent)])}


def counterfoil(setup: Setup, *options: str) -> list[str]:
    apis = () if len(setup.apis) == 5 else setup.apis
    script = "import sys; from counterfoil.cli import main; sys.argv[0] = 'counterfoil'; main()"
    program = [PYTHON, "-c", script, "serve", *apis]
    return [*program, "--port", str(setup.port), "--customers", str(setup.customers), *options]


QUIET = ("-v", "error")


def _prism(setup: Setup, *options: str) -> list[str]:
    script = "@stoplight/prism-cli/dist/index.js"
    arguments = ["mock", "-h", "127.0.0.1", "-p", str(setup.port), *options, setup.document()]
    return _node("prism", script, *arguments)


def _mockoon(setup: Setup) -> list[str]:
    data = setup.folder / "mockoon.json"
    data.write_text(json.dumps(_buckets(setup)))
    arguments = ["start", "--data", str(data), "--port", str(setup.port), "--hostname", "127.0.0.1"]
    return _node("mockoon", "@mockoon/cli/bin/run.js", *arguments, "--disable-log-to-file", "--disable-admin-api")


def _lists(setup: Setup) -> dict[str, list[dict[str, object]]]:
    assert setup.dataset is not None
    rows: list[dict[str, object]] = [{"id": row["customerId"], **row} for row in setup.dataset.rows]
    runs: list[dict[str, object]] = list(setup.dataset.runs)
    lists = {"rows": rows, "runs": runs, "bills": list(setup.dataset.bills)}
    needed = {"elevate": "rows", "billingplatform": "runs", "oracle-brm": "bills"}
    return {needed[api]: lists[needed[api]] for api in setup.apis if api in needed}


def _buckets(setup: Setup) -> dict[str, object]:
    lists = _lists(setup)
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
        "port": setup.port,
        "routes": routes,
        "rootChildren": [{"type": "route", "uuid": route["uuid"]} for route in routes],
        "data": [
            {"uuid": f"data-{name}", "id": name, "name": name, "value": json.dumps(rows)}
            for name, rows in lists.items()
        ],
    }


def _json_server(setup: Setup) -> list[str]:
    data = setup.folder / "db.json"
    data.write_text(json.dumps(_lists(setup)))
    arguments = ["--host", "127.0.0.1", "--port", str(setup.port), "--quiet", "--no-gzip", str(data)]
    return _node("json-server", "json-server/lib/cli/bin.js", *arguments)


def _wiremock(setup: Setup) -> list[str]:
    assert setup.dataset is not None
    mappings = setup.folder / "wiremock" / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    for number, (key, body) in enumerate(setup.dataset.examples.items()):
        method, _, path = key.partition(" ")
        mapping = {
            "request": {
                "method": method,
                "urlPathPattern": path.replace("{id}", "[^/]+"),
                "headers": {"Authorization": {"equalTo": "Bearer counterfoil-key"}},
            },
            "response": {"status": 200, "jsonBody": body, "headers": {"Content-Type": "application/json"}},
        }
        (mappings / f"{number}.json").write_text(json.dumps(mapping))
    arguments = ["--port", str(setup.port), "--bind-address", "127.0.0.1", "--root-dir", str(mappings.parent)]
    quiet = ["--no-request-journal", "--disable-banner"]
    return _java("wiremock", "wiremock/build/wiremock-standalone-3.13.2.jar", *arguments, *quiet)


def _own_script(package: str, script: str) -> Callable[[Setup], list[str]]:
    def command(setup: Setup) -> list[str]:
        return ["node", str(HERE / script), setup.document(), str(setup.port), str(install(package))]

    return command


def _specmatic(setup: Setup) -> list[str]:
    arguments = ["mock", "--host", "127.0.0.1", "--port", str(setup.port), "--noConsoleLog", setup.document()]
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


def _localstripe(setup: Setup) -> list[str]:
    python = str(install("localstripe") / "bin" / "python")
    return [python, "-c", _LOCALSTRIPE, str(setup.port), str(setup.customers)]


def _moto(setup: Setup) -> list[str]:
    return [str(install("moto") / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(setup.port)]


def _fill_moto(setup: Setup) -> None:
    assert setup.dataset is not None
    client = Client(setup.port)
    key = [("billingStatus", "S", "HASH"), ("customerId", "N", "RANGE")]
    table = {
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind, _ in key],
        "KeySchema": [{"AttributeName": name, "KeyType": role} for name, _, role in key],
    }
    client.json(dynamo("CreateTable", table))
    rows = setup.dataset.rows
    for first in range(0, len(rows), 25):
        puts = [{"PutRequest": {"Item": dynamo_row(row)}} for row in rows[first : first + 25]]
        client.json(dynamo("BatchWriteItem", {"RequestItems": {TABLE: puts}}))


def _bare(kind: str) -> Callable[[Setup], list[str]]:
    def command(setup: Setup) -> list[str]:
        answers = setup.folder / "answers.json"
        # startup.py has no data yet; one small response is enough for it
        bodies = (
            setup.dataset.examples if setup.dataset else {"GET /billingplatform/backend/api/v1/billingRuns/": NEW_RUN}
        )
        answers.write_text(json.dumps(bodies))
        return [PYTHON, "-m", "benchmarks.bare_servers", kind, str(setup.port), str(answers)]

    return command


def _connexion(setup: Setup) -> list[str]:
    return [PYTHON, "-m", "benchmarks.bare_servers", "connexion", str(setup.port), setup.document()]


def _keys(keys: str) -> frozenset[str]:
    return frozenset(keys.split())


ALL = _keys("a-distinct a-walk a-same b c d e f g g-all")
CANNED = "canned: no filter, no sort, no pages, no state"
BARE = "canned: no authentication, no validation, no filter, no sort, no state"

SERVERS = (
    Server(
        "counterfoil", "spec", "real", ALL, lambda setup: counterfoil(setup, "--quiet"), environment=STARTED_HERE,
    ),
    Server("counterfoil (logging)", "spec", "real", ALL, counterfoil, environment=STARTED_HERE),
    Server("Prism static", "spec", "canned", ALL, lambda setup: _prism(setup, *QUIET), CANNED, "prism"),
    Server(
        "Prism static (logging)", "spec", "canned", ALL, _prism, CANNED, "prism",
    ),
    Server(
        "Prism dynamic", "spec", "random", _keys("a-same e f"), lambda setup: _prism(setup, *QUIET, "-d"),
        "random: no filter, no sort, no pages, no state", "prism",
    ),
    Server(
        "Mockoon", "mockoon", "real", _keys("a-distinct a-walk a-same b e f g"), _mockoon,
        "no authentication, no validation, one sort key, no choice of members", "mockoon",
    ),
    Server(
        "json-server", "json-server", "real", _keys("a-distinct a-walk a-same b e f g"), _json_server,
        "no authentication, no validation, no choice of members", "json-server",
    ),
    Server(
        "WireMock", "spec", "canned", _keys("a-same e f g"), _wiremock, f"{CANNED}; no validation", "wiremock",
    ),
    Server(
        "Scalar", "spec", "canned", _keys("a-same e f"), _own_script("scalar", "scalar.mjs"),
        f"{CANNED}; no validation of responses", "scalar",
    ),
    Server(
        "openapi-backend", "spec", "canned", _keys("a-same e f g"),
        _own_script("openapi-backend", "openapi_backend.mjs"), CANNED, "openapi-backend",
    ),
    Server("Specmatic", "spec", "random", _keys("a-same e f"), _specmatic, CANNED, "specmatic"),
    Server(
        "localstripe", "localstripe", "real", _keys("a-same e f"), _localstripe,
        "Stripe's customers, not bills: no filter or sort of this kind, no validation by a spec", "localstripe",
    ),
    Server(
        "moto", "moto", "real", _keys("a-distinct a-same e f"), _moto,
        "DynamoDB's items, not bills: sorted by its key only, no validation by a spec", "moto", _fill_moto,
    ),
    Server(
        "bare connexion", "spec", "canned", _keys("a-same c e f"), _connexion, f"{CANNED}; no authentication",
        environment=STARTED_HERE,
    ),
    Server("bare Starlette", "spec", "canned", ALL, _bare("starlette"), BARE, environment=STARTED_HERE),
    Server("bare ASGI", "spec", "canned", ALL, _bare("asgi"), BARE, environment=STARTED_HERE),
)  # fmt: skip
