"""Holds an answer back until the changes that it shows are durable in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from counterfoil.api import ApiError
from counterfoil.world.command_log import StoreUnavailable, WriteConflict

if TYPE_CHECKING:
    from concurrent.futures import Future

    from counterfoil.world.world import World

T = TypeVar("T")

RETRY_AFTER = 1
"""Seconds. The store is tried again once a second."""


def not_saved(error: StoreUnavailable) -> ApiError | WriteConflict:
    """What to raise for a change that the store did not take: a refusal, or what says that it is to be tried again."""
    return error if isinstance(error, WriteConflict) else unavailable(error)


def unavailable(error: StoreUnavailable) -> ApiError:
    """The refusal of a request whose change the store did not take."""
    return ApiError("unavailable", str(error), detail={"retry_after": RETRY_AFTER})


async def until_saved(saving: Future[Any]) -> None:
    """Return once ``saving`` is done, without blocking the event loop. Raises ``ApiError`` (503) if the store failed, and
    ``WriteConflict``."""
    if not saving.done():
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def wake(_: object) -> None:
            loop.call_soon_threadsafe(_set, done)

        # not asyncio.wrap_future: a client that leaves would cancel what others wait for too
        saving.add_done_callback(wake)
        await done
    wait_saved(saving)


def wait_saved(saving: Future[Any] | None) -> None:
    """The same in a thread, which it blocks."""
    if saving is None:
        return
    try:
        saving.result()
    except StoreUnavailable as error:
        raise not_saved(error) from None


async def run_exclusively(world: World, call: Callable[[World], T]) -> T:
    """What ``call`` returns for this world as it is by then, once that is durable, with no other process writing meanwhile.
    ``call`` is called in a thread, holding the world's write lock."""
    log = world.head.log
    assert log is not None
    work = log.exclusively(world.name, partial(_writing, call))
    await until_saved(work)
    return work.result()


def run_exclusively_blocking(world: World, call: Callable[[World], T]) -> T:
    """The same in a thread, which it blocks."""
    log = world.head.log
    assert log is not None
    work = log.exclusively(world.name, partial(_writing, call))
    wait_saved(work)
    return work.result()


def is_contended(world: World) -> bool:
    """Whether other processes write to this world at the same time, so that its next change had better wait its turn."""
    log = world.head.log
    return log is not None and log.is_contended(world.head)


def _writing(call: Callable[[World], T], world: World) -> T:
    world.begin_write()
    try:
        return call(world)
    finally:
        world.end_write()


def _set(done: asyncio.Future[Any]) -> None:
    if not done.done():
        done.set_result(None)
