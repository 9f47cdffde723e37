"""Checks servers against the laws of the APIs while another client writes all the time:
``python -m tests.store.laws [--fast] [file|postgresql|redis]... [API|FILE.yaml]...``.

With a file one server has two workers. With a database a second server uses it too, and the other client writes to that one.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack, closing
from pathlib import Path

from tests.store.engines import ENGINES, postgres, redis_server
from tests.store.served import CONTROL, RUNS, Client, Served

APIS = ("billingplatform", "elevate", "emnify", "flexprice", "oracle-brm")
ZOO = str(Path(__file__).parents[1] / "own_documents" / "documents" / "zoo.yaml")
NOTHING = {"name": "billingplatform.create_status", "value": 200}
"""A command that changes nothing a client can see: the default world has a new version, which every worker has to take over."""


def write(port: int, over: threading.Event, written: list[int]) -> None:
    client = Client(port)
    while not over.is_set():
        try:
            client("POST", f"/w/beside{RUNS}", {"name": "Beside"})
            written.append(client("POST", f"{CONTROL}/default/commands/set_switch", NOTHING).status)
        except (OSError, http.client.HTTPException):
            client.close()
    client.close()


def check(store: Path | str, api: str, *options: str) -> tuple[int, str, int]:
    """The exit code and the output of ``counterfoil check``, and how much was written meanwhile. ``api`` is a name, or the file
    of an own document: its laws alone, because its stand-in takes any credential."""
    over, written = threading.Event(), []  # type: ignore[var-annotated]
    own = ["--spec", f"own={api}", "--only", "own"] if api.endswith((".yaml", ".json")) else []
    name, other = ("own", APIS[0]) if own else (api, "")
    with ExitStack() as running:
        served = running.enter_context(Served(store, *([other, *own[:2]] if own else []), workers=2))
        writes_to = served if isinstance(store, Path) else running.enter_context(Served(store))
        served.post(CONTROL, {"name": "beside"}, 201)
        prefix = next(each["prefix"] for each in served.get("/_sandbox/v1/apis")["apis"] if each["name"] == name)
        url = f"{name}=http://127.0.0.1:{served.port}{prefix}"
        writer = threading.Thread(target=write, args=(writes_to.port, over, written))
        writer.start()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "counterfoil", "check", *(own or [name]), "--writes", "--url", url, *options],
                capture_output=True,
                text=True,
                check=False,
                env={
                    **os.environ,
                    "COUNTERFOIL_TOKEN": "counterfoil-key",
                    "COUNTERFOIL_FORBIDDEN": "counterfoil-forbidden",
                },
            )
        finally:
            over.set()
            writer.join()
    return done.returncode, done.stdout + done.stderr, len([each for each in written if each == 200])


def check_all(stores: list[str], apis: list[str], options: list[str]) -> int:
    """The worst exit code; prints each."""
    worst = 0
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        databases = {
            kind: opened.enter_context(closing(postgres() if kind == "postgresql" else redis_server())).start()
            for kind in ENGINES
            if kind in stores
        }
        for kind in stores:
            for api in apis:
                store = databases[kind].new_store() if kind in databases else folder / f"{Path(api).stem}.db"
                code, said, writes = check(store, api, *options)
                print(f"{kind}, {Path(api).stem}: exit code {code}, {writes} writes to the same world meanwhile")
                print(said if code else "\n".join(said.splitlines()[-3:]), flush=True)
                worst = max(worst, code)
    return worst


if __name__ == "__main__":
    given = [each for each in sys.argv[1:] if each.startswith("-")]
    kinds = [each for each in sys.argv[1:] if each in ("file", *ENGINES)]
    named = [each for each in sys.argv[1:] if each not in (*given, *kinds)]
    sys.exit(check_all(kinds or ["file", *ENGINES], named or [*APIS, ZOO], given))
