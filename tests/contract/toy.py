"""A tiny target for the engine's own tests: whatever a function answers, at ``http://toy/v1``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from counterfoil.contract import Target
from counterfoil.contract.law import Effort, Evidence, Law, Trial
from counterfoil.contract.probe import Probe
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


def law(check: Callable[[Trial], None], **options: Any) -> Law:
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
    check: Callable[[Trial], None],
    handler: Handler,
    *,
    effort: Effort | None = None,
    evidence: Evidence | None = None,
    **options: Any,
) -> Record:
    """One law tried at a toy."""
    with Probe(target(handler, **options)) as probe:
        return try_law(law(check), probe, {}, evidence or Evidence(), effort or Effort())
