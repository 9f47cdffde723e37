"""How documents of other people fare as stand-ins: ``python -m benchmarks.own_documents DIR [NAME ...]``.

For each OpenAPI document in DIR, in processes of its own: whether it is served, what of it could not be understood, how long
reading and setting up take, how much memory it needs, and what its operations answer to one small request each. Prints a
table, and with ``--json FILE`` writes the numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
ENDINGS = (".json", ".yaml", ".yml")
LONGEST = 300
"""Seconds for one document."""
ROWS = 25

Row = dict[str, Any]


def resident() -> float:
    """This process's memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure_reading(path: Path) -> Row:
    """Read a document that was never read before."""
    from counterfoil.openapi import SpecError, read_document

    began = time.perf_counter()
    try:
        spec = read_document(path)
    except SpecError as error:
        return {"served": False, "why": str(error)}
    return {
        "served": True,
        "version": spec.raw["openapi"] if "swagger" not in path.read_text("utf-8", "replace")[:200] else "2.0",
        "operations": len(spec.operations),
        "notices": len(spec.notices),
        "read_s": time.perf_counter() - began,
    }


def measure_serving(path: Path) -> Row:
    """Serve a document that was read before, and ask each operation once."""
    from counterfoil.app import build, own_api

    began = time.perf_counter()
    from counterfoil.openapi import read_document

    read_document(path)
    read = time.perf_counter()
    api = own_api(path, rows=ROWS, seed=7)
    application = build(own=[api], scenario_name="quiet")
    built = time.perf_counter()
    from benchmarks.own_requests import Requests

    assert api.spec is not None
    requests = Requests(api.spec)
    answers = asyncio.run(_ask_all(application.door, api.prefix, requests))
    statuses = Counter(status for status, _ in answers.values())
    invalid = [name for name, (status, _) in answers.items() if status == 500]
    return {
        "again_s": read - began,
        "set_up_s": built - read,
        "memory_mb": resident(),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "invalid": invalid,
        "first_invalid": answers[invalid[0]][1] if invalid else "",
        "refused": [f"{name}: {text}" for name, (status, text) in answers.items() if status in (400, 401, 406, 415)],
    }


async def _ask_all(app: Any, prefix: str, requests: Any) -> dict[str, tuple[int, str]]:
    answers = {}
    for name in requests.spec.operations:
        answers[name] = await _ask(app, prefix, requests.request(name))
    return answers


async def _ask(app: Any, prefix: str, made: Any) -> tuple[int, str]:
    """The status and the beginning of the answer to one request."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": made.method,
        "scheme": "http",
        "path": prefix + made.path,
        "raw_path": (prefix + made.path).encode(),
        "query_string": made.query.encode(),
        "root_path": "",
        "headers": [
            (n.lower().encode(), v.encode("latin-1", "replace")) for n, v in (*made.headers.items(), ("host", "a"))
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": made.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, b"".join(parts)[:300].decode(errors="replace")


def in_its_own_process(part: str, path: Path, cache: str) -> Row:
    """What ``measure_<part>`` finds, or why it ended otherwise."""
    command = [sys.executable, "-m", "benchmarks.own_documents", "--measure", part, str(path)]
    environment = {**os.environ, "COUNTERFOIL_CACHE": cache}
    try:
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return {"why": f"not done after {LONGEST} s"}
    traceback = "Traceback" in done.stderr
    if done.returncode:
        return {"why": done.stderr.strip().splitlines()[-1:], "traceback": traceback}
    return {**json.loads(done.stdout.splitlines()[-1]), "traceback": traceback}


def measure(path: Path) -> Row:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as cache:
        row = {
            "document": path.stem,
            "kb": round(path.stat().st_size / 1024),
            **in_its_own_process("reading", path, cache),
        }
        if row.get("served"):
            row |= in_its_own_process("serving", path, cache)
    return row


def line(row: Row) -> str:
    """One line of the table in Markdown."""
    if not row.get("served") or "statuses" not in row:
        return f"| {row['document']} | | {row['kb']} | no: {row.get('why')} |"
    statuses = row["statuses"]
    asked = sum(statuses.values())
    good = sum(count for status, count in statuses.items() if status.startswith("2"))
    cells = [
        row["document"],
        row["version"],
        row["kb"],
        row["operations"],
        row["notices"],
        f"{row['read_s']:.2f}",
        f"{row['again_s']:.2f}",
        f"{row['set_up_s']:.2f}",
        f"{row['memory_mb']:.0f}",
        f"{good}/{asked}",
        sum(count for status, count in statuses.items() if status.startswith("4")),
        statuses.get("501", 0),
        len(row["invalid"]),
        "yes" if row["traceback"] else "no",
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


HEAD = (
    "document | version | KB | operations | notices | read s | read again s | set up s | memory MB | success | 4xx | 501 | "
    "500 | traceback"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="only these documents")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    parser.add_argument("--measure", choices=("reading", "serving"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps({"reading": measure_reading, "serving": measure_serving}[options.measure](options.folder)))
        return
    files = sorted(path for path in options.folder.iterdir() if path.suffix in ENDINGS)
    wanted = [path for path in files if not options.names or path.stem in options.names]
    print(f"| {HEAD} |\n|{'---|' * len(HEAD.split(' | '))}", flush=True)
    rows = []
    for path in wanted:
        rows.append(measure(path))
        print(line(rows[-1]), flush=True)
    print(f"\nserved: {sum(bool(row.get('served')) for row in rows)} of {len(rows)}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
