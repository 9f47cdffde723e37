"""The routes of the control API: one short function for each, which reads the request, does one thing, and renders.

They hold no rules of billing: commands go to the world, questions to ``customers``, ``figures`` and ``timeline``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import msgspec

from counterfoil import __version__
from counterfoil.api import Json, Request, Response
from counterfoil.control import customers, figures, timeline, wire
from counterfoil.control.desk import Desk
from counterfoil.control_types import Wanted, read_fault
from counterfoil.ledger.errors import BadValue, UnknownRecord
from counterfoil.world.capsule import make_capsule
from counterfoil.world.commands import COMMANDS, read_command
from counterfoil.world.to_json import to_json
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT

Steer = Callable[[Desk, Request], Response]


def _world(desk: Desk, request: Request) -> World:
    return desk.world(request.path["world"])


# --- the server ----------------------------------------------------------------------------------


def show_apis(desk: Desk, request: Request) -> Response:
    return Response(
        200,
        {
            "counterfoil": __version__,
            "apis": [
                {"name": api.name, "title": api.title, "prefix": api.prefix, "operations": list(api.routes)}
                for api in desk.apis
            ],
            "bounds": {
                "customers": desk.bounds.customers,
                "commands": desk.bounds.commands,
                "time_to_live": desk.bounds.longest_life,
            },
            "journal": desk.journal is not None,
            "faults": desk.faults is not None,
        },
    )


def list_scenarios(desk: Desk, request: Request) -> Response:
    shown = [
        {
            "name": each.name,
            "title": each.definition.title,
            "text": each.definition.text,
            "starts": wire.instant(each.definition.starts),
            "seed": each.definition.seed,
        }
        for _, each in sorted(desk.scenarios().items())
    ]
    return Response(200, {"scenarios": shown})


# --- worlds --------------------------------------------------------------------------------------


def _shown(desk: Desk, request: Request, world: World, time_to_live: float | None) -> dict[str, Json]:
    inside = "" if world.name == DEFAULT else f"/w/{world.name}"
    return {
        "name": world.name,
        "scenario": world.scenario.name,
        "title": world.scenario.definition.title,
        "seed": world.seed,
        "customers": world.ledger.customers,
        "now": wire.instant(world.now),
        "version": world.version,
        "commands": len(world.history) - world.told,
        "time_to_live": time_to_live,
        "switches": dict(world.switches),
        "credentials": [
            {"key": grant.key, "may": None if grant.may is None else sorted(grant.may), "customer": grant.customer}
            for grant in world.grants.values()
        ],
        "apis": {api.name: f"{request.origin}{inside}{api.prefix}" for api in desk.apis},
    }


def list_worlds(desk: Desk, request: Request) -> Response:
    offset, limit = request.query["offset"], request.query["limit"]
    places = desk.places()
    shown = [_shown(desk, request, place.world, place.time_to_live) for place in places[offset : offset + limit]]
    return Response(200, {"total": len(places), "offset": offset, "limit": limit, "worlds": shown})


def create_world(desk: Desk, request: Request) -> Response:
    asked = request.body or {}
    world = desk.create(
        asked.get("name"),
        asked.get("scenario"),
        seed=asked.get("seed"),
        customers=asked.get("customers"),
        switches=asked.get("switches", {}),
        time_to_live=asked.get("time_to_live"),
    )
    return _made(desk, request, world)


def get_world(desk: Desk, request: Request) -> Response:
    place = desk.place(request.path["world"])
    return Response(200, _shown(desk, request, place.world, place.time_to_live))


def delete_world(desk: Desk, request: Request) -> Response:
    desk.delete(request.path["world"])
    return Response(204)


def fork_world(desk: Desk, request: Request) -> Response:
    asked = request.body or {}
    world = desk.fork(asked.get("name"), request.path["world"], time_to_live=asked.get("time_to_live"))
    return _made(desk, request, world)


def reset_world(desk: Desk, request: Request) -> Response:
    desk.reset(request.path["world"])
    return get_world(desk, request)


def _made(desk: Desk, request: Request, world: World) -> Response:
    place = desk.place(world.name)
    location = ("Location", f"{request.base}/worlds/{world.name}")
    return Response(201, _shown(desk, request, world, place.time_to_live), (location,))


def show_capsule(desk: Desk, request: Request) -> Response:
    return Response(200, msgspec.to_builtins(make_capsule(_world(desk, request))))


def list_switches(desk: Desk, request: Request) -> Response:
    values = _world(desk, request).switches
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


# --- commands and time ---------------------------------------------------------------------------


def _commanded(desk: Desk, request: Request, data: dict[str, Json]) -> Response:
    world = _world(desk, request)
    fact = desk.carry_out(world, read_command(data))
    return Response(200, {"fact": to_json(fact), "version": world.version, "now": wire.instant(world.now)})


def any_command(desk: Desk, request: Request) -> Response:
    return _commanded(desk, request, request.body)


def one_command(name: str, desk: Desk, request: Request) -> Response:
    return _commanded(desk, request, {**(request.body or {}), "command": name})


def show_clock(desk: Desk, request: Request) -> Response:
    world = _world(desk, request)
    return Response(
        200,
        {
            "now": wire.instant(world.now),
            "today": world.today.isoformat(),
            "version": world.version,
            "next": timeline.next_by_itself(world),
        },
    )


def show_timeline(desk: Desk, request: Request) -> Response:
    world = _world(desk, request)
    offset, limit = request.query["offset"], request.query["limit"]
    coming = timeline.future(world)
    return Response(
        200,
        {
            "now": wire.instant(world.now),
            "version": world.version,
            "told": world.told,
            "past": {
                "total": len(world.history),
                "offset": offset,
                "limit": limit,
                "entries": timeline.past(world, offset, limit),
            },
            "future": {"total": len(coming), "events": coming[: request.query["ahead"]]},
        },
    )


# --- looking things up ---------------------------------------------------------------------------


def list_customers(desk: Desk, request: Request) -> Response:
    query = request.query
    return Response(
        200,
        customers.page(
            _world(desk, request),
            desk.apis,
            search=query.get("search", ""),
            sort=query["sort"],
            only=query["only"],
            offset=query["offset"],
            limit=query["limit"],
        ),
    )


def get_customer(desk: Desk, request: Request) -> Response:
    return Response(200, customers.in_full(_world(desk, request), desk.apis, request.path["customer"]))


def why_bill(desk: Desk, request: Request) -> Response:
    path = request.path
    return Response(200, customers.why(_world(desk, request), path["customer"], path["account"], path["bill"]))


def list_runs(desk: Desk, request: Request) -> Response:
    return Response(200, figures.runs(_world(desk, request), request.query["offset"], request.query["limit"]))


def get_run(desk: Desk, request: Request) -> Response:
    return Response(200, figures.run(_world(desk, request), request.path["run"]))


def show_figures(desk: Desk, request: Request) -> Response:
    return Response(200, figures.figures(_world(desk, request)))


# --- journal and faults --------------------------------------------------------------------------


def list_exchanges(desk: Desk, request: Request) -> Response:
    journal, world, query = desk.journal_book(), _world(desk, request), request.query
    if "api" in query:
        desk.api(query["api"])
    wanted = Wanted(
        api=query.get("api"),
        operation=query.get("operation"),
        status=query.get("status"),
        since=_since(query.get("since")),
        after=query.get("after"),
        limit=query["limit"],
    )
    found = journal.find(world.name, wanted)
    shown = [wire.exchanged(each) for each in found.exchanges]
    return Response(200, {"total": found.total, "dropped": found.dropped, "exchanges": shown})


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        raise BadValue("an instant is written as in 2026-01-31T09:00:00Z", field="since") from None
    if moment.tzinfo is None:
        raise BadValue("an instant needs its offset, as in 2026-01-31T09:00:00Z", field="since")
    return moment


def clear_journal(desk: Desk, request: Request) -> Response:
    desk.journal_book().clear(_world(desk, request).name)
    return Response(204)


def list_faults(desk: Desk, request: Request) -> Response:
    shown = [wire.fault(each) for each in desk.fault_book().all(_world(desk, request).name)]
    return Response(200, {"faults": shown})


def add_fault(desk: Desk, request: Request) -> Response:
    faults, world = desk.fault_book(), _world(desk, request)
    order = read_fault(request.body)
    desk.check_operation(order.api, order.operation)
    made = faults.add(world.name, order)
    return Response(201, wire.fault(made), (("Location", f"{request.base}/worlds/{world.name}/faults/{made.id}"),))


def clear_faults(desk: Desk, request: Request) -> Response:
    desk.fault_book().clear(_world(desk, request).name)
    return Response(204)


def remove_fault(desk: Desk, request: Request) -> Response:
    if not desk.fault_book().remove(_world(desk, request).name, request.path["fault"]):
        raise UnknownRecord(f"there is no fault {request.path['fault']}", field="fault")
    return Response(204)


ROUTES: dict[str, Steer] = {
    "GET /apis": show_apis,
    "GET /scenarios": list_scenarios,
    "GET /worlds": list_worlds,
    "POST /worlds": create_world,
    "GET /worlds/{world}": get_world,
    "DELETE /worlds/{world}": delete_world,
    "POST /worlds/{world}/fork": fork_world,
    "POST /worlds/{world}/reset": reset_world,
    "GET /worlds/{world}/capsule": show_capsule,
    "GET /worlds/{world}/switches": list_switches,
    "GET /worlds/{world}/clock": show_clock,
    "GET /worlds/{world}/timeline": show_timeline,
    "POST /worlds/{world}/commands": any_command,
    **{f"POST /worlds/{{world}}/commands/{name}": partial(one_command, name) for name in COMMANDS},
    "GET /worlds/{world}/customers": list_customers,
    "GET /worlds/{world}/customers/{customer}": get_customer,
    "GET /worlds/{world}/customers/{customer}/bills/{account}/{bill}/why": why_bill,
    "GET /worlds/{world}/runs": list_runs,
    "GET /worlds/{world}/runs/{run}": get_run,
    "GET /worlds/{world}/figures": show_figures,
    "GET /worlds/{world}/journal": list_exchanges,
    "DELETE /worlds/{world}/journal": clear_journal,
    "GET /worlds/{world}/faults": list_faults,
    "POST /worlds/{world}/faults": add_fault,
    "DELETE /worlds/{world}/faults": clear_faults,
    "DELETE /worlds/{world}/faults/{fault}": remove_fault,
}
