"""Sends the request of one operation: with its path parameters, and the query parameters and headers that are required."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterfoil.apis.generic.laws.bodies import CannotMake, parameter_value, query_of, sent
from counterfoil.apis.generic.laws.lists import sent_with_the_credential
from counterfoil.apis.generic.laws.resources import Resource, filled
from counterfoil.apis.generic.model import Operation
from counterfoil.contract.context import LawContext
from counterfoil.contract.http_client import UNSET
from counterfoil.contract.law import NotTried
from counterfoil.contract.response import Response

Json = Any


def call(
    ctx: LawContext,
    resource: Resource,
    operation: Operation,
    parents: Sequence[Json],
    id: Json = None,
    *,
    fields: Mapping[str, Json] | None = None,
    token: str | None = UNSET,
) -> Response:
    """The response of the operation on one member (``id``) or on a collection. ``fields`` are sent as its request body."""
    definition = resource.definition(operation)
    options = {"headers": {}} if fields is None else sent(operation, definition, fields)
    query: dict[str, Json] = {}
    for each in definition.get("parameters") or ():
        if not each.get("required") or each.get("in") not in ("query", "header"):
            continue
        try:
            value = parameter_value(resource.document, each)
        except CannotMake as problem:
            raise NotTried(
                f"no value for the parameter {each['name']} of {operation.name} could be made: {problem}"
            ) from None
        if each["in"] == "query":
            query |= query_of(each, value)
        elif each["name"].lower() not in sent_with_the_credential(resource.document):
            options["headers"] = {**options.get("headers", {}), each["name"]: str(value)}
    return ctx.request(operation.name, path=filled(operation, parents, id), query=query, token=token, **options)


def require_accepted(ctx: LawContext, response: Response, operation: Operation) -> None:
    """Fail the law on a 5xx; raise ``NotTried`` on any other refusal, because the document may not explain it."""
    ctx.expect(response.status < 500, "no server error", f"{response.status}: {response.brief(120)}")
    if response.status // 100 != 2:
        raise NotTried(f"{operation.name} was refused: {response.status} {response.brief(120)}")
