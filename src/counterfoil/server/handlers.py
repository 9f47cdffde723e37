"""The innermost application, inside connexion's middleware: calls an operation's handler and sends its response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from decimal import Decimal
from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import msgspec
import orjson

from counterfoil.api import API, ApiError, Request, Response
from counterfoil.api.kept import Kept, KeptMembers, list_at, with_list
from counterfoil.api.saving import not_saved, until_saved, wait_saved
from counterfoil.asgi import Receive, Scope, Send
from counterfoil.server.context import SCOPE_KEY, Interceptor, RequestContext
from counterfoil.server.workarounds import safe_header
from counterfoil.time_limit import OwnThreads, TookTooLong
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.write_lock import WorldBusy

if TYPE_CHECKING:
    from counterfoil.world.world import World

_LARGE_NUMBERS = msgspec.json.Encoder(decimal_format="number")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class HandlerApp:
    """Runs the interceptors, then the handler unless one of them responded."""

    def __init__(
        self,
        api: API,
        interceptors: Sequence[Interceptor],
        executor: Executor,
        reads_in_thread: Callable[[World], bool],
    ) -> None:
        self.api = api
        self.interceptors = tuple(interceptors)
        self.executor = executor
        self.reads_in_thread = reads_in_thread
        self.own_threads = OwnThreads()
        self.asynchronous = {route for route, handler in api.routes.items() if iscoroutinefunction(handler)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the call in build_now
            return
        context: RequestContext = scope[SCOPE_KEY]
        for interceptor in self.interceptors:
            step = interceptor(context)
            if step is None:
                continue
            response = await step
            if context.broken is not None:
                return
            if response is not None:
                context.skip_response_validation = True
                await send_api_response(context, response, send)
                return
        await send_api_response(context, await self.handle(context), send)

    async def handle(self, context: RequestContext) -> Response:
        """The handler's response. A handler that may write holds the world's write lock; if it would have to wait for the
        lock, it runs in a thread. Its response or error is returned once the changes that it shows are durable."""
        operation = context.operation or ""
        handler = self.api.routes.get(operation)
        if handler is None:
            raise ApiError("not_implemented", f"{operation} is documented, but this stand-in does not have it")
        request, world = request_of(context, operation), context.world
        if operation in self.api.time_limits:
            return await self._in_own_thread(
                cast("Callable[[Request, World], Response]", handler), request, world, context
            )
        if operation in self.asynchronous or context.method in SAFE_METHODS:
            try:
                if operation not in self.asynchronous and self.reads_in_thread(world):
                    read = cast("Callable[[Request, World], Response]", handler)
                    return await asyncio.get_running_loop().run_in_executor(self.executor, read, request, world)
                response = handler(request, world)
                return response if isinstance(response, Response) else await response
            except StoreUnavailable as error:
                raise not_saved(error) from None
            finally:
                if world.saving is not None:  # a user's own GET handler may write
                    await until_saved(world.saving)
        write = self.writer(cast("Callable[[Request, World], Response]", handler), world)
        if world.write_may_block() or not world.begin_write(wait=False):
            return await asyncio.get_running_loop().run_in_executor(self.executor, _with_lock, write, request, world)
        try:
            return write(request, world)
        except StoreUnavailable as error:
            raise not_saved(error) from None
        finally:
            saving = world.end_write()
            if saving is not None:
                await until_saved(saving)

    async def _in_own_thread(
        self, handler: Callable[[Request, World], Response], request: Request, world: World, context: RequestContext
    ) -> Response:
        """Call a user's own function in a thread, so that only requests that wait for the same world are delayed. Raises
        ``ApiError`` (unavailable) if it takes too long."""
        seconds = self.api.time_limits[request.operation]
        is_read = context.method in SAFE_METHODS
        call = (
            partial(handler, request, world)
            if is_read
            else partial(_with_lock, self.writer(handler, world), request, world)
        )
        try:
            return await self.own_threads.call(call, seconds)
        except TookTooLong:
            message = f"the handler of {request.operation} did not answer within {seconds:g} s, or too many are at work"
            raise ApiError("unavailable", message) from None
        except StoreUnavailable as error:
            raise not_saved(error) from None
        finally:
            if is_read and world.saving is not None:
                await until_saved(world.saving)

    def writer(
        self, handler: Callable[[Request, World], Response], world: World
    ) -> Callable[[Request, World], Response]:
        """The function to call, with the world's write lock held, for a request that may write."""
        return handler


