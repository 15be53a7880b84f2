"""One HTTP session of the handshake era, carried as one session of the bridge.

The SDK's transport keeps the rules of the wire: which message goes onto which stream, resumption,
DELETE. Its callbacks stay here, by request; when the far server wants one, an item comes for it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import JSONRPCRequest, RequestId, jsonrpc_message_adapter
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from mcp_bridge.background import background
from mcp_bridge.gateway.far import Far, FarSession
from mcp_bridge.rpc import is_response
from mcp_bridge.sessions import CloseStream, Control, Item, Said, Unanswered

LAST_WORDS_S = 2.0  # for what was answered at the end to reach the client

Write = Callable[[SessionMessage], Awaitable[None]]


@dataclass(slots=True, eq=False)
class HttpSession:
    """`owner` is who opened it: nobody else may use it."""

    transport: StreamableHTTPServerTransport
    owner: str | None
    is_over: bool = False  # nobody is there any more to hear what is posted
    _callbacks: dict[RequestId, ServerMessageMetadata] = field(
        default_factory=dict[RequestId, ServerMessageMetadata]
    )
    _posts: int = 0
    _no_posts: anyio.Event = field(default_factory=anyio.Event)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request of it."""
        is_post = scope["method"] == "POST"
        self._posts += is_post
        try:
            await self.transport.handle_request(scope, receive, send)
        finally:
            self._posts -= is_post
            if not self._posts:
                self._no_posts.set()

    async def run(self, far: Far, on_open: Callable[[], None]) -> None:
        """Until the client, the far server, or silence ends it."""
        async with (
            self.transport.connect() as (read, write),
            self._terminated_at_end(),
            far.open_session() as session,
            background() as tasks,
        ):
            tasks.start_soon(self._hear, read, session, tasks.cancel_scope)
            on_open()
            with self.transport.idle_scope or anyio.CancelScope():
                await self._say_all(session, write.send)
            self.is_over = True
            await self._last_words()

    async def terminate(self) -> None:
        """End it: from now on its id answers 404."""
        with anyio.CancelScope(shield=True):
            if not self.transport.is_terminated:
                await self.transport.terminate()

    @asynccontextmanager
    async def _terminated_at_end(self) -> AsyncGenerator[None]:
        """Before its streams are closed: a transport takes anything else for a defect."""
        try:
            yield
        finally:
            await self.terminate()

    async def _say_all(self, session: FarSession, write: Write) -> None:
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            async for item in session:
                await self._say(item, write)

    async def _last_words(self) -> None:
        """The far session is over, and what still waited was answered; let it get through."""
        with anyio.move_on_after(LAST_WORDS_S):
            while self._posts:
                self._no_posts = anyio.Event()
                await self._no_posts.wait()

    async def _hear(
        self,
        read: AsyncIterable[SessionMessage | Exception],
        session: FarSession,
        life: anyio.CancelScope,
    ) -> None:
        with suppress(anyio.ClosedResourceError):  # how the transport says that it was terminated
            async for item in read:
                if isinstance(item, SessionMessage):
                    session.send(self._heard(item))
        life.cancel()

    def _heard(self, item: SessionMessage) -> Said:
        message = item.message.model_dump(mode="json", by_alias=True, exclude_unset=True)
        metadata = item.metadata
        if not isinstance(item.message, JSONRPCRequest):
            return Said(message)
        if not isinstance(metadata, ServerMessageMetadata):
            return Said(message)
        self._callbacks[item.message.id] = metadata
        offered = {
            Control.UNANSWERED: metadata.on_request_unanswered,
            Control.CLOSE: metadata.close_sse_stream,
        }
        return Said(message, controls=frozenset(key for key, call in offered.items() if call))

    async def _say(self, item: Item, write: Write) -> None:
        match item:
            case Said(message, related):
                if is_response(message):
                    self._callbacks.pop(message.get("id", ""), None)
                metadata = ServerMessageMetadata(related_request_id=related)
                try:
                    parsed = jsonrpc_message_adapter.validate_python(message, by_name=False)
                except ValidationError:
                    return  # not even the far SDK would have written it
                await write(SessionMessage(parsed, metadata))
            case Unanswered(request_id):
                metadata = self._callbacks.pop(request_id, ServerMessageMetadata())
                await _call(metadata.on_request_unanswered)
            case CloseStream(None):
                for metadata in self._callbacks.values():
                    await _call(metadata.close_standalone_sse_stream)
                    break  # they all mean the same stream
            case CloseStream(str() | int() as request_id):
                metadata = self._callbacks.get(request_id, ServerMessageMetadata())
                await _call(metadata.close_sse_stream)
            case _:
                return


async def _call(callback: Callable[[], Awaitable[None]] | None) -> None:
    if callback is not None:
        await callback()
