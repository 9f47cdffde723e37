"""A request log in a file does not fill the disk; errors are still written."""

from __future__ import annotations

import io
import logging
from pathlib import Path

from counterfoil.cli.log_output import BatchHandler, Readable

FIELDS = {"method": "GET", "target": "/x", "status": 200, "ms": 0.3, "world": ""}


def test_request_lines_stop_at_the_limit_and_errors_do_not(tmp_path: Path) -> None:
    path = tmp_path / "log"
    output = io.FileIO(path, "w")
    handler = BatchHandler(output, Readable(), access_limit=1000)
    for _ in range(100):
        handler.access(FIELDS)
    handler.emit(logging.LogRecord("counterfoil.server", logging.ERROR, "", 0, "it failed", None, None))
    handler.close()
    output.close()
    lines = path.read_text().splitlines()
    assert sum(len(line) for line in lines if "/x" in line) < 1100
    assert "no more are written" in lines[-2]
    assert lines[-1].endswith("it failed")