def request_of(context: RequestContext, operation: str) -> Request:
    """The request as it is passed to handlers."""
    return Request(
        operation=operation,
        path=context.path_values,
        query=context.query_values,
        headers=context.headers,
        body=context.body,
        principal=context.principal,
        base=context.base,
        origin=context.origin,
        files=context.files,
    )


def _with_lock(handler: Callable[[Request, World], Response], request: Request, world: World) -> Response:
    try:
        world.begin_write()
    except WorldBusy as busy:
        raise ApiError("unavailable", busy.message) from None
    try:
        return handler(request, world)
    except StoreUnavailable as error:
        raise not_saved(error) from None
    finally:
        wait_saved(world.end_write())


async def send_api_response(context: RequestContext, response: Response, send: Send) -> None:
    """Send one response. Raises ``TypeError`` or ``ValueError`` before anything is sent if its body is not JSON."""
    payload = to_bytes(response.body) if response.kept is None else payload_of(response.kept, response.body)
    response = context.response = with_api_headers(context, response)
    headers = [(name.lower().encode("ascii"), safe_header(value).encode("latin-1")) for name, value in response.headers]
    if response.status >= 200 and response.status not in (204, 304):
        if response.body is not None:
            headers.append((b"content-type", (response.media_type or context.api.media_type).encode("latin-1")))
        headers.append((b"content-length", b"%d" % len(payload)))
    else:
        payload = b""
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": payload})


def with_api_headers(context: RequestContext, response: Response) -> Response:
    """The response with the API's headers for every response."""
    make = context.api.response_headers
    if make is None:
        return response
    headers = make(context.method, context.headers, str(uuid4()), context.world)
    return msgspec.structs.replace(response, headers=(*headers, *response.headers))


def payload_of(kept: Kept | KeptMembers, body: Any) -> bytes:
    """The bytes of a JSON value, with the cached bytes of kept parts. Raises as ``to_bytes``."""
    if isinstance(kept, Kept):
        if kept.payload is None:
            kept.payload = to_bytes(body)
        return kept.payload
    fragments = [member.fragment for member in kept.members]
    if None in fragments:
        for member, value in zip(kept.members, list_at(body, kept.place), strict=True):
            if member.fragment is None:
                member.fragment = orjson.Fragment(to_bytes(value))
        fragments = [member.fragment for member in kept.members]
    return to_bytes(with_list(body, kept.place, fragments))


def to_bytes(body: Any) -> bytes:
    """The bytes of a JSON value. A ``Decimal`` keeps its digits (``1.10`` stays ``1.10``).

    orjson takes 13 µs for a page of 100 rows, msgspec 22; each ``Decimal`` costs a callback of 0.2 µs.
    Raises ``TypeError`` or ``ValueError`` for what JSON cannot express, such as a ``Decimal`` that is not finite.
    """
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    try:
        return orjson.dumps(body, _digits)
    except orjson.JSONEncodeError as error:
        if "64-bit" not in str(error):
            raise
        return _LARGE_NUMBERS.encode(body)  # orjson cannot write integers of more than 64 bits


def _digits(value: Any) -> orjson.Fragment:
    if not isinstance(value, Decimal):
        raise TypeError(f"JSON has no {type(value).__name__}")
    if not value.is_finite():
        raise ValueError(f"{value} is not a JSON number")
    return orjson.Fragment(str(value))
