"""Puts the control API together: a dialect like the others, whose operations are about the registry of worlds.

``control(worlds, …)`` is served beside the vendors' dialects by the same machinery, with its spec and its validation. The
world that machinery hands to each operation is the default one, and is ignored: the path says which world is meant.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from counterfoil.api import API, ApiError, Operation, Principal, Request, Response
from counterfoil.control import operations, wire
from counterfoil.control.desk import Bounds, Desk
from counterfoil.control.operations import Steer
from counterfoil.control.safety import guard
from counterfoil.control_types import Faults, Journal
from counterfoil.world.world import World
from counterfoil.world.worlds import Worlds

NAME = "control"
PREFIX = "/_sandbox/v1"
LOOPBACK = ("localhost", "127.0.0.1")


def control(
    worlds: Worlds,
    *,
    token: str | None,
    apis: Sequence[API],
    faults: Faults | None = None,
    journal: Journal | None = None,
    hosts: Sequence[str] = LOOPBACK,
    bounds: Bounds | None = None,
    new_name: Callable[[], str] = lambda: secrets.token_hex(10),
) -> API:
    """The control API over ``worlds``, as a dialect for ``build_server``.

    ``token`` None means nobody needs one: for servers bound to loopback only. ``hosts`` are the names and addresses the
    server is bound to or known by; loopback ones always count. ``apis`` are the dialects served beside it. Without
    ``faults`` or ``journal`` their operations answer 501. ``new_name`` is the one thing here that is not deterministic;
    nothing in a world depends on its name.
    """
    desk = Desk(worlds, tuple(apis), new_name, bounds or Bounds(), faults, journal)
    check = guard(token, hosts)

    def authenticate(headers: Mapping[str, str], world: World) -> Principal:
        return check(headers)

    return API(
        name=NAME,
        title="counterfoil – control API",
        prefix=PREFIX,
        routes={route: _bound(steer, desk) for route, steer in operations.ROUTES.items()},
        authenticate=authenticate,
        error=wire.error,
        strict_query=lambda world: True,
    )


def _bound(steer: Steer, desk: Desk) -> Operation:
    def operation(request: Request, world: World) -> Response:
        if request.base != PREFIX:
            raise ApiError("unknown_path", "the control API is in no world: leave out /w/ and the name behind it")
        with wire.as_refusals(), desk.still(request.path.get("world")):
            return steer(desk, request)

    return operation
