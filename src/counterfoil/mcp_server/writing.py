"""The tools that change worlds; they are offered with ``--writes`` only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from counterfoil.mcp_server.reading import API, HEADERS, PATH, QUERY, WORLD, world_path
from counterfoil.mcp_server.stand_in import StandIn
from counterfoil.mcp_server.tool import Arguments, Tool
from counterfoil.world.commands import COMMANDS

Json = Any

NAME = {
    "type": "string",
    "minLength": 1,
    "maxLength": 63,
    "description": "Its name; by default a generated one.",
}
STEP = {"type": "integer", "minimum": 0, "maximum": 10_000_000}


class Writing:
    """The tools that change the worlds of one stand-in."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in

    def tools(self) -> list[Tool]:
        """Each tool, in the order in which they are listed."""
        return [*self._of_worlds(), *self._of_clock_and_commands(), *self._of_apis()]

    def _of_worlds(self) -> list[Tool]:
        return [
            Tool(
                "make_world",
                "Create a world from a scenario: a name from list_scenarios, or the YAML text of your own.",
                self.make_world,
                {
                    "name": NAME,
                    "scenario": {"type": "string", "maxLength": 1_000_000},
                    "seed": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
                    "customers": {"type": "integer", "minimum": 0, "maximum": 5_000_000},
                    "switches": {"type": "object", "maxProperties": 100},
                },
                writes=True,
            ),
            Tool(
                "fork_world",
                "Copy a world as it is now. Later changes to one do not affect the other.",
                self.fork_world,
                {"world": WORLD, "name": NAME},
                writes=True,
            ),
            Tool(
                "delete_world",
                "Delete a world; the default one stays.",
                self.delete_world,
                {"world": WORLD},
                ("world",),
                writes=True,
                destroys=True,
            ),
        ]

    def _of_clock_and_commands(self) -> list[Tool]:
        return [
            Tool(
                "run_command",
                f"Run one command in a world. The commands (? marks an optional member): {_commands()}.",
                self.run_command,
                {
                    "world": WORLD,
                    "command": {"type": "string", "enum": list(COMMANDS)},
                    "members": {"type": "object", "maxProperties": 50, "default": {}},
                },
                ("command",),
                writes=True,
                destroys=True,
            ),
            Tool(
                "advance_clock",
                "Advance a world's clock, to an instant or by a duration; what becomes due on the way happens, in order.",
                self.advance_clock,
                {
                    "world": WORLD,
                    "to": {
                        "type": "string",
                        "maxLength": 40,
                        "description": "An instant, such as 2026-03-01T00:00:00Z.",
                    },
                    "months": STEP,
                    "days": STEP,
                    "hours": STEP,
                    "minutes": STEP,
                },
                writes=True,
                destroys=True,
            ),
        ]

    def _of_apis(self) -> list[Tool]:
        return [
            Tool(
                "send_to_api",
                "Send a request of any method to an API in a world, and show status and body.",
                self.send_to_api,
                {
                    "world": WORLD,
                    "api": API,
                    "method": {"enum": ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "GET"]},
                    "path": PATH,
                    "query": QUERY,
                    "headers": HEADERS,
                    "body": {"description": "A JSON value."},
                },
                ("api", "method", "path"),
                writes=True,
                destroys=True,
            ),
        ]

    async def make_world(self, arguments: Arguments) -> Json:
        return _short(await self.stand_in.control("POST", "/worlds", body=dict(arguments)))

    async def fork_world(self, arguments: Arguments) -> Json:
        body = {"name": arguments["name"]} if "name" in arguments else {}
        return _short(await self.stand_in.control("POST", f"{world_path(arguments)}/fork", body=body))

    async def delete_world(self, arguments: Arguments) -> Json:
        await self.stand_in.control("DELETE", world_path(arguments))
        return f"the world '{arguments['world']}' is deleted"

    async def run_command(self, arguments: Arguments) -> Json:
        members = dict(arguments.get("members", {}))
        if isinstance(members.get("customer"), str):
            members["customer"] = await self.stand_in.customer(world_path(arguments), members["customer"])
        return await self.stand_in.control(
            "POST", f"{world_path(arguments)}/commands/{arguments['command']}", body=members
        )

    async def advance_clock(self, arguments: Arguments) -> Json:
        body = {name: value for name, value in arguments.items() if name != "world"}
        return await self.stand_in.control("POST", f"{world_path(arguments)}/commands/advance_clock", body=body)

    async def send_to_api(self, arguments: Arguments) -> Json:
        return await self.stand_in.call(
            arguments.get("world", "default"),
            arguments["api"],
            arguments["method"],
            arguments["path"],
            query=arguments.get("query", {}),
            headers=arguments.get("headers", {}),
            body=arguments.get("body"),
        )


def _short(world: Mapping[str, Json]) -> Json:
    return {name: world[name] for name in ("name", "scenario", "seed", "customers", "now", "apis")}


def _commands() -> str:
    """``record_payment(customer, bill, amount?, …)`` for each command."""
    shown = []
    for name, kind in COMMANDS.items():
        members = [f"{member.name}{'' if member.required else '?'}" for member in msgspec.structs.fields(kind)]
        shown.append(f"{name}({', '.join(members)})")
    return "; ".join(shown)
