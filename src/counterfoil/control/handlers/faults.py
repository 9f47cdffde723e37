"""Adds, shows and removes a world's faults."""

from __future__ import annotations

from counterfoil.api import Request, Response
from counterfoil.api.control_types import read_fault
from counterfoil.control import serializers
from counterfoil.control.handlers import world_of
from counterfoil.control.world_service import WorldService
from counterfoil.ledger.errors import UnknownRecord


def list_faults(service: WorldService, request: Request) -> Response:
    faults = service.require_faults().all(world_of(service, request).name)
    return Response(200, {"faults": [serializers.fault(fault) for fault in faults]})


def add_fault(service: WorldService, request: Request) -> Response:
    faults, world = service.require_faults(), world_of(service, request)
    spec = read_fault(request.body)
    service.check_operation(spec.api, spec.operation)
    added = faults.add(world.name, spec)
    return Response(
        201, serializers.fault(added), (("Location", f"{request.base}/worlds/{world.name}/faults/{added.id}"),)
    )


def clear_faults(service: WorldService, request: Request) -> Response:
    service.require_faults().clear(world_of(service, request).name)
    return Response(204)


def remove_fault(service: WorldService, request: Request) -> Response:
    if not service.require_faults().remove(world_of(service, request).name, request.path["fault"]):
        raise UnknownRecord(f"there is no fault {request.path['fault']}", field="fault")
    return Response(204)
