"""Shows what the server has: its APIs, bounds and scenarios."""

from __future__ import annotations

from counterfoil import __version__
from counterfoil.api import Request, Response
from counterfoil.control.world_service import WorldService
from counterfoil.world.timestamps import format_timestamp


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
                "time_to_live": service.bounds.max_time_to_live,
            },
            "journal": service.journal is not None,
            "faults": service.faults is not None,
        },
    )


def list_scenarios(service: WorldService, request: Request) -> Response:
    shown = [
        {
            "name": scenario.name,
            "title": scenario.definition.title,
            "text": scenario.definition.text,
            "starts": format_timestamp(scenario.definition.starts),
            "seed": scenario.definition.seed,
        }
        for _, scenario in sorted(service.scenarios().items())
    ]
    return Response(200, {"scenarios": shown})
