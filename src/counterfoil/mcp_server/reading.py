"""The tools that read: worlds, customers, bills with the reason for each amount, and the APIs themselves."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from counterfoil.mcp_server.stand_in import StandIn
from counterfoil.mcp_server.tool import Arguments, Tool

Json = Any

WORLD = {"type": "string", "minLength": 1, "maxLength": 63, "default": "default", "description": "A world's name."}
CUSTOMER = {
    "type": ["string", "integer"],
    "maxLength": 200,
    "minimum": 1,
    "description": "A customer: its number, or its key in the scenario.",
}
SHOWN_OF_BODY = 500
"""Characters of a recorded body that list_requests shows."""
OFFSET = {"type": "integer", "minimum": 0, "default": 0}
LIMIT = {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}
API = {"type": "string", "minLength": 1, "maxLength": 60, "description": "An API's name, as list_apis has it."}
PATH = {
    "type": "string",
    "minLength": 1,
    "maxLength": 2000,
    "description": "Below the API's address, as /customers/17.",
}
VALUE = {"type": ["string", "integer", "number", "boolean"]}
QUERY = {
    "type": "object",
    "maxProperties": 50,
    "additionalProperties": {"anyOf": [VALUE, {"type": "array", "items": VALUE, "maxItems": 100}]},
}
HEADERS = {
    "type": "object",
    "maxProperties": 20,
    "propertyNames": {"pattern": "^[A-Za-z0-9-]{1,60}$"},
    "additionalProperties": {"type": "string", "maxLength": 2000, "pattern": "^[\\t -~]*$"},
    "description": "A credential that every API accepts is added unless one is given.",
}


class Reading:
    """The tools that read from one stand-in."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in

    def tools(self) -> list[Tool]:
        """Each tool, in the order in which they are listed."""
        return [*self._about_worlds(), *self._about_customers(), *self._about_requests()]

    def _about_worlds(self) -> list[Tool]:
        return [
            Tool(
                "list_worlds",
                "List the worlds, each with its clock, its scenario and the address of each API in it, to give to a client.",
                self.list_worlds,
                {"offset": OFFSET, "limit": LIMIT},
            ),
            Tool("list_scenarios", "List the scenarios that a world can be made from.", self.list_scenarios),
            Tool("list_apis", "List the APIs that are served, with their operations.", self.list_apis),
            Tool(
                "show_clock",
                "Show a world's time, and what happens next by itself.",
                self.show_clock,
                {"world": WORLD},
            ),
        ]

    def _about_customers(self) -> list[Tool]:
        return [
            Tool(
                "list_customers",
                "List a world's customers with their balances.",
                self.list_customers,
                {
                    "world": WORLD,
                    "search": {"type": "string", "maxLength": 200, "description": "Part of a name, key or id."},
                    "offset": OFFSET,
                    "limit": LIMIT,
                },
            ),
            Tool(
                "show_customer",
                "Show a customer's accounts, subscriptions and bills, and its ids in each API.",
                self.show_customer,
                {"world": WORLD, "customer": CUSTOMER},
                ("customer",),
            ),
            Tool(
                "explain_amount",
                "Explain a bill's amount: each line with quantity, rate and rounding, the tax, and what was paid or credited.",
                self.explain_amount,
                {
                    "world": WORLD,
                    "customer": CUSTOMER,
                    "bill": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "Its number in the account; 1 is the oldest.",
                    },
                    "account": {"type": "integer", "minimum": 0, "default": 0},
                },
                ("customer", "bill"),
            ),
        ]

    def _about_requests(self) -> list[Tool]:
        return [
            Tool(
                "call_api",
                "Read from an API in a world with GET, and show status and body.",
                self.call_api,
                {"world": WORLD, "api": API, "path": PATH, "query": QUERY, "headers": HEADERS},
                ("api", "path"),
            ),
            Tool(
                "list_requests",
                "List the most recent requests to a world's APIs, with status; credentials are blanked.",
                self.list_requests,
                {"world": WORLD, "limit": LIMIT},
            ),
        ]

    async def list_worlds(self, given: Arguments) -> Json:
        query = {"offset": given.get("offset", 0), "limit": given.get("limit", 10)}
        found = await self.stand_in.control("GET", "/worlds", query=query)
        names = ("name", "scenario", "seed", "customers", "now", "commands", "apis")
        return {"total": found["total"], "worlds": [{name: each[name] for name in names} for each in found["worlds"]]}

    async def list_scenarios(self, given: Arguments) -> Json:
        return await self.stand_in.control("GET", "/scenarios")

    async def list_apis(self, given: Arguments) -> Json:
        found = await self.stand_in.control("GET", "/apis")
        return [{name: each[name] for name in ("name", "title", "prefix", "operations")} for each in found["apis"]]

    async def show_clock(self, given: Arguments) -> Json:
        return await self.stand_in.control("GET", f"{world_path(given)}/clock")

    async def list_customers(self, given: Arguments) -> Json:
        query = {name: given[name] for name in ("search", "offset") if name in given} | {
            "limit": given.get("limit", 10)
        }
        return await self.stand_in.control("GET", f"{world_path(given)}/customers", query=query)

    async def show_customer(self, given: Arguments) -> Json:
        number = await self.stand_in.customer(world_path(given), given["customer"])
        return await self.stand_in.control("GET", f"{world_path(given)}/customers/{number}")

    async def explain_amount(self, given: Arguments) -> Json:
        number = await self.stand_in.customer(world_path(given), given["customer"])
        bill = f"bills/{given.get('account', 0)}/{given['bill']}"
        return await self.stand_in.control("GET", f"{world_path(given)}/customers/{number}/{bill}/why")

    async def call_api(self, given: Arguments) -> Json:
        return await self.stand_in.call(
            given.get("world", "default"),
            given["api"],
            "GET",
            given["path"],
            query=given.get("query", {}),
            headers=given.get("headers", {}),
            body=None,
        )

    async def list_requests(self, given: Arguments) -> Json:
        query = {"limit": given.get("limit", 10)}
        found = await self.stand_in.control("GET", f"{world_path(given)}/journal", query=query)
        names = ("number", "now", "api", "operation", "method", "path", "status", "reason")
        return {
            "total": found["total"],
            "requests": [
                {name: each[name] for name in names}
                | {"sent": _start(each["request"]["body"]), "answered": _start(each["answer"]["body"])}
                for each in found["exchanges"]
            ],
        }


def world_path(given: Arguments) -> str:
    """The control API's path of the world that a tool is asked about."""
    return f"/worlds/{quote(given.get('world', 'default'), safe='')}"


def _start(body: str | None) -> str | None:
    return body if body is None or len(body) <= SHOWN_OF_BODY else f"{body[:SHOWN_OF_BODY]}…"
