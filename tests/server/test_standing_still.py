"""A world stands still while a request is answered: commands from another thread never show half done."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any, cast

from counterfoil.world.commands import AdvanceClock, Command
from counterfoil.world.world import World

STEPS = 4
PAGE = ("oracle-brm", "/customerBill")


class InTwoHalves:
    """A command that lets forty days pass, and dawdles after twenty: what it did so far is nobody's to see."""

    def carry_out(self, world: World) -> None:
        AdvanceClock(days=20).carry_out(world)
        time.sleep(0.05)
        AdvanceClock(days=20).carry_out(world)


def test_pages_read_while_the_clock_moves_are_pages_of_one_moment(stand_in: Any) -> None:
    quiet, busy, halved = (stand_in("one-month", apis=["oracle-brm"], customers=20) for _ in range(3))
    moments = [quiet.get(*PAGE).content]
    for _ in range(STEPS):
        quiet.do(cast(Command, InTwoHalves()))
        moments.append(quiet.get(*PAGE).content)
    assert len(set(moments)) == STEPS + 1
    halved.do(AdvanceClock(days=20))
    assert halved.get(*PAGE).content not in moments, "what is half done would be seen"

    over = threading.Event()

    def move() -> None:
        for _ in range(STEPS):
            busy.do(cast(Command, InTwoHalves()))
            time.sleep(0.02)
        over.set()

    moving = threading.Thread(target=move)
    moving.start()
    read = []
    while not over.is_set():
        read.append(busy.get(*PAGE).content)
    moving.join()
    assert set(read) <= set(moments)
    assert [page for page, _ in itertools.groupby(read)] == [page for page in moments if page in read], "time goes on"
    assert len(set(read)) > 1
    assert busy.get(*PAGE).content == moments[-1]


def test_an_answer_waits_for_the_command_that_is_being_carried_out(stand_in: Any) -> None:
    here = stand_in()
    answered = threading.Event()

    def read() -> None:
        here.get("oracle-brm", "/customerBill")
        answered.set()

    with here.world.lock:
        reading = threading.Thread(target=read)
        reading.start()
        assert not answered.wait(0.2)
    assert answered.wait(60)
    reading.join()
