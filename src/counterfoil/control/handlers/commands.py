"""Executes commands, and shows a world's clock and timeline."""

from __future__ import annotations

from counterfoil.api import Json, Request, Response
from counterfoil.control import timeline
from counterfoil.control.handlers import world_of
from counterfoil.control.handlers.resources import browser_of
from counterfoil.control.world_service import WorldService
from counterfoil.world.commands import Command, WriteResource, WriteResources, in_one, read_command
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.to_json import to_json
from counterfoil.world.world import World


def _execute(service: WorldService, request: Request, data: dict[str, Json]) -> Response:
    world = world_of(service, request)
    command = read_command(data)
    if isinstance(command, WriteResource):
        command = browser_of(service, command.api).checked(world, command)
    elif isinstance(command, WriteResources):
        command = _checked_writes(service, world, command)
    fact = service.execute(world, command)
    return Response(200, {"fact": to_json(fact), "version": world.version, "now": format_timestamp(world.now)})


def _checked_writes(service: WorldService, world: World, command: WriteResources) -> Command:
    """Check each write as if it were sent alone, after the writes before it; returns the command. Raises ``LedgerError``."""
    view = world.latest()
    with view.one_step() as step:
        step.dropped = True
        for write in command.writes:
            members = {name: getattr(write, name) for name in write.__struct_fields__}
            view.execute(browser_of(service, write.api).checked(view, WriteResource(**members)))
        return in_one(step.writes) if len(step.writes) > 1 else command


def any_command(service: WorldService, request: Request) -> Response:
    return _execute(service, request, request.body)


def one_command(name: str, service: WorldService, request: Request) -> Response:
    return _execute(service, request, {**(request.body or {}), "command": name})


def show_clock(service: WorldService, request: Request) -> Response:
    world = world_of(service, request)
    return Response(
        200,
        {
            "now": format_timestamp(world.now),
            "today": world.today.isoformat(),
            "version": world.version,
            "next": timeline.next_automatic_event(world),
        },
    )


def show_timeline(service: WorldService, request: Request) -> Response:
    world = world_of(service, request)
    offset, limit = request.query["offset"], request.query["limit"]
    future = timeline.future(world)
    entries = timeline.past(world, offset, limit)
    return Response(
        200,
        {
            "now": format_timestamp(world.now),
            "version": world.version,
            "told": world.scenario_length,
            "names": timeline.names(world, entries),
            "past": {
                "total": len(world.history),
                "offset": offset,
                "limit": limit,
                "entries": entries,
            },
            "future": {"total": len(future), "events": future[: request.query["ahead"]]},
        },
    )
