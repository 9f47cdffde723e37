"""Users' own documents, and a stand-in for each that answers with the request as it understood it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS

from counterfoil.api import API, ApiError, Principal, Request, Response
from counterfoil.app import Application, build
from counterfoil.openapi import Spec, read_document


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTERFOIL_CACHE", str(folder))
        yield folder


def echo(request: Request, world: Any) -> Response:
    body = request.body.decode("latin-1") if isinstance(request.body, bytes) else request.body
    said = {"operation": request.operation, "path": request.path, "query": request.query, "body": body}
    return Response(200, {**said, "who": request.principal.key if request.principal else None})


def api_of(spec: Spec) -> API:
    """An API that answers each request with the request as it understood it."""

    def error(refused: ApiError) -> Response:
        body = {"reason": refused.reason, "message": refused.message, "operation": refused.operation}
        return Response(refused.status, body, media_type="application/problem+json")

    return API(
        spec.name,
        spec.name,
        f"/{spec.name}{spec.base_path}",
        dict.fromkeys(spec.operations, echo),
        lambda headers, world: Principal("nobody"),
        error,
        spec=spec,
        any_credential=True,
    )


class Client:
    """Asks one API of an application, in process."""

    def __init__(self, application: Application, api: API) -> None:
        self.application = application
        self.prefix = api.prefix

    def __call__(self, method: str, path: str, *, token: str | None = "any", **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers.update(more.pop("headers", {}))
        return self._ask(method, self.prefix + path, headers=headers, **more)

    def control(self, path: str) -> httpx.Response:
        """Asks the control API."""
        return self._ask("GET", f"/_sandbox/v1{path}")

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.application.asgi_app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())

    def understood(self, method: str, path: str, **more: Any) -> Any:
        """A request as the stand-in understood it; it must be accepted."""
        response = self(method, path, **more)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture(scope="session")
def application(own_cache: Path) -> Application:
    """All documents on one server, together with a vendor's API."""
    names = ("workshop.yaml", "library.yaml", "ferry.json", "bakery/openapi.yaml", "crooked.yaml")
    own = [api_of(read_document(DOCUMENTS / each, each.partition("/")[0].partition(".")[0])) for each in names]
    return build(["elevate"], own=own, scenario_name="quiet")


@pytest.fixture(scope="session")
def clients(application: Application) -> dict[str, Client]:
    return {api.name: Client(application, api) for api in application.apis}
