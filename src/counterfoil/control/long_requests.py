"""Which requests may take more than a few milliseconds and need a thread, and which may take more than a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.api import Request
from counterfoil.control.costs import seconds_of, size_of
from counterfoil.control.scenario_texts import is_text
from counterfoil.control.world_service import WorldService
from counterfoil.ledger.errors import BadValue
from counterfoil.world.commands import read_command

WRITES_RESOURCES = frozenset(
    {"POST /worlds/{world}/resources", "PUT /worlds/{world}/resource", "DELETE /worlds/{world}/resource"}
)
RESOURCES = WRITES_RESOURCES | {
    "GET /worlds/{world}/collections",
    "GET /worlds/{world}/resources",
    "GET /worlds/{world}/resource",
}
ALWAYS_SLOW = frozenset(
    {
        "POST /worlds",  # runs the scenario if no world was made from it before: seconds at 100,000 customers
        "POST /worlds/{world}/reset",
        "POST /worlds/{world}/commands/advance_clock",  # ten years of 60 customers: 0.4 s
        "GET /worlds/{world}/capsule",  # digests every account: 0.3 s at 10,000 customers, seconds after many commands
        *RESOURCES,  # resources are generated on first read, schemas compiled on first use
    }
)
WAITS_FOR_STORE = frozenset(
    {
        "GET /worlds",
        "POST /worlds/{world}/fork",
        "DELETE /worlds/{world}",
        "POST /worlds/{world}/faults",
        "DELETE /worlds/{world}/faults",
        "DELETE /worlds/{world}/faults/{fault}",
    }
)
"""Operations that wait for the store, if there is one."""
ASKS_OTHERS = frozenset({"GET /worlds/{world}/journal", "DELETE /worlds/{world}/journal", "GET /tasks/{task}"})
"""Operations that ask the other processes, if several serve the same worlds."""
MAX_STATES_IN_EVENT_LOOP = 300
"""The number of account states that a look-up may iterate over in the event loop: about 5 ms."""
FEW_BILLS = 1_000
"""Bills of all account states, whose figures take about 5 ms."""


def needs_thread(service: WorldService, request: Request) -> bool:
    """Whether the request may take more than a few ms, or wait for another request, so that it needs a thread."""
    if request.operation in ALWAYS_SLOW or (service.worlds.may_wait and request.operation in WAITS_FOR_STORE):
        return True
    if service.worlds.is_shared and request.operation in ASKS_OTHERS:
        return True
    world = service.worlds.get(request.path["world"]) if "world" in request.path else None
    if world is None:
        return False
    if request.operation.startswith("GET "):
        return len(world.ledger.store.states()) > MAX_STATES_IN_EVENT_LOOP or size_of(world).bills > FEW_BILLS
    if not writes(request):
        return False
    return (request.body or {}).get("command") == "advance_clock" or world.write_may_block()


LONG = 1.0
"""Seconds, as ``costs`` estimates them."""
SLOW_TO_CREATE_ABOVE = 50_000
"""Creating a world with this many customers takes half a second, unless it is copied from a template."""


def takes_long(service: WorldService, request: Request) -> bool:
    """Whether the request may take more than a second: it is then answered with 202, unless it ends soon."""
    body = request.body or {}
    if request.operation == "POST /worlds":
        return is_text(body.get("scenario") or "") or _needs_new_template(service, body)
    world = service.worlds.get(request.path["world"]) if writes(request) else None
    if world is None:
        return False
    if request.operation.endswith("/reset"):
        many = (world.requested_customers or 0) > SLOW_TO_CREATE_ABOVE
        return many and not service.worlds.is_prepared(
            world.scenario, world.seed, world.requested_customers, world.chosen
        )
    if request.operation in WRITES_RESOURCES:
        return False
    name = request.operation.rpartition("/")[2]
    try:
        command = read_command(body if name == "commands" else {**body, "command": name})
    except BadValue:  # it will be refused
        return False
    return seconds_of(world, command) > LONG


def _needs_new_template(service: WorldService, body: Mapping[str, Any]) -> bool:
    """Whether the request creates a world of many customers for which there is no template."""
    customers = body.get("customers") or 0
    if not SLOW_TO_CREATE_ABOVE < customers <= service.bounds.customers:
        return False
    try:
        scenario = service.scenario(body.get("scenario"))  # a name: a text always counts as long
    except BadValue:  # it will be refused
        return False
    return not service.worlds.is_prepared(scenario, body.get("seed"), customers, body.get("switches", {}))


def writes(request: Request) -> bool:
    """Whether the request changes its world's state; it then holds the world's write lock while it is handled."""
    return (
        "/commands" in request.operation
        or request.operation == "POST /worlds/{world}/reset"
        or request.operation in WRITES_RESOURCES
    )


def waits_with_lock(request: Request) -> bool:
    """Whether the request waits for the store while it holds its world's write lock. If other processes write too, it must take
    the lock in its exclusive turn only, because the commit that it waits for may need the lock."""
    return request.operation == "POST /worlds/{world}/reset"
