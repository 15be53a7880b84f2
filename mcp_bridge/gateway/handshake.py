"""Clients of the handshake era over HTTP: a session each, found by its `Mcp-Session-Id`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import anyio
import anyio.abc
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER, StreamableHTTPServerTransport
from mcp_types import INTERNAL_ERROR, INVALID_REQUEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message as HttpMessage, Receive, Scope, Send

from mcp_bridge.background import background
from mcp_bridge.gateway.door import holder_of
from mcp_bridge.gateway.events import RecentEvents
from mcp_bridge.gateway.far import Far
from mcp_bridge.gateway.http_session import HttpSession
from mcp_bridge.gateway.replies import json_reply
from mcp_bridge.rpc import error

IDLE_S = 30 * 60.0  # without an HTTP request, the open stream of a GET included
MAX_SESSIONS = 64


@dataclass(slots=True)
class HandshakeFront:
    """An ASGI app; its sessions live while `running` is entered."""

    far: Far
    retry_ms: int  # after which a client comes back to a stream that was closed for it
    _sessions: dict[str, HttpSession]
    _tasks: anyio.abc.TaskGroup | None = None

    @classmethod
    def of(cls, far: Far, retry_ms: int) -> HandshakeFront:
        """Without sessions yet."""
        return cls(far, retry_ms, {})

    @property
    def open_sessions(self) -> int:
        """How many there are."""
        return len(self._sessions)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Serve; at the end all sessions end."""
        async with background() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        session_id = Request(scope).headers.get(MCP_SESSION_ID_HEADER)
        if session_id is None:
            await self._open(scope, receive, send)
            return
        session = self._sessions.get(session_id)
        if session is None or session.is_over or session.owner != holder_of(scope):
            await _refusal(404, "Session not found", INVALID_REQUEST)(scope, receive, send)
            return
        await session.handle(scope, receive, send)
        if session.transport.is_terminated:
            self._sessions.pop(session_id, None)

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only `initialize` opens a session; whatever else was asked leaves nothing behind."""
        if self._tasks is None or len(self._sessions) >= MAX_SESSIONS:
            refusal = _refusal(503, "Too many open sessions", INTERNAL_ERROR)
            await refusal(scope, receive, send)
            return
        session_id = uuid4().hex
        transport = StreamableHTTPServerTransport(
            session_id,
            event_store=RecentEvents(),
            retry_interval=self.retry_ms,
            idle_timeout=IDLE_S,
        )
        session = self._sessions[session_id] = HttpSession(transport, holder_of(scope))
        statuses: list[int] = []

        async def watched(message: HttpMessage) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        try:
            await self._tasks.start(self._run, session_id, session)
            await session.handle(scope, receive, watched)
        finally:
            if not statuses or statuses[0] >= 400:
                await session.terminate()

    async def _run(
        self,
        session_id: str,
        session: HttpSession,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        try:
            await session.run(self.far, task_status.started)
        finally:
            self._sessions.pop(session_id, None)


def _refusal(status: int, text: str, code: int) -> Response:
    response = json_reply(error(None, code, text))
    response.status_code = status
    return response
