"""The echo server that the bench calls. What it does is not marked as only reading."""

from __future__ import annotations

from typing import Any

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

from mcp_bridge.rpc import Message


def echo_server() -> Server[Any]:
    """A server with the one tool `echo`."""
    return Server("echo", on_list_tools=_list_tools, on_call_tool=_call_tool)


def as_it_is(message: Message) -> Message:
    """A guard: the echo holds nothing to guard."""
    return message


async def _list_tools(
    _context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
) -> ListToolsResult:
    return ListToolsResult(tools=[Tool(name="echo", input_schema={"type": "object"})])


async def _call_tool(
    _context: ServerRequestContext[Any, Any], params: CallToolRequestParams
) -> CallToolResult:
    text = str((params.arguments or {}).get("text", ""))
    return CallToolResult(content=[TextContent(text=text)])
