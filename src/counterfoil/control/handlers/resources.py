"""Lists, shows and changes the resources of APIs that are made from a document."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from counterfoil.api import Json, Request, Response
from counterfoil.api.resource_browser import ResourceBrowser, ResourceView
from counterfoil.control.handlers import world_of
from counterfoil.control.world_service import WorldService
from counterfoil.ledger.errors import BadValue
from counterfoil.world.world import World


def browser_of(service: WorldService, api: str) -> ResourceBrowser:
    """The resource browser of an API. Raises ``BadValue`` for an API that is not made from a document."""
    browser = service.api(api).resources
    if browser is None:
        raise BadValue(f"{api} is not made from a document: its commands are those of the world", field="api")
    return browser


class _Target(NamedTuple):
    browser: ResourceBrowser
    world: World
    collection: str
    parent: str


def _target(service: WorldService, request: Request) -> _Target:
    """The collection that the request names. Raises ``UnknownRecord`` or ``BadValue``."""
    world, query = world_of(service, request), request.query
    return _Target(browser_of(service, query["api"]), world, query["collection"], query["parent"])


def _shown(view: ResourceView) -> dict[str, Json]:
    return {"id": view.id, "written": view.written, "value": view.value}


def list_collections(service: WorldService, request: Request) -> Response:
    world = world_of(service, request)
    shown = [
        {"api": api.name, **msgspec.to_builtins(collection)}
        for api in service.apis
        if api.resources is not None
        for collection in api.resources.collections(world)
    ]
    return Response(200, {"collections": shown})


def list_resources(service: WorldService, request: Request) -> Response:
    target, query = _target(service, request), request.query
    page = target.browser.page(
        target.world,
        target.collection,
        target.parent,
        search=query.get("search", ""),
        offset=query["offset"],
        limit=query["limit"],
    )
    return Response(
        200,
        {
            "total": page.total,
            "offset": query["offset"],
            "limit": query["limit"],
            "resources": [_shown(resource) for resource in page.resources],
        },
    )


def get_resource(service: WorldService, request: Request) -> Response:
    target = _target(service, request)
    return Response(
        200, _shown(target.browser.get(target.world, target.collection, target.parent, request.query["id"]))
    )


def create_resource(service: WorldService, request: Request) -> Response:
    target = _target(service, request)
    id, command = target.browser.created(target.world, target.collection, target.parent, request.body["value"])
    service.execute(target.world, command)
    return Response(201, _shown(target.browser.get(target.world, target.collection, target.parent, id)))


def replace_resource(service: WorldService, request: Request) -> Response:
    target, id = _target(service, request), request.query["id"]
    command = target.browser.replaced(target.world, target.collection, target.parent, id, request.body["value"])
    service.execute(target.world, command)
    return Response(200, _shown(target.browser.get(target.world, target.collection, target.parent, id)))


def delete_resource(service: WorldService, request: Request) -> Response:
    target, id = _target(service, request), request.query["id"]
    service.execute(target.world, target.browser.deleted(target.world, target.collection, target.parent, id))
    return Response(204)
