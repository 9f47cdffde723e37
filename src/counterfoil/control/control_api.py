"""Builds the control API: an API like the others, whose operations are about the registry of worlds.

The server that serves the vendors' APIs also serves it, with its spec and its validation. The world that the server passes to
each operation is the default one, and is ignored: the path names the world.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial

from counterfoil.api import API, ApiError, AsyncOperation, Principal, Request, Response
from counterfoil.api.control_types import Faults, Journal
from counterfoil.api.saving import is_contended, run_exclusively, run_exclusively_blocking, until_saved
from counterfoil.asgi import CONTROL_PREFIX
from counterfoil.control import errors, long_requests
from counterfoil.control.access import guard
from counterfoil.control.handlers import Handler
from counterfoil.control.handlers.tasks import accepted
from counterfoil.control.request_threads import RequestThreads
from counterfoil.control.routes import ROUTES
from counterfoil.control.tasks import OtherWorkers
from counterfoil.control.world_service import WorldLimits, WorldService
from counterfoil.world.command_log import WriteConflict
from counterfoil.world.world import World
from counterfoil.world.worlds import Worlds

NAME = "control"
SOON = 0.5
"""Seconds after which a request that may take long is answered with 202."""
server_log = logging.getLogger("counterfoil.server")
LOOPBACK = ("localhost", "127.0.0.1")


def control(
    worlds: Worlds,
    *,
    token: str | None,
    apis: Sequence[API],
    faults: Faults | None = None,
    journal: Journal | None = None,
    hosts: Sequence[str] = LOOPBACK,
    bounds: WorldLimits | None = None,
    other_workers: OtherWorkers | None = None,
    new_name: Callable[[], str] = lambda: secrets.token_hex(10),
) -> API:
    """The control API over ``worlds``, as an ``API`` for ``build_server``.

    ``token`` None requires no token: for servers bound to loopback only. ``hosts`` are the names and addresses the
    server is bound to or reached by, in addition to loopback ones. ``apis`` are the other APIs of the server. Without
    ``faults`` or ``journal`` their operations answer 501. ``other_workers`` are asked for their tasks. ``new_name``
    returns random names; nothing in a world depends on its name.
    """
    service = WorldService(worlds, tuple(apis), new_name, bounds or WorldLimits(), faults, journal, other_workers)
    threads = RequestThreads()
    check = guard(token, hosts)

    def authenticate(headers: Mapping[str, str], world: World) -> Principal:
        return check(headers)

    return API(
        name=NAME,
        title="counterfoil – control API",
        prefix=CONTROL_PREFIX,
        routes={route: _operation(handler, service, threads) for route, handler in ROUTES.items()},
        authenticate=authenticate,
        error=errors.error,
        strict_query=lambda world: True,
    )


def _operation(handler: Handler, service: WorldService, threads: RequestThreads) -> AsyncOperation:
    """The handler as an operation: it runs in the event loop if it is quick, else in a thread."""

    async def operation(request: Request, world: World) -> Response:
        if request.base != CONTROL_PREFIX:
            raise ApiError("unknown_path", "the control API does not belong to a world: leave out /w/{world}")
        call = partial(handler, service, request)
        with errors.ledger_errors_as_api_errors():
            reads = request.operation.startswith("GET ")
            writes_to = service.worlds.get(request.path["world"]) if long_requests.writes(request) else None
            if not long_requests.needs_thread(service, request):
                if writes_to is None:
                    return call()
                if is_contended(writes_to):
                    return await run_exclusively(writes_to, lambda _: call())
                if writes_to.begin_write(wait=False):
                    try:
                        return await _at_once(call, writes_to)
                    except WriteConflict:
                        return await run_exclusively(writes_to, lambda _: call())
            if writes_to is not None and service.worlds.is_shared and long_requests.waits_with_lock(request):
                call, writes_to = partial(_without_world, writes_to, call), None
            if long_requests.takes_long(service, request):
                return await _as_task(service, request, threads.start(call, writes_to, _answered))
            return await (threads.read(call) if reads else threads.write(call, writes_to))

    return operation


def _without_world(world: World, call: Callable[[], Response]) -> Response:
    return run_exclusively_blocking(world, lambda _: call())


async def _at_once(call: Callable[[], Response], world: World) -> Response:
    """``call()``, then end the write to the world that the caller has begun."""
    try:
        return call()
    finally:
        saving = world.end_write()
        if saving is not None:
            await until_saved(saving)


async def _as_task(service: WorldService, request: Request, work: Future[Response]) -> Response:
    """The response of ``work`` if it is done within ``SOON``; else 202 with the location of the task."""
    done, _ = await asyncio.wait({asyncio.wrap_future(work)}, timeout=SOON)
    return work.result() if done else accepted(service.tasks.add(request.operation, work))


def _answered(call: Callable[[], Response]) -> Response:
    """``call()``, or an error response: the task's response is read later, so an exception would be lost."""
    try:
        with errors.ledger_errors_as_api_errors():
            return call()
    except ApiError as error:
        return errors.error(error)
    except Exception:
        server_log.exception("a task of the control API failed")
        return errors.error(ApiError("internal", "the stand-in failed; its log says why"))
