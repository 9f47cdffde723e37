"""Offers the tools over the Model Context Protocol, on standard input and output, with the official ``mcp`` package."""

from __future__ import annotations

import asyncio
import logging

import mcp_types as types
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server

from counterfoil import __version__
from counterfoil.mcp_server import Settings
from counterfoil.mcp_server.programs import Programs
from counterfoil.mcp_server.reading import Reading
from counterfoil.mcp_server.stand_in import StandIn
from counterfoil.mcp_server.tool import Tool, ToolError, call
from counterfoil.mcp_server.writing import Writing

_log = logging.getLogger(__name__)

INSTRUCTIONS = (
    "A stand-in for billing APIs. A world is one ledger of customers, bills and payments with its own clock, which "
    "moves only by commands; all APIs show it. list_worlds gives the addresses to configure a client with."
)


def run(settings: Settings) -> None:
    """Serve until the client closes standard input or disconnects."""
    try:
        asyncio.run(_serve(settings))
    except* BrokenPipeError:
        _log.info("the client is gone")


async def _serve(settings: Settings) -> None:
    stand_in = StandIn(settings.origin)
    tools = {tool.name: tool for tool in offered(settings, stand_in)}
    server = server_of(tools)
    try:
        async with stdio_server() as (receive, send):
            await server.run(receive, send, server.create_initialization_options())
    finally:
        await stand_in.close()


def offered(settings: Settings, stand_in: StandIn) -> list[Tool]:
    """The tools that the user allows."""
    writing = Writing(stand_in).tools() if settings.writes else []
    return [*Reading(stand_in).tools(), *Programs(settings).tools(), *writing]


def server_of(tools: dict[str, Tool]) -> Server[object]:
    """An MCP server with these tools."""

    async def list_tools(
        context: ServerRequestContext[object], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in tools.values()])

    async def call_tool(
        context: ServerRequestContext[object], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        try:
            text, failed = await call(tools, params.name, params.arguments or {}), False
        except ToolError as error:
            text, failed = str(error), True
        except Exception:
            _log.exception("the tool %s failed", params.name)
            text, failed = f"{params.name} failed; the server's log has the reason", True
        return types.CallToolResult(content=[types.TextContent(text=text)], is_error=failed)

    return Server(
        "counterfoil",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _described(tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(
        read_only_hint=not tool.writes, destructive_hint=tool.destroys, open_world_hint=tool.outside
    )
    return types.Tool(name=tool.name, description=tool.text, input_schema=tool.schema, annotations=hints)
