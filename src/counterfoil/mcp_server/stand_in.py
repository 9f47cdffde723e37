"""Calls the stand-in over HTTP: its control API, and the APIs that it serves, each in the world that is meant."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from counterfoil.asgi import CONTROL_PREFIX
from counterfoil.mcp_server.tool import ToolError, one_line

Json = Any

CREDENTIALS = {"authorization": "Bearer counterfoil-key", "x-api-key": "counterfoil-key"}
"""What every API accepts."""
SECONDS = 60.0
"""How long a tool waits for the stand-in, and for a task to end."""
MAX_RESPONSE_BYTES = 4 * 2**20
"""Of one response; more is not read."""


class StandIn:
    """One stand-in, by its origin."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._client = httpx.AsyncClient(base_url=origin, timeout=SECONDS, trust_env=False)
        self._prefixes: dict[str, str] = {}

    async def control(
        self, method: str, path: str, *, query: Mapping[str, Json] | None = None, body: Json = None
    ) -> Json:
        """What the control API answers; a task is waited for. Raises ``ToolError`` with what it refuses."""
        status, _, answer = await self._send(method, CONTROL_PREFIX + path, query=query, body=body)
        if status == 202:
            return await self._ended(answer)
        return _accepted(status, answer)

    async def prefix(self, api: str) -> str:
        """The path below which an API is served. Raises ``ToolError`` that lists those that are."""
        if not self._prefixes:
            served = await self.control("GET", "/apis")
            self._prefixes = {each["name"]: each["prefix"] for each in served["apis"]}
        if api not in self._prefixes:
            raise ToolError(f"'{api}' is not served; there are: {', '.join(self._prefixes)}")
        return self._prefixes[api]

    async def call(
        self,
        world: str,
        api: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, Json],
        headers: Mapping[str, str],
        body: Json,
    ) -> Json:
        """What an API answers in a world: status, media type and body. A credential is added unless one is given."""
        if (
            not path.startswith("/")
            or set(path.split("/")) & {".", ".."}
            or not path.isprintable()
            or {*"?#\\"} & {*path}
        ):
            said = f"path: '{one_line(path, 80)}' must begin with / and stay below the API's address"
            raise ToolError(f"{said}; put what follows the ? into the argument query" if "?" in path else said)
        prefix = await self.prefix(api)
        await self.control("GET", f"/worlds/{quote(world, safe='')}")
        given = {name.lower(): each for name, each in headers.items()}
        if not given.keys() & CREDENTIALS.keys():
            given |= CREDENTIALS
        at = f"/w/{quote(world, safe='')}{prefix}{quote(path, safe='/%:@!$&*+,;=~()')}"
        status, media_type, answer = await self._send(method, at, query=query, body=body, headers=given)
        return {"status": status, "media_type": media_type, "body": answer}

    async def customer(self, world: str, customer: str | int) -> int:
        """A customer's number, by number or by key in the scenario. ``world`` is its path. Raises ``ToolError``."""
        if isinstance(customer, int) or customer.isdecimal():
            return int(customer)
        found = await self.control("GET", f"{world}/customers", query={"search": customer, "limit": 100})
        for each in found["customers"]:
            if each["key"] == customer:
                return int(each["customer"])
        raise ToolError(f"there is no customer with the key '{one_line(customer, 80)}'; list_customers shows them")

    async def close(self) -> None:
        await self._client.aclose()

    async def _ended(self, task: Json) -> Json:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            shown = await self.control("GET", f"/tasks/{task['task']}")
            if shown["state"] == "ended":
                return _accepted(shown["status"], shown["answer"])
            await asyncio.sleep(0.2)
        raise ToolError(f"{task['operation']} goes on after {SECONDS:.0f} seconds; look at the world again later")

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Json] | None = None,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str, Json]:
        given = {name: each for name, each in (query or {}).items() if each is not None}
        options: dict[str, Json] = {} if body is None else {"json": body}
        try:
            async with self._client.stream(method, path, params=given, headers=headers, **options) as response:
                received = bytearray()
                async for chunk in response.aiter_bytes():
                    received += chunk
                    if len(received) > MAX_RESPONSE_BYTES:
                        raise ToolError(
                            f"the response has more than {MAX_RESPONSE_BYTES >> 20} MiB; ask for a smaller page"
                        )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
            raise ToolError(f"no response: {one_line(str(error) or type(error).__name__)}") from None
        return response.status_code, response.headers.get("content-type", ""), _read(response, bytes(received))


def _read(response: httpx.Response, received: bytes) -> Json:
    if "json" in response.headers.get("content-type", ""):
        try:
            return httpx.Response(200, content=received).json()
        except ValueError:
            pass
    try:
        return received.decode()
    except UnicodeDecodeError:
        return f"{len(received):,} bytes that are not text"


def _accepted(status: int, answer: Json) -> Json:
    if status < 400:
        return answer
    if isinstance(answer, dict):
        where = f" ({answer['field']})" if answer.get("field") else ""
        raise ToolError(f"{answer.get('detail') or answer.get('title')}{where}")
    raise ToolError(f"the stand-in answered {status}")
