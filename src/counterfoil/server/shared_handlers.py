"""Calls handlers when several processes write to the same worlds.

A request whose commit conflicts is handled again from the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from counterfoil.api import ApiError, Request, Response
from counterfoil.api.saving import is_contended, run_exclusively, unavailable
from counterfoil.api.unconfirmed import Outdated, authority, unconfirmed
from counterfoil.ledger.errors import UnknownRecord
from counterfoil.server.context import RequestContext
from counterfoil.server.handlers import SAFE_METHODS, HandlerApp, request_of
from counterfoil.world.command_log import StoreUnavailable, WriteConflict
from counterfoil.world.world import World
from counterfoil.world.write_lock import WorldBusy


class SharedHandlerApp(HandlerApp):
    """``HandlerApp`` for a store with several writers."""

    async def handle(self, context: RequestContext) -> Response:
        if context.operation in self.api.time_limits:
            return await self._within_its_time(context)
        request = unconfirmed()
        if request is None:
            return await self._handle(context)
        if context.method in SAFE_METHODS or context.operation in self.asynchronous or is_contended(context.world):
            await request.confirm()
            return await self._handle(context)
        try:
            return await super().handle(context)
        except WriteConflict:
            if request.is_confirmed:
                return await self._in_turn(context)
            raise Outdated from None
        finally:
            # the store accepted and checked a change, or it failed and the change may still be durable
            if context.world.saving is not None:
                request.is_confirmed = True

    async def _handle(self, context: RequestContext) -> Response:
        operation = context.operation or ""
        is_write = context.method not in SAFE_METHODS and operation not in self.asynchronous
        if is_write and operation in self.api.routes and is_contended(context.world):
            return await self._in_turn(context)
        try:
            return await super().handle(context)
        except WriteConflict as conflict:
            if operation in self.asynchronous:  # a user's own handler, which never runs in a thread
                raise unavailable(conflict) from None
        return await self._in_turn(context)

    async def _within_its_time(self, context: RequestContext) -> Response:
        """The response of a user's own function. After a conflict it is called again until its time limit has passed; never in
        an exclusive turn, because other writers would wait until it returns."""
        request = unconfirmed()
        if request is not None:
            await request.confirm()
        clock = asyncio.get_running_loop()
        last = clock.time() + self.api.time_limits[context.operation or ""]
        while True:
            try:
                return await super().handle(context)
            except WriteConflict as conflict:
                if clock.time() > last:
                    raise unavailable(conflict) from None

    def writer(
        self, handler: Callable[[Request, World], Response], world: World
    ) -> Callable[[Request, World], Response]:
        if unconfirmed() is None:
            return handler
        seen = authority(world)  # what the request was authenticated with

        def checked(request: Request, newest: World) -> Response:
            if authority(newest) != seen:
                raise Outdated
            return handler(request, newest)

        return checked

    async def _in_turn(self, context: RequestContext) -> Response:
        handler = cast("Callable[[Request, World], Response]", self.api.routes[context.operation or ""])
        request = request_of(context, context.operation or "")
        try:
            return await run_exclusively(context.world, lambda world: handler(request, world))
        except WorldBusy as busy:
            raise ApiError("unavailable", busy.message) from None
        except UnknownRecord as gone:  # an API's own handlers raise ApiError
            raise ApiError("unknown_resource", gone.message) from None
        except StoreUnavailable as error:
            raise unavailable(error) from None
