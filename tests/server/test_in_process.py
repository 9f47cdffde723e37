"""An application that is called in this process behaves as under a server, from any thread and inside an event loop."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from counterfoil.testing.in_process import InProcessTransport


async def answer(send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def at_once(scope: Any, receive: Any, send: Any) -> None:
    await answer(send)


def client(app: Any, timeout: float = 60) -> httpx.Client:
    return httpx.Client(transport=InProcessTransport(app), base_url="http://toy.test", timeout=timeout)


def test_after_its_clients_timeout_the_application_continues() -> None:
    finished = threading.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await asyncio.sleep(0.3)
            finished.set()
        await answer(send)

    with client(slow) as impatient:
        with pytest.raises(httpx.ReadTimeout):
            impatient.get("/slow", timeout=0.05)
        assert impatient.get("/").status_code == 204
        assert finished.wait(30)


def test_what_the_application_does_after_its_answer_is_done_too() -> None:
    finished = threading.Event()

    async def later() -> None:
        await asyncio.sleep(0.1)
        finished.set()

    tasks = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tasks.append(asyncio.create_task(later()))
        await answer(send)

    with client(app) as opened:
        assert opened.get("/").status_code == 204
        assert finished.wait(30)


def test_requests_of_several_threads_are_answered_at_the_same_time() -> None:
    together = threading.Barrier(4)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.to_thread(together.wait, 30)
        await answer(send)

    with client(app) as opened, ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda number: opened.get(f"/{number}"), range(4)))
    assert [each.status_code for each in answers] == [204] * 4


def test_a_sync_client_can_be_used_in_async_code() -> None:
    async def use() -> list[int]:
        async with httpx.AsyncClient(transport=InProcessTransport(at_once), base_url="http://toy.test") as beside:
            with client(at_once) as opened:
                return [opened.get("/").status_code, (await beside.get("/")).status_code, opened.get("/").status_code]

    assert asyncio.run(use()) == [204] * 3


def test_a_closed_client_ends_what_still_runs() -> None:
    ended = threading.Event()

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    with client(waits, timeout=0.05) as opened, pytest.raises(httpx.ReadTimeout):
        opened.get("/")
    assert ended.is_set()


def test_a_client_that_is_never_closed_makes_no_warning() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert client(at_once).get("/").status_code == 204
        gc.collect()
    assert not [each for each in said if "event loop" in str(each.message)]
