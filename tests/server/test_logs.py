"""The log: its format, that no line is lost at a normal stop, and that a slow or closed output affects no request."""

from __future__ import annotations

import http.client
import io
import logging
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from counterfoil.cli.log_output import BatchHandler, JsonLines, Lines, Readable
from counterfoil.redact import logged_query
from counterfoil.server.logs import access, request_line

from .toy import PREFIX, Client

LINE = re.compile(r"\d\d:\d\d:\d\d INFO GET /flexprice/v1/none\?n=(\d+) 404 \d+\.\d\dms world=default")


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], http.client.HTTPConnection]]:
    """``counterfoil serve flexprice`` and a connection to it."""
    command = [sys.executable, "-m", "counterfoil", "serve", "flexprice", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().split()[1]).netloc
        connection = http.client.HTTPConnection(address, timeout=30)
        try:
            yield process, connection
        finally:
            connection.close()
            process.kill()


def ask(connection: http.client.HTTPConnection, requests: int) -> None:
    """Send requests that are answered 404, numbered from 0."""
    for number in range(requests):
        connection.request("GET", f"/flexprice/v1/none?n={number}", headers={"x-api-key": "counterfoil-key"})
        response = connection.getresponse()
        response.read()
        assert response.status == 404


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_normal_stop_loses_no_line(how: signal.Signals) -> None:
    with serving() as (process, connection):
        ask(connection, 300)
        process.send_signal(how)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0
    found = [LINE.fullmatch(line) for line in errors.splitlines()]
    assert [each and int(each[1]) for each in found] == list(range(300))


def test_lines_are_written_while_it_serves() -> None:
    with serving() as (process, connection):
        ask(connection, 1)
        assert process.stderr is not None
        assert LINE.fullmatch(process.stderr.readline().rstrip("\n"))
        process.kill()  # a crash: what was logged before is out
        assert process.stderr.read() == ""


def test_an_output_that_nothing_reads_stops_neither_requests_nor_the_end() -> None:
    with serving() as (process, connection):
        ask(connection, 2000)  # about 140 kB, more than a pipe holds
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_a_closed_output_stops_neither_requests_nor_the_end() -> None:
    with serving() as (process, connection):
        assert process.stderr is not None
        process.stderr.close()
        ask(connection, 300)
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_json_lines_are_written_by_the_same_way() -> None:
    with serving("--log-json") as (process, connection):
        ask(connection, 1)
        process.terminate()
        assert process.communicate(timeout=60)[1].startswith('{"time":')


# -- the handler ------------------------------------------------------------------------------------------------------


class Output(io.RawIOBase):
    """Accepts what ``answers`` lists, one entry per write: a number of bytes, None for "full", or an error; then everything."""

    def __init__(self, *answers: int | OSError | None) -> None:
        self.answers, self.taken, self.begun = list(answers), b"", threading.Event()

    def write(self, data: bytes) -> int | None:  # type: ignore[override]
        answer = self.answers.pop(0) if self.answers else len(data)
        if isinstance(answer, OSError):
            raise answer
        count = None if answer is None else min(answer, len(data))
        self.taken += data[: count or 0]
        return count


class Held(Output):
    """Accepts nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def write(self, data: bytes) -> int | None:  # type: ignore[override]
        self.begun.set()
        self.released.wait(60)
        return super().write(data)


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("counterfoil.server", logging.ERROR, "", 0, text, (), None)


def messages(output: Output) -> list[str]:
    return [line.split(" ", 2)[2] for line in output.taken.decode().splitlines()]


def test_an_output_that_takes_a_few_bytes_at_a_time_gets_all_of_them() -> None:
    output = Output(3, None, 1, 7)
    handler = BatchHandler(output, Readable())
    handler.handle(record("one\nline \N{SNOWMAN}"))
    handler.handle(record("two"))
    handler.close()
    assert messages(output) == ["one\\nline \N{SNOWMAN}", "two"]


def test_memory_is_limited_while_the_output_is_blocked_and_the_loss_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BatchHandler, "LIMIT", 1000)
    output = Held()
    handler = BatchHandler(output, Readable())
    handler.handle(record("first"))
    assert output.begun.wait(60)  # the thread now waits for the output, with the first line
    for _ in range(50):
        handler.handle(record("x" * 85))  # 85 + len("12:00:01 ERROR ") = 100 characters: 10 of them fit
    output.released.set()
    handler.close()
    assert messages(output) == ["first", *["x" * 85] * 10, "40 log lines were dropped: the output did not take them"]


def test_lines_that_the_output_refuses_are_counted_once_it_takes_some_again() -> None:
    output = Output(OSError(28, "No space left on device"))
    handler = BatchHandler(output, Readable())
    handler.handle(record("lost"))
    while output.answers:
        threading.Event().wait(0.01)
    handler.handle(record("written"))
    handler.close()
    assert messages(output) == ["written", "1 log lines were dropped: the output did not take them"]


@pytest.mark.parametrize("lines", [Readable(), JsonLines()])
def test_a_request_s_line_is_the_same_with_and_without_a_record(
    ask: Client, caplog: pytest.LogCaptureFixture, lines: Lines
) -> None:
    with caplog.at_level(logging.INFO, "counterfoil.access"):
        ask.get("/notes?api_key=hunter2&limit=5")
    (record,) = caplog.records
    assert lines.access(record.created, record.fields) == lines.format(record)  # type: ignore[attr-defined]
    assert f"GET {PREFIX}/notes?api_key=***&limit=5 200 " in Readable().format(record)


def test_handlers_that_a_user_adds_get_records_beside_the_command_line_s(caplog: pytest.LogCaptureFixture) -> None:
    counterfoil, output = logging.getLogger("counterfoil"), Output()
    handler = BatchHandler(output, Readable())
    counterfoil.addHandler(handler)
    try:
        with caplog.at_level(logging.INFO, "counterfoil"):
            request_line(method="GET", path="/x", query=b"", status=200, seconds=0.0125, world="")
    finally:
        counterfoil.removeHandler(handler)
        handler.close()
    assert messages(output) == caplog.messages == ["GET /x 200 12.50ms world=-"]
    assert caplog.records[0].name == access.name


def test_a_process_that_only_uses_counterfoil_has_no_handler_and_no_thread_of_it() -> None:
    script = (
        "import logging, threading\n"
        "from counterfoil.testing import Sandbox\n"
        "with Sandbox(): print([each.name for each in threading.enumerate() if 'log' in each.name],"
        " logging.getLogger('counterfoil').handlers)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, env=os.environ)
    assert (done.stdout, done.stderr) == ("[] []\n", "")


# -- what is blanked --------------------------------------------------------------------------------------------------

PATTERN = re.compile(r"(?i)((?:^|[&?])[^=&]*(?:key|token|secret|passw|auth|credential|cookie)[^=&]*=)[^&]*")


def test_a_query_is_blanked_as_the_pattern_says() -> None:
    rng = random.Random(1)
    parts = ["a", "KEY", "token", "my-Secret", "auth", "x", "=", "=", "&", "&", "?", "%20", "\n", "é"]
    for _ in range(20_000):
        query = "".join(rng.choices(parts, k=rng.randrange(12)))
        assert logged_query(query) == PATTERN.sub(r"\1***", query), query


@pytest.mark.timeout(60)  # the pattern itself, which reads back, takes minutes for this
def test_a_long_query_is_blanked_in_one_pass() -> None:
    assert logged_query("key" * 200_000) == "key" * 200_000
    assert logged_query("?=" * 200_000 + "?key=x").endswith("?=?key=***")
