"""The tools that read: worlds, customers, bills and how their amounts are computed, and the APIs themselves."""

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
"""Limit on the characters of a recorded body that list_requests shows."""
OFFSET = {"type": "integer", "minimum": 0, "default": 0}
LIMIT = {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}
API = {"type": "string", "minLength": 1, "maxLength": 60, "description": "An API's name, as in list_apis."}
PATH = {
    "type": "string",
    "minLength": 1,
    "maxLength": 2000,
    "description": "The path below the API's address, such as /customers/17.",
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
    "description": "Without a credential, one that every API accepts is added.",
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
            Tool("list_scenarios", "List the scenarios that a world can be created from.", self.list_scenarios),
            Tool("list_apis", "List the APIs that are served, with their operations.", self.list_apis),
            Tool(
                "show_clock",
                "Show a world's time, and the next event that needs no command.",
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

    async def list_worlds(self, arguments: Arguments) -> Json:
        query = {"offset": arguments.get("offset", 0), "limit": arguments.get("limit", 10)}
        page = await self.stand_in.control("GET", "/worlds", query=query)
        names = ("name", "scenario", "seed", "customers", "now", "commands", "apis")
        return {"total": page["total"], "worlds": [{name: world[name] for name in names} for world in page["worlds"]]}

    async def list_scenarios(self, arguments: Arguments) -> Json:
        return await self.stand_in.control("GET", "/scenarios")

    async def list_apis(self, arguments: Arguments) -> Json:
        served = await self.stand_in.control("GET", "/apis")
        return [{name: api[name] for name in ("name", "title", "prefix", "operations")} for api in served["apis"]]

    async def show_clock(self, arguments: Arguments) -> Json:
        return await self.stand_in.control("GET", f"{world_path(arguments)}/clock")

    async def list_customers(self, arguments: Arguments) -> Json:
        query = {name: arguments[name] for name in ("search", "offset") if name in arguments} | {
            "limit": arguments.get("limit", 10)
        }
        return await self.stand_in.control("GET", f"{world_path(arguments)}/customers", query=query)

    async def show_customer(self, arguments: Arguments) -> Json:
        number = await self.stand_in.customer(world_path(arguments), arguments["customer"])
        return await self.stand_in.control("GET", f"{world_path(arguments)}/customers/{number}")

    async def explain_amount(self, arguments: Arguments) -> Json:
        number = await self.stand_in.customer(world_path(arguments), arguments["customer"])
        bill = f"bills/{arguments.get('account', 0)}/{arguments['bill']}"
        return await self.stand_in.control("GET", f"{world_path(arguments)}/customers/{number}/{bill}/why")

    async def call_api(self, arguments: Arguments) -> Json:
        return await self.stand_in.call(
            arguments.get("world", "default"),
            arguments["api"],
            "GET",
            arguments["path"],
            query=arguments.get("query", {}),
            headers=arguments.get("headers", {}),
            body=None,
        )

    async def list_requests(self, arguments: Arguments) -> Json:
        query = {"limit": arguments.get("limit", 10)}
        journal = await self.stand_in.control("GET", f"{world_path(arguments)}/journal", query=query)
        names = ("number", "now", "api", "operation", "method", "path", "status", "reason")
        return {
            "total": journal["total"],
            "requests": [
                {name: exchange[name] for name in names}
                | {"sent": _start(exchange["request"]["body"]), "answered": _start(exchange["answer"]["body"])}
                for exchange in journal["exchanges"]
            ],
        }


def world_path(arguments: Arguments) -> str:
    """The path of a tool's world in the control API."""
    return f"/worlds/{quote(arguments.get('world', 'default'), safe='')}"


def _start(body: str | None) -> str | None:
    return body if body is None or len(body) <= SHOWN_OF_BODY else f"{body[:SHOWN_OF_BODY]}…"
