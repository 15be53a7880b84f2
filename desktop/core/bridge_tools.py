"""The tools at the far end of the bridge, as agents call them. Every failure becomes a code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import anyio
from mcp import Client, MCPError
from mcp.types import CallToolResult, TextContent

import local_tools.errors
import mcp_bridge.errors
from desktop.core.agent.port import ToolOutcome, ToolSpec
from desktop.core.errors import AppCode, BridgeStopped
from mcp_bridge.errors import BridgeError

_KNOWN = {c.value for c in (*local_tools.errors.Code, *mcp_bridge.errors.Code)}
_INTERNAL = local_tools.errors.Code.INTERNAL.value

GetClient = Callable[[], Awaitable[Client]]


class BridgeTools:
    """A ToolBox. `client` waits for a connected client; `on_lost` is told when it died."""

    def __init__(self, client: GetClient, on_lost: Callable[[], None]) -> None:
        self._client = client
        self._on_lost = on_lost

    async def specs(self) -> Sequence[ToolSpec]:
        """The tools of the server. Raises BridgeStopped or BridgeError."""
        try:
            client = await self._client()
            listed = await client.list_tools()
        except MCPError:
            raise BridgeStopped from None
        except anyio.ClosedResourceError:
            self._on_lost()
            raise BridgeStopped from None
        return [
            ToolSpec(tool.name, tool.description or "", tool.input_schema) for tool in listed.tools
        ]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        """Call a tool; cancelling this call cancels it at the server too."""
        try:
            client = await self._client()
            return _outcome(await client.call_tool(name, dict(arguments)))
        except MCPError as fault:
            return _failed(_code_of(fault))
        except (BridgeStopped, BridgeError) as fault:
            return _failed(fault.code.value)
        except anyio.ClosedResourceError:
            self._on_lost()
            return _failed(AppCode.BRIDGE_STOPPED.value)
        except (RuntimeError, ValueError):
            # The SDK: the answer breaks the tool's own schema, or the call is no JSON.
            return _failed(_INTERNAL)


def _outcome(result: CallToolResult) -> ToolOutcome:
    text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
    if result.is_error:
        return _failed(text if text in _KNOWN else _INTERNAL)
    structured = result.structured_content
    return ToolOutcome(
        text,
        structured=cast("Mapping[str, Any]", structured) if isinstance(structured, dict) else None,
    )


def _failed(code: str) -> ToolOutcome:
    return ToolOutcome(code, code=code)


def _code_of(fault: MCPError) -> str:
    """The bridge's code travels in `data`, the tools' as the message; anything else is internal."""
    data = fault.data
    named = cast("Mapping[str, Any]", data).get("code") if isinstance(data, dict) else None
    for code in (named, fault.message):
        if code in _KNOWN:
            return str(code)
    return _INTERNAL
