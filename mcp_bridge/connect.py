"""A stdio MCP server that is the far one, for hosts such as Claude Desktop."""

from __future__ import annotations

from mcp.server.stdio import stdio_server

from mcp_bridge.caller import Caller, relay


async def connect(caller: Caller) -> None:
    """Serve stdin and stdout until the host closes stdin."""
    async with stdio_server() as (read, write), write:  # its writer ends with the stream
        await relay(read, write.send, caller)
