"""What the contract tests check: the two independent applications and the stand-in, each in this process."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from independent import billingplatform_app, elevate_app

from counterfoil.app import build
from counterfoil.cli.law_actions import world_capabilities
from counterfoil.contract import Target
from counterfoil.testing.in_process import InProcessTransport

KEY, FORBIDDEN = "counterfoil-key", "counterfoil-forbidden"
SWITCHES = {"elevate.like": "contains", "elevate.unknown_sort_field": "400", "elevate.difference_sign": "signed"}
"""What the independent applications implement where the documents leave a choice."""
LOGINS = {"elevate": {"username": "counterfoil", "password": KEY}}
INDEPENDENT = {"elevate": (elevate_app, "/v1"), "billingplatform": (billingplatform_app, "/backend/api/v1")}


def independent(api: str, *bugs: str) -> Target:
    """One of the plain Flask applications, with planted bugs, and a clock that only ``advance`` moves."""
    module, base = INDEPENDENT[api]
    app = module.create_app(bugs=frozenset(bugs))
    clock = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    app.config["CLOCK"] = lambda: clock[0]

    def advance(seconds: int) -> None:
        clock[0] += timedelta(seconds=seconds)

    target = _target(f"http://independent{base}", api, httpx.WSGITransport(app=app), app, advance, lambda: clock[0])
    move_run = app.config.get("MOVE_RUN")
    capabilities = {**target.capabilities, **({"move_run": move_run} if move_run else {})}
    return replace(target, capabilities=capabilities, switches=SWITCHES)


def stand_in(api: str, **options: Any) -> Target:
    """The stand-in with a world of its own."""
    application = build([api], **options)
    transport, prefix = InProcessTransport(application.server), application.apis[0].prefix
    target = _target(f"http://stand-in{prefix}", api, transport, application.server, None, None)
    return replace(target, capabilities=world_capabilities(application.world))


def _target(url: str, api: str, transport: Any, app: Any, advance: Any, now: Any) -> Target:
    acts = {"advance": advance, "now": now}
    login = LOGINS.get(api)
    return Target(
        url, KEY, forbidden=FORBIDDEN, login=login, transport=transport, app=app, capabilities=acts, disposable=True
    )
