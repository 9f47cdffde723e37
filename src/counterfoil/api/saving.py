"""Holds an answer back until the changes that it shows are durable in the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from counterfoil.api import ApiError
from counterfoil.world.command_log import StoreUnavailable

if TYPE_CHECKING:
    from counterfoil.world.command_log import Saving

RETRY_AFTER = 1
"""Seconds. The store is tried again once a second."""


def unavailable(error: StoreUnavailable) -> ApiError:
    """The refusal of a request whose change the store did not take."""
    return ApiError("unavailable", str(error), detail={"retry_after": RETRY_AFTER})


async def until_saved(saving: Saving) -> None:
    """Return once ``saving`` is done, without blocking the event loop. Raises ``ApiError`` (503) if the store failed."""
    if not saving.done():
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def wake(_: object) -> None:
            loop.call_soon_threadsafe(_set, done)

        # not asyncio.wrap_future: a client that leaves would cancel what others wait for too
        saving.add_done_callback(wake)
        await done
    wait_saved(saving)


def wait_saved(saving: Saving | None) -> None:
    """The same in a worker thread, which it blocks."""
    if saving is None:
        return
    try:
        saving.result()
    except StoreUnavailable as error:
        raise unavailable(error) from None


def _set(done: asyncio.Future[Any]) -> None:
    if not done.done():
        done.set_result(None)
