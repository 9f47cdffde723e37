"""The routes of the control API, each with the handler that answers it."""

from __future__ import annotations

from functools import partial

from counterfoil.control.handlers import Handler, commands, faults, journal, lookups, resources, server, tasks, worlds
from counterfoil.world.commands import COMMANDS

ROUTES: dict[str, Handler] = {
    "GET /tasks/{task}": tasks.show_task,
    "GET /apis": server.show_apis,
    "GET /scenarios": server.list_scenarios,
    "GET /worlds": worlds.list_worlds,
    "POST /worlds": worlds.create_world,
    "GET /worlds/{world}": worlds.get_world,
    "DELETE /worlds/{world}": worlds.delete_world,
    "POST /worlds/{world}/fork": worlds.fork_world,
    "POST /worlds/{world}/reset": worlds.reset_world,
    "GET /worlds/{world}/capsule": worlds.show_capsule,
    "GET /worlds/{world}/switches": worlds.list_switches,
    "GET /worlds/{world}/clock": commands.show_clock,
    "GET /worlds/{world}/timeline": commands.show_timeline,
    "POST /worlds/{world}/commands": commands.any_command,
    **{f"POST /worlds/{{world}}/commands/{name}": partial(commands.one_command, name) for name in COMMANDS},
    "GET /worlds/{world}/collections": resources.list_collections,
    "GET /worlds/{world}/resources": resources.list_resources,
    "POST /worlds/{world}/resources": resources.create_resource,
    "GET /worlds/{world}/resource": resources.get_resource,
    "PUT /worlds/{world}/resource": resources.replace_resource,
    "DELETE /worlds/{world}/resource": resources.delete_resource,
    "GET /worlds/{world}/customers": lookups.list_customers,
    "GET /worlds/{world}/customers/{customer}": lookups.get_customer,
    "GET /worlds/{world}/customers/{customer}/bills/{account}/{bill}/why": lookups.explain_bill,
    "GET /worlds/{world}/runs": lookups.list_runs,
    "GET /worlds/{world}/runs/{run}": lookups.get_run,
    "GET /worlds/{world}/figures": lookups.show_figures,
    "GET /worlds/{world}/journal": journal.list_exchanges,
    "DELETE /worlds/{world}/journal": journal.clear_journal,
    "GET /worlds/{world}/faults": faults.list_faults,
    "POST /worlds/{world}/faults": faults.add_fault,
    "DELETE /worlds/{world}/faults": faults.clear_faults,
    "DELETE /worlds/{world}/faults/{fault}": faults.remove_fault,
}
