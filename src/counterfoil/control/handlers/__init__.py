"""The handlers of the control API: one short function per operation, which reads the request, calls one function, and renders.

They contain no billing rules: the world executes commands; ``customers``, ``figures`` and ``timeline`` answer queries. Each
handler takes one view of its world and reads from that alone. ``routes`` maps operations to handlers; ``long_requests`` says
which of them may take long.
"""

from __future__ import annotations

from collections.abc import Callable

from counterfoil.api import Request, Response
from counterfoil.control.world_service import WorldService
from counterfoil.world.world import World

Handler = Callable[[WorldService, Request], Response]


def world_of(service: WorldService, request: Request) -> World:
    """The world that the path names. Raises ``UnknownRecord``."""
    return service.world(request.path["world"])
