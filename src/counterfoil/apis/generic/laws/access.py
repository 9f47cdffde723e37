"""Laws about credentials and about the values that a document lists for a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.apis.generic.laws.requests import call
from counterfoil.apis.generic.laws.resources import Resource, at_parents, parents_of
from counterfoil.apis.generic.model import Operation
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import Law

Json = Any


def without_credential(id: str, resource: Resource, operation: Operation, known: Mapping[str, Resource]) -> Law:
    """A request without a credential is refused."""

    def check(ctx: LawContext) -> None:
        response = call(ctx, resource, operation, parents_of(ctx, resource, known), token=None)
        ctx.expect(
            response.status in (401, 403), "401 without a credential", f"{response.status}: {response.brief(120)}"
        )

    return Law(id, operation.name, "auth", (), "Without a credential the response is 401 (or 403).", check)


def every_value_is_accepted(
    id: str, resource: Resource, param: str, values: tuple[Json, ...], known: Mapping[str, Resource]
) -> Law:
    """Each value that the document lists for a filter is accepted."""
    listing = resource.operation("list")
    assert listing is not None

    def check(ctx: LawContext) -> None:
        listed = at_parents(resource, parents_of(ctx, resource, known))
        assert listed is not None

        def is_accepted(value: Json) -> None:
            listed.first_page(ctx, {param: value})

        ctx.for_each(values, is_accepted)

    shown = ", ".join(map(str, values[:12]))
    return Law(id, listing.name, "enums", (), f"{param} accepts each of the documented values: {shown}.", check)
