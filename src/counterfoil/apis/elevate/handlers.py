"""Handlers that issue tokens and list billing summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.api import Request, Response
from counterfoil.apis.elevate import serializers
from counterfoil.apis.elevate.auth import NAME, TOKEN_MINUTES, log_in
from counterfoil.apis.elevate.query import parse, select_summaries
from counterfoil.apis.elevate.serializers import ID

if TYPE_CHECKING:
    from counterfoil.world.world import World


def create_bearer_token(request: Request, world: World) -> Response:
    """Issue a token, valid for 15 minutes, for a user's password or an app client's secret."""
    secret = request.body["password"] if "password" in request.body else request.body["clientSecret"]
    issued = world.log_in(NAME, log_in(secret, world).key, TOKEN_MINUTES)
    return Response(200, serializers.token(issued.value))


def list_billing_summaries(request: Request, world: World) -> Response:
    """One page of the matching customers, in the requested order."""
    query = parse(request.query, world.switches)
    visible_to = request.principal.customer if request.principal else None
    page, size = request.query["page"], request.query["pageSize"]
    selected = select_summaries(world, query, visible_to).page((page - 1) * size, page * size)
    documents = [{**row.document, ID: number} for number, row in selected]
    if query.fields is not None:
        documents = [{name: document[name] for name in query.fields} for document in documents]
    return Response(200, documents)
