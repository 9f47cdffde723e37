"""Lists, creates, shows, forks, resets and deletes worlds."""

from __future__ import annotations

from counterfoil.api import Json, Request, Response
from counterfoil.control.handlers import world_of
from counterfoil.control.world_service import WorldService
from counterfoil.ledger.errors import BadValue
from counterfoil.world.capsule import encode_capsule, make_capsule
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT


def _world_document(
    service: WorldService, request: Request, world: World, time_to_live: float | None
) -> dict[str, Json]:
    world_prefix = "" if world.name == DEFAULT else f"/w/{world.name}"
    return {
        "name": world.name,
        "scenario": world.scenario.name,
        "title": world.scenario.definition.title,
        "seed": world.seed,
        "customers": world.ledger.customers,
        "now": format_timestamp(world.now),
        "version": world.version,
        "commands": len(world.history) - world.scenario_length,
        "time_to_live": time_to_live,
        "switches": dict(world.switches),
        "credentials": [
            {"key": grant.key, "may": None if grant.may is None else sorted(grant.may), "customer": grant.customer}
            for grant in world.grants.values()
        ],
        "apis": {api.name: f"{request.origin}{world_prefix}{api.prefix}" for api in service.apis},
    }


def list_worlds(service: WorldService, request: Request) -> Response:
    offset, limit = request.query["offset"], request.query["limit"]
    total, entries = service.page(offset, limit)
    shown = [_world_document(service, request, entry.world, entry.time_to_live) for entry in entries]
    return Response(200, {"total": total, "offset": offset, "limit": limit, "worlds": shown})


def create_world(service: WorldService, request: Request) -> Response:
    body = request.body or {}
    if body.get("capsule") is not None:
        redundant = sorted({"scenario", "seed", "customers", "switches"} & set(body))
        if redundant:
            raise BadValue(f"the capsule says it already: leave out {', '.join(redundant)}", field="capsule")
        opened = service.open(body.get("name"), body["capsule"], time_to_live=body.get("time_to_live"))
        return _created(service, request, opened)
    world = service.create(
        body.get("name"),
        body.get("scenario"),
        seed=body.get("seed"),
        customers=body.get("customers"),
        switches=body.get("switches", {}),
        time_to_live=body.get("time_to_live"),
    )
    return _created(service, request, world)


def get_world(service: WorldService, request: Request) -> Response:
    entry = service.entry(request.path["world"])
    return Response(200, _world_document(service, request, entry.world, entry.time_to_live))


def delete_world(service: WorldService, request: Request) -> Response:
    service.delete(request.path["world"])
    return Response(204)


def fork_world(service: WorldService, request: Request) -> Response:
    body = request.body or {}
    world = service.fork(body.get("name"), request.path["world"], time_to_live=body.get("time_to_live"))
    return _created(service, request, world)


def reset_world(service: WorldService, request: Request) -> Response:
    world = service.reset(request.path["world"])
    return Response(200, _world_document(service, request, world, service.entry(world.name).time_to_live))


def _created(service: WorldService, request: Request, world: World) -> Response:
    entry = service.entry(world.name)
    location = ("Location", f"{request.base}/worlds/{world.name}")
    return Response(201, _world_document(service, request, world, entry.time_to_live), (location,))


def show_capsule(service: WorldService, request: Request) -> Response:
    return Response(200, encode_capsule(make_capsule(world_of(service, request))))


def list_switches(service: WorldService, request: Request) -> Response:
    values = world_of(service, request).switches
    shown = []
    for name, value in sorted(values.items()):
        switch = values.known(name)
        choices = None if switch.choices is None else list(switch.choices)
        shown.append(
            {
                "name": name,
                "value": value,
                "default": switch.default,
                "choices": choices,
                "text": switch.text,
                "source": switch.source,
            }
        )
    return Response(200, {"switches": shown})
