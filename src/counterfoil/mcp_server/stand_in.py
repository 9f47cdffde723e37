"""Calls the stand-in over HTTP: its control API, and the APIs that it serves in a world."""

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
"""Credential headers that every API accepts."""
SECONDS = 60.0
"""How long a tool waits for the stand-in, and for a task to end."""
MAX_RESPONSE_BYTES = 4 * 2**20
"""Limit on one response; a longer one is an error."""


class StandIn:
    """One stand-in, by its origin."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._client = httpx.AsyncClient(base_url=origin, timeout=SECONDS, trust_env=False)
        self._prefixes: dict[str, str] = {}

    async def control(
        self, method: str, path: str, *, query: Mapping[str, Json] | None = None, body: Json = None
    ) -> Json:
        """The control API's response; waits for a task to end. Raises ``ToolError`` with the reason of an error response."""
        status, _, answer = await self._send(method, CONTROL_PREFIX + path, query=query, body=body)
        if status == 202:
            return await self._ended(answer)
        return _accepted(status, answer)

    async def prefix(self, api: str) -> str:
        """The path below which an API is served. Raises ``ToolError`` that lists the served APIs."""
        if not self._prefixes:
            served = await self.control("GET", "/apis")
            self._prefixes = {entry["name"]: entry["prefix"] for entry in served["apis"]}
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
        """An API's response in a world: status, media type and body. Without a credential in ``headers``, one is added."""
        if (
            not path.startswith("/")
            or set(path.split("/")) & {".", ".."}
            or not path.isprintable()
            or {*"?#\\"} & {*path}
        ):
            problem = f"path: '{one_line(path, 80)}' must begin with / and stay below the API's address"
            raise ToolError(f"{problem}; put what follows the ? into the argument query" if "?" in path else problem)
        prefix = await self.prefix(api)
        await self.control("GET", f"/worlds/{quote(world, safe='')}")
        sent_headers = {name.lower(): value for name, value in headers.items()}
        if not sent_headers.keys() & CREDENTIALS.keys():
            sent_headers |= CREDENTIALS
        target = f"/w/{quote(world, safe='')}{prefix}{quote(path, safe='/%:@!$&*+,;=~()')}"
        status, media_type, answer = await self._send(method, target, query=query, body=body, headers=sent_headers)
        return {"status": status, "media_type": media_type, "body": answer}

    async def customer(self, world: str, customer: str | int) -> int:
        """The number of a customer, who may be named by key in the scenario. ``world`` is a path. Raises ``ToolError``."""
        if isinstance(customer, int) or customer.isdecimal():
            return int(customer)
        page = await self.control("GET", f"{world}/customers", query={"search": customer, "limit": 100})
        for entry in page["customers"]:
            if entry["key"] == customer:
                return int(entry["customer"])
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
        raise ToolError(
            f"{task['operation']} is still running after {SECONDS:.0f} seconds; look at the world again later"
        )

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Json] | None = None,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str, Json]:
        parameters = {name: value for name, value in (query or {}).items() if value is not None}
        options: dict[str, Json] = {} if body is None else {"json": body}
        try:
            async with self._client.stream(method, path, params=parameters, headers=headers, **options) as response:
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
