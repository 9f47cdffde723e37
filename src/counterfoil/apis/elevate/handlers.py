"""One function for each of Elevate's routes: read, one verb, render. And who may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Principal, Request, Response
from counterfoil.apis.elevate import selection, serializers
from counterfoil.world.commands import IssueToken

if TYPE_CHECKING:
    from counterfoil.world.world import World

NAME = "elevate"
TOKEN_MINUTES = 15
"""How long a token is good (vendor facts 1.5)."""


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """The bearer token is one from ``POST /authenticate``, or a known key itself."""
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise ApiError("unauthenticated", "A bearer token is required")
    token = world.tokens.find(credential)
    if token is not None and token.api == NAME:
        if world.now >= token.expires_at:
            raise ApiError("expired", "The token has expired")
        credential = token.key
    return _permitted(credential, world, unknown="The token is not valid", forbidden="This user may not read this")


def create_bearer_token(request: Request, world: World) -> Response:
    """Trade a user's password or an app client's secret, either of them a known key, for a token good for 15 minutes."""
    secret = request.body["password"] if "password" in request.body else request.body["clientSecret"]
    permitted = _permitted(
        secret, world, unknown="Unknown credentials", forbidden="These credentials may not fetch a token"
    )
    issued = world.execute(IssueToken(api=NAME, key=permitted.key, minutes=TOKEN_MINUTES))
    return Response(200, serializers.token(issued.value))


def list_billing_summaries(request: Request, world: World) -> Response:
    """A page of the customers that match, in the order asked for."""
    query = selection.read(request.query, world.switches)
    seen_by = request.principal.customer if request.principal else None
    chosen = selection.select(world, query, seen_by)
    page, size = request.query["page"], request.query["pageSize"]
    numbers = chosen.page((page - 1) * size, page * size)
    rows = selection.table(world).show(world.ledger.store.slots(), numbers)
    if query.fields is not None:
        rows = [{name: row[name] for name in query.fields} for row in rows]
    return Response(200, rows)


def _permitted(key: str, world: World, *, unknown: str, forbidden: str) -> Principal:
    grant = world.grant(key)
    if grant is None:
        raise ApiError("unauthenticated", unknown)
    if not grant.allows(NAME):
        raise ApiError("forbidden", forbidden)
    return Principal(key, grant.customer)
