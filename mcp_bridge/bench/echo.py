"""A bridge with an echo tool behind it, both sides in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from mcp import Client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)
from mcp_types.version import LATEST_MODERN_VERSION

from mcp_bridge.background import background
from mcp_bridge.caller import open_caller, queue_transport
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.journal import Journal
from mcp_bridge.listener import Listener, ListenerOptions
from mcp_bridge.rpc import Message
from mcp_bridge.sealing import KeyRing
from mcp_bridge.upstream import ServerUpstream


@asynccontextmanager
async def echoing_client(
    carrier: Carrier, name: str, keys: KeyRing, journal: Journal, *, at_once: int
) -> AsyncGenerator[Client]:
    """A client of the echo tool; what the tool writes is not marked as only reading."""
    options = ListenerOptions(workers=at_once, drain_s=1.0)
    upstream = ServerUpstream(_server())
    listener = Listener(carrier, name, keys, journal, upstream, _as_it_is, options=options)
    async with background() as tasks:
        tasks.start_soon(listener.run)
        async with (
            open_caller(carrier, name, keys) as caller,
            Client(queue_transport(caller), mode=LATEST_MODERN_VERSION) as client,
        ):
            yield client


def _server() -> Server[Any]:
    async def list_tools(
        _context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[Tool(name="echo", input_schema={"type": "object"})])

    async def call_tool(
        _context: ServerRequestContext[Any, Any], params: CallToolRequestParams
    ) -> CallToolResult:
        text = str((params.arguments or {}).get("text", ""))
        return CallToolResult(content=[TextContent(text=text)])

    return Server("echo", on_list_tools=list_tools, on_call_tool=call_tool)


def _as_it_is(message: Message) -> Message:
    """The echo holds nothing to guard."""
    return message
