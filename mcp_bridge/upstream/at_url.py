"""A Streamable HTTP server as upstream, of either era; greeted anew when it was gone."""

from __future__ import annotations

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import HEADER_MISMATCH

from mcp_bridge.errors import Code, Executed, UpstreamGone
from mcp_bridge.rpc import Message, Notify, as_object
from mcp_bridge.upstream.elder import greet
from mcp_bridge.upstream.http_client import http_client
from mcp_bridge.upstream.http_session import serve_session
from mcp_bridge.upstream.port import Exchanging, ReadOnlyTools, listed_tools
from mcp_bridge.upstream.posted import Endpoint, Modern, Session

GREET_S: Final = 30.0  # until the server has been greeted and has listed its tools


class UrlUpstream:
    """Serves the MCP server at `url`: https, or http on this PC.

    Nothing runs between requests. Where the server was gone, the next request greets it anew; one
    that certainly did not run, because its session or its connection was lost, is sent again once.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        """Raises LocalFault(BAD_SETTINGS) for an address or a token that is none."""
        self._url = url
        self._token = token
        self._client = http_client(url, token)
        self._stack = AsyncExitStack()
        self._greeting = anyio.Lock()
        self._read_only = ReadOnlyTools()
        self._served: Exchanging | None = None
        self._session: Session | None = None

    async def __aenter__(self) -> Self:
        """Greet the server. Raises UpstreamGone if it is not there or does not speak MCP."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._client)
            stack.push_async_callback(self._say_farewell)
            await self._current()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the session, if there is one, and close all connections."""
        await self._stack.__aexit__(kind, error, trace)

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """Pass one request to the server. Raises UpstreamGone if it gives no answer."""
        try:
            response = await self._ask(request, notify)
        except UpstreamGone as gone:
            if gone.executed is not Executed.NO or gone.code is Code.DENIED:
                raise
            return await self._ask(request, notify)
        if as_object(response.get("error")).get("code") != HEADER_MISMATCH:
            return response
        self._served = None  # a tool takes other headers than it did when it was listed
        return await self._ask(request, notify)

    async def session(
        self,
        read: MemoryObjectReceiveStream[SessionMessage | Exception],
        write: MemoryObjectSendStream[SessionMessage],
    ) -> None:
        """Serve one client of the handshake era, in a session of its own, until `read` ends."""
        await serve_session(self._url, self._token, read, write)

    def is_read_only(self, request: Message) -> bool:
        """Whether running it twice does no more than once."""
        return self._read_only.covers(request)

    async def _ask(self, request: Message, notify: Notify) -> Message:
        served = await self._current()
        try:
            return await served.exchange(request, notify)
        except UpstreamGone as gone:
            if self._served is served and gone.code is Code.UPSTREAM_GONE:
                self._served = None
            raise

    async def _current(self) -> Exchanging:
        async with self._greeting:
            if self._served is None:
                with anyio.move_on_after(GREET_S):
                    self._served = await self._greet()
            if self._served is None:
                raise UpstreamGone(Executed.NO)
            return self._served

    async def _greet(self) -> Exchanging:
        """The server in its era, and its tools. What was known before may be of an older one."""
        endpoint = Endpoint(self._client, self._url)
        modern, self._session = Modern(endpoint), Session(endpoint)
        try:
            served = await greet(modern, self._session)
            tools = await listed_tools(served)
        except UpstreamGone as gone:
            raise UpstreamGone(
                Executed.NO, gone.code
            ) from None  # the caller's request was not sent
        self._read_only.learn(tools)
        modern.learn(tools)
        return served

    async def _say_farewell(self) -> None:
        if self._session is not None:
            await self._session.close()
