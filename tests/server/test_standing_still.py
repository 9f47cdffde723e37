"""Every response shows one version: reads during a command show the version before it and do not wait."""

from __future__ import annotations

import itertools
import threading
from typing import Any, cast

import httpx

from conftest import KEY
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.commands import AdvanceClock, Command
from counterfoil.world.state import WorldState

STEPS = 4
PAGE = ("oracle-brm", "/customerBill")


class InTwoHalves:
    """A command that advances the clock by forty days, and pauses after twenty until the test continues it."""

    def __init__(self) -> None:
        self.half_done, self.go_on = threading.Event(), threading.Event()

    def apply(self, state: WorldState) -> None:
        AdvanceClock(days=20).apply(state)
        self.half_done.set()
        assert self.go_on.wait(30)
        AdvanceClock(days=20).apply(state)


def test_pages_read_while_the_clock_moves_are_pages_of_one_version(stand_in: Any) -> None:
    quiet, busy, halved = (stand_in("one-month", apis=["oracle-brm"], customers=20) for _ in range(3))
    pages = [quiet.get(*PAGE).content]
    for _ in range(STEPS):
        quiet.do(AdvanceClock(days=20))
        quiet.do(AdvanceClock(days=20))
        pages.append(quiet.get(*PAGE).content)
    assert len(set(pages)) == STEPS + 1
    halved.do(AdvanceClock(days=20))
    assert halved.get(*PAGE).content not in pages, "what is half done would be seen"

    read = []
    for _ in range(STEPS):
        command = InTwoHalves()
        moving = threading.Thread(target=busy.do, args=(cast(Command, command),))
        moving.start()
        assert command.half_done.wait(30)
        read += [busy.get(*PAGE).content, busy.get(*PAGE).content]  # answered: the command goes on only after this
        command.go_on.set()
        moving.join()
        read.append(busy.get(*PAGE).content)
    assert [page for page, _ in itertools.groupby(read)] == pages


def test_a_write_waits_for_the_command_and_other_worlds_and_health_do_not(stand_in: Any) -> None:
    here = stand_in("one-month", apis=["billingplatform"], customers=20)
    here.application.worlds.fork("other", "default")
    command = InTwoHalves()
    moving = threading.Thread(target=here.do, args=(cast(Command, command),))
    moving.start()
    assert command.half_done.wait(30)

    written: list[httpx.Response] = []
    path = here.application.apis[0].prefix + "/billingRuns/"
    with httpx.Client(
        transport=InProcessTransport(here.application.server),
        base_url="http://counterfoil.test",
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=60,
    ) as client:
        writing = threading.Thread(target=lambda: written.append(client.post(path, json={"name": "May"})))
        writing.start()
        assert client.post(f"/w/other{path}", json={"name": "May"}).is_success
        assert client.get("/health").status_code == 200
        assert len(client.get(path).json()) == 0
        assert not written
        command.go_on.set()
        writing.join()
    moving.join()
    assert written[0].is_success
    assert [type(each).__name__ for each in here.world.commands] == ["InTwoHalves", "CreateRun"]
