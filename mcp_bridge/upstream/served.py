"""A Server object in this process: one `serve_one` a request, one loop a session.

The seams of the SDK that this needs are importable but not advertised as stable, so they are used
in this file only (pinned by `mcp>=2.3,<3`).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from copy import copy
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_loop, serve_one
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp.shared.inbound import InboundLadderRejection, classify_inbound_request
from mcp.shared.jsonrpc_dispatcher import (
    handler_exception_to_error_data,
    progress_token_from_params,
)
from mcp.shared.message import MessageMetadata, SessionMessage
from mcp.shared.transport_context import TransportContext
from mcp_types import INTERNAL_ERROR, ErrorData, ProgressToken, RequestId

from mcp_bridge.rpc import Message, Notify, params_of, result
from mcp_bridge.upstream.port import ReadOnlyTools, listed_tools

_TRANSPORT = TransportContext(kind="queue", can_send_request=False)


class ServerUpstream:
    """Serves a low-level `Server`; its lifespan is entered once for all requests."""

    def __init__(self, server: Server[Any]) -> None:
        self._server = server
        self._discreet = _discreet(server)
        self._stack = AsyncExitStack()
        self._state: Any = None
        self._read_only = ReadOnlyTools()

    async def __aenter__(self) -> Self:
        """Enter the server's lifespan and learn which tools only read."""
        async with AsyncExitStack() as stack:
            self._state = await stack.enter_async_context(self._server.lifespan(self._server))
            self._read_only.learn(await listed_tools(self))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the lifespan."""
        await self._stack.__aexit__(kind, error, trace)

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """Answer one request. What a handler raises becomes a code, never its text."""
        request_id: RequestId = request["id"]
        try:
            return result(request_id, await self._serve(request, request_id, notify))
        except Exception as raised:  # noqa: BLE001 - a handler may raise anything at all
            return _error(request_id, raised)

    async def session(
        self,
        read: MemoryObjectReceiveStream[SessionMessage | Exception],
        write: MemoryObjectSendStream[SessionMessage],
    ) -> None:
        """Serve one client of the handshake era until `read` ends."""
        await serve_loop(self._discreet, read, write, lifespan_state=self._state)

    def is_read_only(self, request: Message) -> bool:
        """Whether running it twice does no more than once."""
        return self._read_only.covers(request)

    async def _serve(
        self, request: Message, request_id: RequestId, notify: Notify
    ) -> dict[str, Any]:
        route = classify_inbound_request(request)
        if isinstance(route, InboundLadderRejection):
            raise _rejected(route)
        params = params_of(request)
        return await serve_one(
            self._server,
            _ExchangeContext(request_id, progress_token_from_params(params), notify),
            request["method"],
            params,
            connection=Connection.from_envelope(
                route.protocol_version, route.client_info, route.client_capabilities
            ),
            lifespan_state=self._state,
        )


def _discreet(server: Server[Any]) -> Server[Any]:
    """The same server, which does not let a handler's exception out.

    The SDK's stream loop would put its text on the wire, and into the log.
    """
    twin = copy(server)
    twin.middleware = [*server.middleware, _without_text]
    return twin


async def _without_text(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    try:
        return await call_next(ctx)
    except Exception as raised:  # noqa: BLE001 - a handler may raise anything at all
        data = handler_exception_to_error_data(raised)
        if data is None:
            data = ErrorData(code=INTERNAL_ERROR, message="Internal server error")
        raise MCPError.from_error_data(data) from None


@dataclass(slots=True)
class _ExchangeContext:
    """The SDK's DispatchContext for one exchange: it may notify, and never ask back."""

    request_id: RequestId
    progress_token: ProgressToken | None
    outbound: Notify
    transport: TransportContext = _TRANSPORT
    message_metadata: MessageMetadata = None
    can_send_request: bool = False
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """Refuse: protocol 2026-07-28 has no requests from server to client."""
        del params, opts
        raise NoBackChannelError(method)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Send a notification that belongs to this request."""
        del opts
        await self.outbound({"jsonrpc": "2.0", "method": method, "params": dict(params or {})})

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Report progress, if the client asked for it with a token."""
        if self.progress_token is None:
            return
        report = {"progressToken": self.progress_token, "progress": progress}
        optional = {"total": total, "message": message}
        report |= {key: value for key, value in optional.items() if value is not None}
        await self.notify("notifications/progress", report)


def _rejected(rejection: InboundLadderRejection) -> Exception:
    return MCPError(code=rejection.code, message=rejection.message, data=rejection.data)


def _error(request_id: RequestId, raised: Exception) -> dict[str, Any]:
    data = handler_exception_to_error_data(raised)
    if data is None:
        data = ErrorData(code=INTERNAL_ERROR, message="Internal server error")
    body = data.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"jsonrpc": "2.0", "id": request_id, "error": body}
