"""Between the message streams of an MCP client and a caller: the far server, as if it were here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import anyio
import anyio.abc
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import PARSE_ERROR, PROTOCOL_VERSION_META_KEY, jsonrpc_message_adapter

from mcp_bridge.background import background
from mcp_bridge.caller.elder_client import ElderClient
from mcp_bridge.caller.session import Session
from mcp_bridge.rpc import (
    Message,
    Notify,
    RequestId,
    error,
    is_request,
    meta_of,
    params_of,
)

BUFFER = 64  # messages between the client and us, each way
LISTEN = "subscriptions/listen"

ClientStreams = tuple[
    MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]
]


class Exchanging(Protocol):
    """What a relay needs of a caller."""

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """The response to one request of protocol 2026-07-28."""
        ...

    async def listen(self, request: Message, notify: Notify) -> Message:
        """The response to a subscription, which comes at its end."""
        ...

    def open_session(self) -> AbstractAsyncContextManager[Session]:
        """A session for a client of the handshake era."""
        ...


class Incoming(Protocol):
    """A stream of messages from a client; what could not be parsed comes as an exception."""

    def __aiter__(self) -> Incoming:
        """Itself."""
        ...

    async def __anext__(self) -> SessionMessage | Exception:
        """The next message."""
        ...


async def relay(
    incoming: Incoming, send: Callable[[SessionMessage], Awaitable[None]], caller: Exchanging
) -> None:
    """Answer a client until it closes its stream; its calls in flight are then withdrawn."""
    async with background() as tasks:
        front = _Front(caller, send, tasks)
        async for item in incoming:
            if isinstance(item, SessionMessage):
                await front.take(item.message.model_dump(by_alias=True, exclude_unset=True))
            else:
                await front.say(error(None, PARSE_ERROR, "Parse error"))


@asynccontextmanager
async def queue_transport(caller: Exchanging) -> AsyncGenerator[ClientStreams]:
    """A transport for `mcp.Client`: `Client(queue_transport(caller), mode="2026-07-28")`.

    Works in every mode: requests with an envelope are exchanges, each alone; a client of the
    handshake era gets a session.
    """
    to_client, client_reads = anyio.create_memory_object_stream[SessionMessage | Exception](BUFFER)
    client_writes, from_client = anyio.create_memory_object_stream[SessionMessage](BUFFER)
    async with to_client, client_reads, client_writes, from_client, background() as tasks:
        tasks.start_soon(relay, from_client, to_client.send, caller)
        yield client_reads, client_writes


class _Front:
    """One client. Its request ids are its own: they never travel as identities."""

    def __init__(
        self,
        caller: Exchanging,
        send: Callable[[SessionMessage], Awaitable[None]],
        tasks: anyio.abc.TaskGroup,
    ) -> None:
        self._caller = caller
        self._send = send
        self._tasks = tasks
        self._calls: dict[RequestId, anyio.CancelScope] = {}
        self._elder = ElderClient(caller.open_session, self.say, tasks)

    async def take(self, message: Message) -> None:
        """Start on a request, or heed whatever else the client says."""
        if is_request(message) and PROTOCOL_VERSION_META_KEY in meta_of(message):
            self._tasks.start_soon(self._serve, message)
        elif message.get("method") == "notifications/cancelled" and self._cancel(message):
            return
        else:
            await self._elder.take(message)

    async def say(self, message: Message) -> None:
        """Send the client a message; one that has gone does not need it."""
        try:
            await self._send(SessionMessage(jsonrpc_message_adapter.validate_python(message)))
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            return

    def _cancel(self, message: Message) -> bool:
        scope = self._calls.get(params_of(message).get("requestId", ""))
        if scope is not None:
            scope.cancel()
        return scope is not None

    async def _serve(self, request: Message) -> None:
        listens = request["method"] == LISTEN
        carry = self._caller.listen if listens else self._caller.exchange
        with anyio.CancelScope() as scope:
            self._calls[request["id"]] = scope
            try:
                await self.say(await carry(request, self.say))
            finally:
                if self._calls.get(request["id"]) is scope:
                    del self._calls[request["id"]]
