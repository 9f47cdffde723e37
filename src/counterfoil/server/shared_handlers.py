"""Calls handlers where several processes write to the same worlds.

A request whose commit conflicts is handled again from the start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from counterfoil.api import ApiError, Request, Response
from counterfoil.api.saving import in_turn, is_contended, unavailable
from counterfoil.ledger.errors import UnknownRecord
from counterfoil.server.context import RequestContext
from counterfoil.server.handlers import SAFE_METHODS, HandlerApp
from counterfoil.world.command_log import StoreUnavailable, WriteConflict
from counterfoil.world.world import World
from counterfoil.world.write_lock import WorldBusy


class SharedHandlerApp(HandlerApp):
    """``HandlerApp`` for a store with several writers."""

    async def handle(self, context: RequestContext) -> Response:
        operation = context.operation or ""
        is_write = context.method not in SAFE_METHODS and operation not in self.asynchronous
        if is_write and operation in self.api.routes and is_contended(context.world):
            return await self._in_turn(context)
        try:
            return await super().handle(context)
        except WriteConflict as conflict:
            if operation in self.asynchronous:  # one of a user's own, which is not called in a thread
                raise unavailable(conflict) from None
        return await self._in_turn(context)

    async def _in_turn(self, context: RequestContext) -> Response:
        handler = cast("Callable[[Request, World], Response]", self.api.routes[context.operation or ""])
        request = _request(context)
        try:
            return await in_turn(context.world, lambda world: handler(request, world))
        except WorldBusy as busy:
            raise ApiError("unavailable", busy.message) from None
        except UnknownRecord as gone:  # an API's own handlers raise ApiError
            raise ApiError("unknown_resource", gone.message) from None
        except StoreUnavailable as error:
            raise unavailable(error) from None


def _request(context: RequestContext) -> Request:
    """As ``HandlerApp.handle`` makes it, in place there: a call would cost each request of a server without a store."""
    return Request(
        operation=context.operation or "",
        path=context.path_values,
        query=context.query_values,
        headers=context.headers,
        body=context.body,
        principal=context.principal,
        base=context.base,
        origin=context.origin,
    )
