"""A defect on the wire changes what it describes and nothing else, in front of any ASGI application."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from defects import wire
from defects.wire import Ask, Request, Response

from counterfoil.testing.in_process import InProcessTransport

THINGS = [{"id": 1, "size": 1.10}, {"id": 2, "size": 7}, {"id": 3, "size": 3.5}]


async def shop(scope: Any, receive: Any, send: Any) -> None:
    """Lists things, up to ``limit``; anything else is sent back as it was received."""
    if scope["type"] == "lifespan":
        await send({"type": "lifespan.startup.complete"})
        return
    received = (await receive())["body"]
    status, body = 200, json.dumps({"method": scope["method"], "path": scope["path"], "body": received.decode()})
    if scope["path"].endswith("/things"):
        limit = Request("GET", "", scope["query_string"].decode()).query.get("limit", "9")
        status, body = (200, json.dumps(THINGS[: int(limit)])) if limit.isdecimal() else (400, '{"error": "limit"}')
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


def asked(defect: wire.Defect, path: str, method: str = "GET", **more: Any) -> httpx.Response:
    with httpx.Client(
        transport=InProcessTransport(wire.plant(shop, defect)), base_url="http://shop.test/v1", timeout=60
    ) as client:
        return client.request(method, path, **more)


@wire.rows("GET /things")
def the_last_is_missing(things: list[Any]) -> list[Any]:
    """The list lacks its last item."""
    return things[:-1]


def test_a_response_is_changed_with_its_length_and_other_operations_are_not() -> None:
    short = asked(the_last_is_missing, "things")
    assert [thing["id"] for thing in short.json()] == [1, 2]
    assert int(short.headers["content-length"]) == len(short.content)
    assert asked(the_last_is_missing, "things?limit=x").json() == {"error": "limit"}
    echo = asked(the_last_is_missing, "things/7", "PUT", content="Größe")
    assert echo.json() == {"method": "PUT", "path": "/v1/things/7", "body": "Größe"}


def test_amounts_keep_their_digits() -> None:
    @wire.row()
    def doubled(thing: dict[str, Any]) -> dict[str, Any]:
        assert isinstance(thing["size"], int | Decimal)
        return {**thing, "size": thing["size"] * 2}

    assert [thing["size"] for thing in asked(doubled, "things").json()] == [2.2, 14, 7.0]


def test_a_request_is_changed() -> None:
    @wire.query("GET /things")
    def one_too_many(query: dict[str, str]) -> dict[str, str]:
        return {**query, "limit": str(int(query["limit"]) + 1)} if "limit" in query else query

    @wire.sent("POST /orders/{id}")
    def forgets_the_note(order: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in order.items() if name != "note"}

    assert len(asked(one_too_many, "things?limit=1").json()) == 2
    order = asked(forgets_the_note, "orders/7", "POST", json={"thing": 1, "note": "soon"})
    assert json.loads(order.json()["body"]) == {"thing": 1}


def test_an_error_is_changed() -> None:
    @wire.error()
    def errors_are_texts(body: dict[str, Any]) -> Any:
        return body["error"]

    assert (asked(errors_are_texts, "things?limit=x").json(), asked(errors_are_texts, "things").status_code) == (
        "limit",
        200,
    )


def test_a_defect_can_repeat_requests_and_has_state_until_planted_again() -> None:
    @wire.exchange("GET /things")
    async def every_second_is_whole(request: Request, ask: Ask) -> Response:
        ask.memory["read"] = ask.memory.get("read", 0) + 1
        return await ask(request.without("limit") if ask.memory["read"] % 2 == 0 else request)

    for _ in range(2):
        app = wire.plant(shop, every_second_is_whole)
        with httpx.Client(transport=InProcessTransport(app), base_url="http://shop.test", timeout=60) as client:
            assert [len(client.get("/things?limit=1").json()) for _ in range(3)] == [1, 3, 1]


@pytest.mark.parametrize(
    ("operation", "path", "fits"),
    [
        ("GET /things", "/v1/things", True),
        ("GET /things", "/w/blue/v1/things/", True),
        ("GET /things", "/v1/things/7", False),
        ("GET /things/{id}", "/v1/things/a%2Fb", True),
        ("GET /things/{id}", "/v1/things", False),
        ("PUT /things/{id}", "/v1/things/7", False),
        ("GET /things/{id}/parts", "/v1/things/7/parts", True),
        ("GET /things.v2", "/v1/things+v2", False),
    ],
)
def test_an_operation_is_known_wherever_it_is_mounted(operation: str, path: str, fits: bool) -> None:
    assert Request("GET", path).is_for(operation) is fits


@pytest.mark.asyncio
async def test_what_is_not_http_goes_by() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await wire.plant(shop, the_last_is_missing)({"type": "lifespan"}, None, send)
    assert sent == [{"type": "lifespan.startup.complete"}]
