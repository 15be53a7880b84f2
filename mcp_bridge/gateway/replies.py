"""What goes back over HTTP for one request: JSON, or a stream once there is something to say."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream
from mcp.shared.inbound import ERROR_CODE_HTTP_STATUS
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mcp_bridge.rpc import Message, Notify, as_object

PING_S = 15.0  # a silent stream gets a comment, so that no proxy takes it for dead
MAX_UNREAD = 256  # notifications; a client that reads slower than this loses the newest

_STREAM_HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]
_PING: Final = b": ping\r\n\r\n"

Answer = Callable[[Notify], Awaitable[Message]]


def json_reply(message: Message) -> Response:
    """A response as JSON; the HTTP status of an error is the one that MCP gives its code."""
    status = ERROR_CODE_HTTP_STATUS.get(as_object(message.get("error")).get("code", 0), 200)
    return Response(_compact(message), status_code=status, media_type="application/json")


async def reply(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    """Run `answer` and send what comes of it.

    A quick answer without notifications is plain JSON with its own status. The first notification,
    or PING_S of silence, turns the reply into an event stream. A client that hangs up cancels.
    """
    outgoing, events = anyio.create_memory_object_stream[Message](MAX_UNREAD)
    responses: list[Message] = []

    async def notify(message: Message) -> None:
        try:
            outgoing.send_nowait(message)
        except anyio.WouldBlock:
            return  # never keep the poller, and so everybody else, waiting for one slow reader

    async def run() -> None:
        with outgoing:
            responses.append(await answer(notify))

    async with events, anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        tasks.start_soon(_until_hung_up, receive, tasks.cancel_scope)
        first = await _next_event(events)
        if first is None:
            await json_reply(responses[0])(scope, receive, send)
        else:
            await _stream(first, events, responses, send)
        tasks.cancel_scope.cancel()


async def _stream(
    first: bytes,
    events: MemoryObjectReceiveStream[Message],
    responses: list[Message],
    send: Send,
) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS})
    event: bytes | None = first
    while event is not None:
        await send({"type": "http.response.body", "body": event, "more_body": True})
        event = await _next_event(events)
    await send({"type": "http.response.body", "body": _event(responses[0]), "more_body": False})


async def _next_event(events: MemoryObjectReceiveStream[Message]) -> bytes | None:
    """The next notification, a ping after a long silence, or None at the end."""
    with anyio.move_on_after(PING_S):
        try:
            return _event(await events.receive())
        except anyio.EndOfStream:
            return None
    return _PING


async def _until_hung_up(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _event(message: Message) -> bytes:
    return b"event: message\r\ndata: " + _compact(message) + b"\r\n\r\n"


def _compact(message: Message) -> bytes:
    """ASCII, so that no character of a value can end a line of an event stream."""
    return json.dumps(message, separators=(",", ":")).encode("ascii")
