"""The handlers of the control API: one short function for each, which reads the request, calls one function, and renders.

They hold no rules of billing: commands go to the world, questions to ``customers``, ``figures`` and ``timeline``. Each takes
one view of its world and reads from that alone. ``routes`` says which answers what; which of them may take long is in
``long_requests``.
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
