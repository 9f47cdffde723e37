"""What is loaded when: nothing for those who do not look, and for those who do, most of it before they ask."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterfoil.app import Later, build
from counterfoil.inprocess import InProcess
from counterfoil.page import Front
from counterfoil.page.files import FOLDER, Files
from counterfoil.page.shell import Shell


def front_of(soon: Sequence[Callable[[], object]]) -> httpx.Client:
    worlds = build(scenario_name="one-month").worlds
    front = Front(worlds, apis=(), journal_version=lambda name: 0, token=None, soon=soon)
    return httpx.Client(transport=InProcess(front), base_url="http://127.0.0.1")


def test_nothing_is_loaded_until_the_shell_is_asked_for_and_then_all_of_it_is() -> None:
    program = (
        "import sys, threading, httpx; from counterfoil.app import build; from counterfoil.inprocess import InProcess\n"
        "app = build(scenario_name='one-month')\n"
        "client = httpx.Client(transport=InProcess(app.door), base_url='http://127.0.0.1')\n"
        "loaded = lambda: [name for name in ('flask', 'faker', 'counterfoil.control.control_api') if name in sys.modules]\n"
        "client.get('/health'), client.get('/lost'), client.get('/static/main.js'), client.head('/static/page.css')\n"
        "print(loaded(), sys.getswitchinterval()); client.get('/')\n"
        "[each.join() for each in threading.enumerate() if each.name == 'counterfoil-page']; print(loaded())"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == ["[] 0.005", "['flask', 'faker', 'counterfoil.control.control_api']"]
    assert said.stderr == ""


def test_for_a_person_at_a_terminal_all_of_it_is_loaded_once_the_server_is_up() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "counterfoil", "serve", "--port", "0", "--scenario", "one-month"]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE) as process:
        flask = importlib.util.find_spec("markupsafe._speedups")  # the only file of Flask's that stays mapped
        assert flask is not None
        assert flask.origin is not None
        maps = Path(f"/proc/{process.pid}/maps")
        try:
            while flask.origin not in maps.read_text():  # else the test's own time limit ends it
                time.sleep(0.05)
            process.terminate()
            assert process.wait(60) == 0
            assert process.stderr is not None
            assert process.stderr.read() == b""
        finally:
            process.kill()
            os.close(theirs)
            os.close(ours)


def test_only_the_first_visitor_has_things_made_ready() -> None:
    done = threading.Event()
    calls: list[int] = []
    with front_of([lambda: calls.append(1), done.set]) as client:
        assert client.head("/").status_code == 200
        assert client.post("/").status_code == 405
        assert client.get("/static/main.js").status_code == 200
        assert calls == []
        assert client.get("/").status_code == 200
        assert done.wait(10)
        assert client.get("/").status_code == 200
    assert calls == [1]


def test_what_cannot_be_made_ready_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def fail() -> None:
        raise RuntimeError("no such luck")

    with caplog.at_level(logging.ERROR, "counterfoil.page"), front_of([fail, done.set]) as client:
        assert client.get("/").status_code == 200
        assert done.wait(10)
        assert client.get("/plots/default/revenue.svg").status_code == 200
    (record,) = [each for each in caplog.records if each.name == "counterfoil.page"]
    assert "no such luck" in str(record.exc_info)


def test_the_browser_has_the_files_names_before_flask_is_there() -> None:
    sent: list[Any] = []
    before: list[int] = []

    async def send(message: Any) -> None:
        sent.append(message)

    def render() -> str:
        before.append(len(sent))
        return "the rest"

    async def twice() -> None:
        shell = Shell(Files(), render)
        await shell.answer({"method": "GET"}, send)
        await shell.answer({"method": "GET"}, send)

    with ThreadPoolExecutor() as pool:  # the browser of other tests has an event loop in this thread
        pool.submit(asyncio.run, twice()).result()
    assert before == [2]  # the head and the beginning; and rendered once
    assert b"/page.css" in sent[1]["body"]
    assert [each.get("body", b"") for each in sent[:3]] == [each.get("body", b"") for each in sent[3:]]
    assert sent[2] == {"type": "http.response.body", "body": b"the rest"}


def test_the_shell_begins_with_the_scripts_of_the_first_view_and_no_others() -> None:
    modules = Files().modules
    assert modules[0] == "main.js"
    assert len(set(modules)) == len(modules)
    assert {"overview.js", "format.js", "session.js"} < set(modules)
    assert not {"customers.js", "runs.js", "windows.js", "journal.js", "faults.js", "tour.js"} & set(modules)
    for name in modules:  # whatever way an import is written, none is missed
        text = (FOLDER / name).read_text()
        assert text.count('from "./') == sum(f'from "./{each}"' in text for each in modules), name


def test_a_plot_in_no_currency_is_in_the_first() -> None:
    with httpx.Client(transport=InProcess(build(scenario_name="demo").door), base_url="http://127.0.0.1") as client:
        figures = client.get("/_sandbox/v1/worlds/default/figures").json()
        first = figures["currencies"][0]["currency"]
        for name in ("open-by-customer", "ageing", "revenue"):
            plain, named = (client.get(f"/plots/default/{name}.svg{query}") for query in ("", f"?currency={first}"))
            assert plain.text == named.text
            assert first in plain.text


def test_what_is_built_later_is_built_once_however_many_ask_at_once() -> None:
    made: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    def make() -> Any:
        made.append(1)
        if len(made) == 1:
            raise RuntimeError("not yet")
        time.sleep(0.05)
        return app

    later = Later(make)
    with pytest.raises(RuntimeError, match="not yet"):
        later.made()
    threads = [threading.Thread(target=later.made) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert later.made() is app
    assert len(made) == 2
