"""The routes of the control API: one short function for each, which reads the request, does one thing, and renders.

They hold no rules of billing: commands go to the world, questions to ``customers``, ``figures`` and ``timeline``. Each takes
one view of its world and reads from that alone. Which of them may take long is in ``long_requests``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from counterfoil import __version__
from counterfoil.api import Json, Request, Response
from counterfoil.api.control_types import Wanted, read_fault
from counterfoil.control import customers, figures, serializers, timeline
from counterfoil.control.tasks import Task
from counterfoil.control.world_service import WorldService
from counterfoil.ledger.errors import BadValue, UnknownRecord
from counterfoil.world.capsule import encode_capsule, make_capsule
from counterfoil.world.commands import COMMANDS, read_command
from counterfoil.world.timestamps import read_instant
from counterfoil.world.to_json import to_json
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT

PREFIX = "/_sandbox/v1"
Handler = Callable[[WorldService, Request], Response]


def _world(service: WorldService, request: Request) -> World:
    return service.world(request.path["world"])


# --- the server ----------------------------------------------------------------------------------


def show_apis(service: WorldService, request: Request) -> Response:
    return Response(
        200,
        {
            "counterfoil": __version__,
            "apis": [
                {
                    "name": api.name,
                    "title": api.title,
                    "prefix": api.prefix,
                    "operations": list(api.routes),
                    "customer_view": api.customer_view,
                    "credential_header": api.credential_header,
                }
                for api in service.apis
            ],
            "bounds": {
                "customers": service.bounds.customers,
                "commands": service.bounds.commands,
                "time_to_live": service.bounds.longest_life,
            },
            "journal": service.journal is not None,
            "faults": service.faults is not None,
        },
    )


def list_scenarios(service: WorldService, request: Request) -> Response:
    shown = [
        {
            "name": each.name,
            "title": each.definition.title,
            "text": each.definition.text,
            "starts": serializers.instant(each.definition.starts),
            "seed": each.definition.seed,
        }
        for _, each in sorted(service.scenarios().items())
    ]
    return Response(200, {"scenarios": shown})


# --- worlds --------------------------------------------------------------------------------------


def _shown(service: WorldService, request: Request, world: World, time_to_live: float | None) -> dict[str, Json]:
    inside = "" if world.name == DEFAULT else f"/w/{world.name}"
    return {
        "name": world.name,
        "scenario": world.scenario.name,
        "title": world.scenario.definition.title,
        "seed": world.seed,
        "customers": world.ledger.customers,
        "now": serializers.instant(world.now),
        "version": world.version,
        "commands": len(world.history) - world.scenario_length,
        "time_to_live": time_to_live,
        "switches": dict(world.switches),
        "credentials": [
            {"key": grant.key, "may": None if grant.may is None else sorted(grant.may), "customer": grant.customer}
            for grant in world.grants.values()
        ],
        "apis": {api.name: f"{request.origin}{inside}{api.prefix}" for api in service.apis},
    }


def list_worlds(service: WorldService, request: Request) -> Response:
    offset, limit = request.query["offset"], request.query["limit"]
    total, entries = service.page(offset, limit)
    shown = [_shown(service, request, entry.world, entry.time_to_live) for entry in entries]
    return Response(200, {"total": total, "offset": offset, "limit": limit, "worlds": shown})


def create_world(service: WorldService, request: Request) -> Response:
    asked = request.body or {}
    if asked.get("capsule") is not None:
        beside = sorted({"scenario", "seed", "customers", "switches"} & set(asked))
        if beside:
            raise BadValue(f"the capsule says it already: leave out {', '.join(beside)}", field="capsule")
        opened = service.open(asked.get("name"), asked["capsule"], time_to_live=asked.get("time_to_live"))
        return _made(service, request, opened)
    world = service.create(
        asked.get("name"),
        asked.get("scenario"),
        seed=asked.get("seed"),
        customers=asked.get("customers"),
        switches=asked.get("switches", {}),
        time_to_live=asked.get("time_to_live"),
    )
    return _made(service, request, world)


def get_world(service: WorldService, request: Request) -> Response:
    entry = service.entry(request.path["world"])
    return Response(200, _shown(service, request, entry.world, entry.time_to_live))


def delete_world(service: WorldService, request: Request) -> Response:
    service.delete(request.path["world"])
    return Response(204)


def fork_world(service: WorldService, request: Request) -> Response:
    asked = request.body or {}
    world = service.fork(asked.get("name"), request.path["world"], time_to_live=asked.get("time_to_live"))
    return _made(service, request, world)


def reset_world(service: WorldService, request: Request) -> Response:
    world = service.reset(request.path["world"])
    return Response(200, _shown(service, request, world, service.entry(world.name).time_to_live))


def _made(service: WorldService, request: Request, world: World) -> Response:
    entry = service.entry(world.name)
    location = ("Location", f"{request.base}/worlds/{world.name}")
    return Response(201, _shown(service, request, world, entry.time_to_live), (location,))


def show_capsule(service: WorldService, request: Request) -> Response:
    return Response(200, encode_capsule(make_capsule(_world(service, request))))


def list_switches(service: WorldService, request: Request) -> Response:
    values = _world(service, request).switches
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


def _commanded(service: WorldService, request: Request, data: dict[str, Json]) -> Response:
    world = _world(service, request)
    fact = service.execute(world, read_command(data))
    return Response(200, {"fact": to_json(fact), "version": world.version, "now": serializers.instant(world.now)})


def any_command(service: WorldService, request: Request) -> Response:
    return _commanded(service, request, request.body)


def one_command(name: str, service: WorldService, request: Request) -> Response:
    return _commanded(service, request, {**(request.body or {}), "command": name})


def show_clock(service: WorldService, request: Request) -> Response:
    world = _world(service, request)
    return Response(
        200,
        {
            "now": serializers.instant(world.now),
            "today": world.today.isoformat(),
            "version": world.version,
            "next": timeline.next_by_itself(world),
        },
    )


def show_timeline(service: WorldService, request: Request) -> Response:
    world = _world(service, request)
    offset, limit = request.query["offset"], request.query["limit"]
    coming = timeline.future(world)
    return Response(
        200,
        {
            "now": serializers.instant(world.now),
            "version": world.version,
            "told": world.scenario_length,
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


def list_customers(service: WorldService, request: Request) -> Response:
    query = request.query
    return Response(
        200,
        customers.page(
            _world(service, request),
            service.apis,
            search=query.get("search", ""),
            sort=query["sort"],
            only=query["only"],
            offset=query["offset"],
            limit=query["limit"],
        ),
    )


def get_customer(service: WorldService, request: Request) -> Response:
    return Response(200, customers.in_full(_world(service, request), service.apis, request.path["customer"]))


def why_bill(service: WorldService, request: Request) -> Response:
    path = request.path
    return Response(200, customers.why(_world(service, request), path["customer"], path["account"], path["bill"]))


def list_runs(service: WorldService, request: Request) -> Response:
    return Response(200, figures.runs(_world(service, request), request.query["offset"], request.query["limit"]))


def get_run(service: WorldService, request: Request) -> Response:
    return Response(200, figures.run(_world(service, request), request.path["run"]))


def show_figures(service: WorldService, request: Request) -> Response:
    return Response(200, figures.figures(_world(service, request)))


# --- journal and faults --------------------------------------------------------------------------


def list_exchanges(service: WorldService, request: Request) -> Response:
    journal, world, query = service.journal_book(), _world(service, request), request.query
    if "api" in query:
        service.api(query["api"])
    wanted = Wanted(
        api=query.get("api"),
        operation=query.get("operation"),
        status=query.get("status"),
        since=_since(query.get("since")),
        after=query.get("after"),
        limit=query["limit"],
    )
    found = journal.find(world.name, wanted)
    shown = [serializers.exchanged(each) for each in found.exchanges]
    return Response(200, {"total": found.total, "dropped": found.dropped, "exchanges": shown})


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_instant(text)
    except ValueError as error:
        raise BadValue(str(error), field="since") from None


def clear_journal(service: WorldService, request: Request) -> Response:
    service.journal_book().clear(_world(service, request).name)
    return Response(204)


def list_faults(service: WorldService, request: Request) -> Response:
    shown = [serializers.fault(each) for each in service.fault_book().all(_world(service, request).name)]
    return Response(200, {"faults": shown})


def add_fault(service: WorldService, request: Request) -> Response:
    faults, world = service.fault_book(), _world(service, request)
    order = read_fault(request.body)
    service.check_operation(order.api, order.operation)
    made = faults.add(world.name, order)
    return Response(
        201, serializers.fault(made), (("Location", f"{request.base}/worlds/{world.name}/faults/{made.id}"),)
    )


def clear_faults(service: WorldService, request: Request) -> Response:
    service.fault_book().clear(_world(service, request).name)
    return Response(204)


def remove_fault(service: WorldService, request: Request) -> Response:
    if not service.fault_book().remove(_world(service, request).name, request.path["fault"]):
        raise UnknownRecord(f"there is no fault {request.path['fault']}", field="fault")
    return Response(204)


# --- tasks ---------------------------------------------------------------------------------------


def show_task(service: WorldService, request: Request) -> Response:
    task = service.tasks.find(request.path["task"])
    response = task.response
    shown = {**_task(task, response), "status": None, "answer": None}
    if response is None:
        return Response(200, shown, (("Retry-After", "1"),))
    return Response(200, {**shown, "status": response.status, "answer": response.body})


def accepted(task: Task) -> Response:
    """The request is worked on: where its response will be."""
    headers = (("Location", f"{PREFIX}/tasks/{task.name}"), ("Retry-After", "1"))
    return Response(202, _task(task, None), headers)


def _task(task: Task, response: Response | None) -> dict[str, Json]:
    return {
        "task": task.name,
        "operation": task.operation,
        "state": "running" if response is None else "ended",
        "seconds": round(task.seconds, 3),
    }


ROUTES: dict[str, Handler] = {
    "GET /tasks/{task}": show_task,
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
