"""A tiny target for the engine's own tests: one function handles all requests to ``http://toy/v1``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from counterfoil.contract import Target
from counterfoil.contract.context import LawContext
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.http_client import HttpClient
from counterfoil.contract.law import Law
from counterfoil.contract.observations import ObservationCache
from counterfoil.contract.runner import try_law
from counterfoil.contract.verdict import Record

TOKEN = "a-token-nobody-may-see"
Handler = Callable[[httpx.Request], Any]


def target(handler: Handler, **options: Any) -> Target:
    """``handler`` returns a JSON value (200) or a response."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = handler(request)
        if isinstance(found, httpx.Response):
            return found
        return httpx.Response(200, content=json.dumps(found), headers={"Content-Type": "application/json"})

    return Target("http://toy/v1", **{"token": TOKEN, "transport": httpx.MockTransport(answer), **options})


def law(check: Callable[[LawContext], None], **options: Any) -> Law:
    return Law(
        **{
            "id": "toy.law",
            "operation": "GET /things",
            "family": "toy",
            "clauses": (),
            "says": "",
            "check": check,
            **options,
        }
    )


def tried(
    check: Callable[[LawContext], None],
    handler: Handler,
    *,
    effort: EffortLevel | None = None,
    observations: ObservationCache | None = None,
    **options: Any,
) -> Record:
    """The result of one law for a toy target."""
    with HttpClient(target(handler, **options)) as client:
        return try_law(law(check), client, {}, observations or ObservationCache(), effort or EffortLevel())
