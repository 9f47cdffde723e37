"""A small API whose operations can be made to fail in every way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import httpx

from counterfoil.api import API, ApiError, Principal, Request, Response
from counterfoil.server.app import Options, Server, build_server
from counterfoil.server.context import Observer
from counterfoil.server.faults.store import FaultStore
from counterfoil.server.journal.store import JournalStore
from counterfoil.server.pipeline import PipelineOptions

SPECS = Path(__file__).parent / "specs"
PREFIX = "/toy/api/v1"
GOOD = {"authorization": "Bearer counterfoil-key"}


@dataclass
class Stub:
    """The part of a world that the server uses."""

    name: str
    version: int = 0
    switches: Mapping[str, Any] = field(default_factory=dict)
    saving: None = None

    def write_may_block(self) -> bool:
        return False

    def begin_write(self, *, wait: bool = True) -> bool:
        return True

    def end_write(self) -> None:
        pass

    now: datetime = datetime(2026, 2, 1, tzinfo=UTC)


def list_notes(request: Request, world: Any) -> Response:
    seen = {name: [type(value).__name__, str(value)] for name, value in request.query.items()}
    body = {"query": seen, "base": request.base, "origin": request.origin, "world": world.name}
    count = {13: (), 14: (("X-Total-Count", "many"),)}.get(request.query.get("shared", 0), (("X-Total-Count", "0"),))
    return Response(200, body, count)


def create_note(request: Request, world: Any) -> Response:
    body = {"id": "1", **request.body}
    return Response(201, body, (("Location", f"{request.base}/notes/{body['text']}"),))


def read_note(request: Request, world: Any) -> Response:
    if request.path["id"].startswith("no"):
        raise ApiError("unknown_resource", "there is no such note", where="id")
    return Response(200, {"id": request.path["id"][:50], "text": "hello", "amount": Decimal("1.10")})


def latest(request: Request, world: Any) -> Response:
    return Response(200, {"latest": True})


def delete_note(request: Request, world: Any) -> Response:
    return Response(204)


def number(request: Request, world: Any) -> Response:
    return Response(200, {"n": request.path["n"]})


def who(request: Request, world: Any) -> Response:
    return Response(200, {"key": request.principal.key if request.principal else None})


BROKEN: dict[str, Any] = {
    "shape": Response(200, {"id": 7, "text": "x"}),
    "status": Response(202, {"id": "7", "text": "x"}),
    "nan": Response(200, {"id": "7", "text": "x", "amount": Decimal("NaN")}),
    "float-nan": Response(200, {"id": "7", "text": "x", "amount": float("nan")}),
    "object": Response(200, {"id": "7", "text": object()}),
    "surrogate": Response(200, {"id": "7", "text": "\ud800"}),
    "media": Response(200, b"<p>", media_type="text/html"),
    "empty": Response(200),
    "bytes": Response(200, b"{"),
    "good-bytes": Response(200, b'{"id":"7","text":"x"}'),
    "nulls": Response(200, {"id": "7", "text": "x", "due": None, "tag": None}),
    "exact": Response(200, {"id": "7", "text": "NaN", "amount": Decimal("12.300")}),
}


def broken(request: Request, world: Any) -> Response:
    how = request.path["how"]
    if how == "raise":
        raise RuntimeError("secret detail")
    if how == "error-body":
        raise ApiError("conflict", "unrenderable")
    if how == "error-crash":
        raise ApiError("conflict", "crash the renderer")
    if how == "teapot":
        raise ApiError("conflict", "not documented, but ours", status=418)
    return cast(Response, BROKEN[how])


def authenticate(headers: Mapping[str, str], world: Any) -> Principal:
    key = headers.get("authorization", "").removeprefix("Bearer ")
    if key == "counterfoil-forbidden":
        raise ApiError("forbidden", "may not")
    if key != "counterfoil-key":
        raise ApiError("unauthenticated", "who are you?")
    return Principal(key)


def render(refusal: ApiError) -> Response:
    if refusal.message == "unrenderable":
        return Response(409, {"nonsense": True})
    if refusal.message == "crash the renderer":
        raise ZeroDivisionError
    body = {"code": str(refusal.status), "reason": refusal.reason, "message": refusal.message}
    if refusal.where is not None:
        body["where"] = refusal.where
    return Response(refusal.status, body)


TOY = API(
    name="toy",
    title="Toy <1>",
    prefix=PREFIX,
    routes={
        "GET /notes": list_notes,
        "POST /notes": create_note,
        "GET /notes/{id}": read_note,
        "GET /notes/latest": latest,
        "DELETE /notes/{id}": delete_note,
        "GET /numbers/{n}": number,
        "GET /broken/{how}": broken,
        "GET /optional": who,
    },
    authenticate=authenticate,
    error=render,
    media_type="application/json;charset=utf-8",
    strict_query=lambda world: bool(world.switches.get("toy.strict")),
)

WORLDS = {
    "default": Stub("default"),
    "blue": Stub("blue"),
    "strict": Stub("strict", switches={"toy.strict": True}),
    "grün": Stub("grün"),
}


def serve(
    api: API,
    *,
    faults: FaultStore | None = None,
    journal: JournalStore | None = None,
    observers: Sequence[Observer] = (),
    mounts: Any = None,
    **pipeline: Any,
) -> Server:
    """A server for one API of the toy spec; ``pipeline`` are options of ``PipelineOptions``."""
    interceptors = (*pipeline.pop("interceptors", ()), *([faults.intercept] if faults is not None else []))
    options = Options(
        specs=SPECS,
        observers=(*observers, *([journal.observe] if journal is not None else [])),
        mounts=mounts or {},
        pipeline=PipelineOptions(interceptors=interceptors, **pipeline),
    )
    made = build_server([api], cast(Any, WORLDS.get), options=options)
    if faults is not None:
        faults.set_served(made.served)
    return made


def server(**options: Any) -> Server:
    return serve(TOY, **options)


class Client:
    """Asks the application in process, synchronously."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, method: str, path: str, *, key: str | None = "counterfoil-key", **more: Any) -> httpx.Response:
        import asyncio

        headers = {"authorization": f"Bearer {key}"} if key else {}
        headers.update(more.pop("headers", {}))

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://toy.test", timeout=60) as client:
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(ask())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self("GET", PREFIX + path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self("POST", PREFIX + path, **more)
