"""Which request of the client a message of a stdio server belongs to.

On stdio nothing says so, nor does the SDK's client of Streamable HTTP. Over the caller's HTTP it
decides on which stream the message travels: without it progress would be lost, and a question to
the user would wait for a stream that nobody opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import (
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)

from mcp_bridge.background import background
from mcp_bridge.rpc import as_object

_OF_NO_REQUEST = frozenset(
    {
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
        "notifications/tools/list_changed",
    }
)


@dataclass(frozen=True, slots=True)
class _Open:
    token: Any
    on_unanswered: Callable[[], Awaitable[None]] | None


class Relation:
    """Sees every message of one client and its child, both ways."""

    def __init__(self) -> None:
        self._open: dict[RequestId, _Open] = {}  # in the order in which they came

    async def heard(self, item: SessionMessage) -> None:
        """The child has got this message of the client."""
        message = item.message
        if isinstance(message, JSONRPCRequest):
            metadata = item.metadata
            end = None
            if isinstance(metadata, ServerMessageMetadata):
                end = metadata.on_request_unanswered
            token = as_object((message.params or {}).get("_meta")).get("progressToken")
            self._open[message.id] = _Open(token, end)
        elif (
            isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled"
        ):
            cancelled = self._open.pop((message.params or {}).get("requestId", ""), None)
            if cancelled is not None and cancelled.on_unanswered is not None:
                await cancelled.on_unanswered()  # no child answers what was cancelled

    def said(self, message: SessionMessage) -> SessionMessage | None:
        """The child's message with what it belongs to; None if the client must not see it."""
        inner = message.message
        if isinstance(inner, JSONRPCResponse | JSONRPCError):
            if inner.id is not None and self._open.pop(inner.id, None) is None:
                return None  # it was cancelled, and has ended already
            return SessionMessage(inner)
        related = None if inner.method in _OF_NO_REQUEST else self._related(inner.params)
        return SessionMessage(inner, ServerMessageMetadata(related_request_id=related))

    def _related(self, params: dict[str, Any] | None) -> RequestId | None:
        """By its progress token; else the latest that runs, most likely the one that caused it."""
        token = (params or {}).get("progressToken")
        for request_id, request in reversed(self._open.items()):
            if token is None or request.token == token:
                return request_id
        return None


async def pass_on(
    read: MemoryObjectReceiveStream[SessionMessage | Exception],
    write: MemoryObjectSendStream[SessionMessage],
    from_server: AsyncIterable[SessionMessage | Exception],
    to_server: Callable[[SessionMessage], Awaitable[None]],
) -> None:
    """Serve one client by a server of its own, until `read` ends."""
    relation = Relation()
    async with background() as tasks:
        tasks.start_soon(_say, from_server, write, relation)
        async for item in read:
            if isinstance(item, SessionMessage):
                await to_server(SessionMessage(item.message))
                await relation.heard(item)


async def _say(
    from_server: AsyncIterable[SessionMessage | Exception],
    write: MemoryObjectSendStream[SessionMessage],
    relation: Relation,
) -> None:
    """Give the client what its server says; when that has ended, so has the session."""
    async with write:
        async for item in from_server:
            if isinstance(item, SessionMessage):
                said = relation.said(item)
                if said is not None:
                    await write.send(said)
