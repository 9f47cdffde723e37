"""Holds a server with two workers to the laws of the APIs while another client writes all the time:
``python -m tests.store.laws [--fast] [API]...``.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.store.served import CONTROL, RUNS, Client, Served

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


def check(folder: Path, api: str, *options: str) -> tuple[int, str, int]:
    """The exit code and the output of ``counterfoil check``, and how much was written meanwhile."""
    over, written = threading.Event(), []  # type: ignore[var-annotated]
    with Served(folder / f"{api}.db", workers=2) as served:
        served.post(CONTROL, {"name": "beside"}, 201)
        prefix = next(each["prefix"] for each in served.get("/_sandbox/v1/apis")["apis"] if each["name"] == api)
        url = f"{api}=http://127.0.0.1:{served.port}{prefix}"
        writer = threading.Thread(target=write, args=(served.port, over, written))
        writer.start()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "counterfoil", "check", api, "--writes", "--url", url, *options],
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


if __name__ == "__main__":
    given = [each for each in sys.argv[1:] if each.startswith("-")]
    named = [each for each in sys.argv[1:] if not each.startswith("-")]
    worst = 0
    with tempfile.TemporaryDirectory() as made:
        for name in named or ["billingplatform", "elevate", "emnify", "flexprice", "oracle-brm"]:
            code, said, writes = check(Path(made), name, *given)
            print(f"{name}: exit code {code}, {writes} writes to the same world meanwhile")
            print(said if code else "\n".join(said.splitlines()[-3:]))
            worst = max(worst, code)
    sys.exit(worst)
