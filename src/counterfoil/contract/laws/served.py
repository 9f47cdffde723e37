"""Lists that an implementation may lack: if it does, the laws about them do not apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext

NOT_SERVED = (404, 405, 501)
"""Statuses with which a target says that it has no such operation."""


def served(ctx: LawContext, operation: str, page: Mapping[str, Any], **query: Any) -> list[Any]:
    """The items of a list for ``page`` and ``query``; the law does not apply if the target lacks the list or it is empty."""
    response = ctx.request(operation, query={**page, **query})
    ctx.require(response.status not in NOT_SERVED, f"this target does not serve {operation}")
    items = ctx.json_body(response)
    ctx.expect(isinstance(items, list), "a JSON array", items)
    ctx.require(items or query, f"{operation} lists nothing")
    return list(items)


class ServedCollection(ItemList):
    """A list that an implementation may lack."""

    def fetch(self, ctx: LawContext, query: Mapping[str, Any]) -> list[Any]:
        first = {} if self.pages is None else self.pages.query(0, 1)
        status = ctx.cached(("served", self.operation), lambda: ctx.request(self.operation, query=first).status)
        ctx.require(status not in NOT_SERVED, f"this target does not serve {self.operation}")
        return super().fetch(ctx, query)
