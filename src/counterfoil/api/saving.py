"""Delays a response until the changes that it shows are durable in the store."""

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
    """The error for a change that the store did not save: 503, or ``WriteConflict``, after which the caller tries again."""
    return error if isinstance(error, WriteConflict) else unavailable(error)


def unavailable(error: StoreUnavailable) -> ApiError:
    """The 503 for a request whose change the store did not save."""
    return ApiError("unavailable", str(error), detail={"retry_after": RETRY_AFTER})


async def until_saved(saving: Future[Any]) -> None:
    """Return once ``saving`` is done, without blocking the event loop. Raises ``ApiError`` (503) if the store failed, and
    ``WriteConflict``."""
    if not saving.done():
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def wake(_: object) -> None:
            loop.call_soon_threadsafe(_set, done)

        # not asyncio.wrap_future: a client that disconnects would cancel a future that other requests wait for
        saving.add_done_callback(wake)
        await done
    wait_saved(saving)


def wait_saved(saving: Future[Any] | None) -> None:
    """As ``until_saved``, but blocks the calling thread."""
    if saving is None:
        return
    try:
        saving.result()
    except StoreUnavailable as error:
        raise not_saved(error) from None


async def run_exclusively(world: World, call: Callable[[World], T]) -> T:
    """Call ``call`` with the newest state of this world while no other process writes to it; return its result once it is
    durable. ``call`` runs in a thread that holds the world's write lock."""
    log = world.head.log
    assert log is not None
    work = log.exclusively(world.name, partial(_writing, call))
    await until_saved(work)
    return work.result()


def run_exclusively_blocking(world: World, call: Callable[[World], T]) -> T:
    """As ``run_exclusively``, but blocks the calling thread."""
    log = world.head.log
    assert log is not None
    work = log.exclusively(world.name, partial(_writing, call))
    wait_saved(work)
    return work.result()


def is_contended(world: World) -> bool:
    """Whether other processes write to this world at the same time, so that its next change should be exclusive."""
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
