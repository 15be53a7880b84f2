"""Serves the MCP server over stdin and stdout, with the guard on everything that goes out."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Any, Self

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared._stream_protocols import WriteStream
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCMessage, jsonrpc_message_adapter

from local_tools.errors import Code
from local_tools.privacy.guard import Guard

_log = logging.getLogger(__name__)
_INTERNAL_ERROR = -32603


async def serve_stdio(server: Server[Any], guard: Guard) -> None:
    """Serve until stdin ends."""
    async with stdio_server() as (read, write):
        options = server.create_initialization_options()
        await server.run(read, GuardedWriteStream(write, guard), options)


class GuardedWriteStream:
    """A write stream that the guard stands in front of. What it refuses becomes a constant."""

    def __init__(self, inner: WriteStream[SessionMessage], guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def send(self, item: SessionMessage, /) -> None:
        """Send the message as the guard lets it pass."""
        plain = item.message.model_dump(by_alias=True, mode="json", exclude_unset=True)
        checked = self._checked(plain)
        if checked is not None:
            await self._inner.send(SessionMessage(checked, item.metadata))

    def _checked(self, message: dict[str, Any]) -> JSONRPCMessage | None:
        try:
            return jsonrpc_message_adapter.validate_python(self._guard(message), by_name=False)
        except Exception:  # noqa: BLE001 - a guard that raises, however, has refused
            _log.error("guard_blocked")
        return _refusal(message.get("id")) if "method" not in message else None

    async def aclose(self) -> None:
        """Close the stream behind."""
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


def _refusal(id_: object) -> JSONRPCMessage:
    """The answer to a request whose answer may not leave; its id only if that is no text."""
    error = {"code": _INTERNAL_ERROR, "message": Code.GUARD_BLOCKED.value}
    known = id_ if type(id_) is int else None
    return jsonrpc_message_adapter.validate_python({"jsonrpc": "2.0", "id": known, "error": error})
