"""One client of the handshake era at a URL, by the SDK's transport with its resumed streams."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

import httpx2
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER, encode_header_value
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp_types import (
    CONNECTION_CLOSED,
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCResponse,
)

from mcp_bridge.errors import Executed, UpstreamGone
from mcp_bridge.upstream.http_client import MAX_BODY, http_client
from mcp_bridge.upstream.posted import SESSION_HEADER, Endpoint
from mcp_bridge.upstream.related import pass_on

# What the transport says itself, with the text of an exception or of the server's HTTP.
_WITH_TEXT: Final = frozenset({CONNECTION_CLOSED, INVALID_REQUEST, PARSE_ERROR})


async def serve_session(
    url: str,
    token: str | None,
    read: MemoryObjectReceiveStream[SessionMessage | Exception],
    write: MemoryObjectSendStream[SessionMessage],
) -> None:
    """Serve one client until `read` ends. Raises UpstreamGone."""
    async with http_client(url, token) as client:
        headers = _Headers()
        client.event_hooks = {"response": [headers.look]}
        try:
            async with streamable_http_client(
                url, http_client=client, terminate_on_close=False, max_sse_event_size=MAX_BODY
            ) as (from_server, to_server):

                async def send(item: SessionMessage) -> None:
                    metadata = ClientMessageMetadata(headers=dict(headers.version))
                    await to_server.send(SessionMessage(item.message, metadata))

                await pass_on(read, write, headers.heard(from_server), send)
        except ExceptionGroup:  # of the transport's tasks; their texts stay here
            raise UpstreamGone(Executed.UNKNOWN) from None
        finally:
            if headers.session:
                await Endpoint(client, url).aside("DELETE", {**headers.session, **headers.version})


class _Headers:
    """What initialize has settled: which session this is, and its protocol version."""

    def __init__(self) -> None:
        self.session: dict[str, str] = {}
        self.version: dict[str, str] = {}

    async def look(self, response: httpx2.Response) -> None:
        """Keep the session's id."""
        session_id = response.headers.get(SESSION_HEADER)
        if session_id is not None and response.is_success:
            self.session = {SESSION_HEADER: session_id}

    async def heard(
        self, from_server: AsyncIterable[SessionMessage | Exception]
    ) -> AsyncIterator[SessionMessage | Exception]:
        """The server's messages, without what only the transport says; keeps the version."""
        async for item in from_server:
            if not isinstance(item, SessionMessage):
                continue
            message = item.message
            if isinstance(message, JSONRPCResponse) and not self.version:
                version = message.result.get("protocolVersion")
                if isinstance(version, str):
                    self.version = {MCP_PROTOCOL_VERSION_HEADER: encode_header_value(version)}
            if isinstance(message, JSONRPCError) and message.error.code in _WITH_TEXT:
                plain = ErrorData(code=message.error.code, message="The server gave no answer")
                item = SessionMessage(message.model_copy(update={"error": plain}))  # noqa: PLW2901
            yield item
