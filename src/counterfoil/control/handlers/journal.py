"""Shows and clears a world's journal."""

from __future__ import annotations

from datetime import datetime

from counterfoil.api import Request, Response
from counterfoil.api.control_types import JournalQuery
from counterfoil.control import serializers
from counterfoil.control.handlers import world_of
from counterfoil.control.world_service import WorldService
from counterfoil.ledger.errors import BadValue
from counterfoil.world.timestamps import read_instant


def list_exchanges(service: WorldService, request: Request) -> Response:
    journal, world, query = service.require_journal(), world_of(service, request), request.query
    if "api" in query:
        service.api(query["api"])
    journal_query = JournalQuery(
        api=query.get("api"),
        operation=query.get("operation"),
        status=query.get("status"),
        since=_since(query.get("since")),
        after=query.get("after"),
        limit=query["limit"],
        clients_only=query["by"] == "clients",
    )
    page = journal.find(world.name, journal_query)
    shown = [serializers.exchanged(exchange) for exchange in page.exchanges]
    return Response(200, {"total": page.total, "dropped": page.dropped, "exchanges": shown})


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_instant(text)
    except ValueError as error:
        raise BadValue(str(error), field="since") from None


def clear_journal(service: WorldService, request: Request) -> Response:
    service.require_journal().clear(world_of(service, request).name)
    return Response(204)
