"""A local HTTP server that speaks the streaming Responses API, with faults on demand.

Scripted: each request takes the next `Reply`; the last one repeats. What came in is kept.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from aiohttp import web

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class AgentServer:
    base_url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    hanging: anyio.Event = field(default_factory=anyio.Event)  # a reply started and waits
    left: anyio.Event = field(default_factory=anyio.Event)  # the client closed the stream


SERVER: web.AppKey[AgentServer] = web.AppKey("server", AgentServer)


@asynccontextmanager
async def agent_server(*replies: Reply) -> AsyncIterator[AgentServer]:
    """Serve the replies, in order, on a free loopback port."""
    server = AgentServer("")
    script = list(replies)

    async def respond(request: web.Request) -> web.StreamResponse:
        server.requests.append(await request.json())
        server.authorizations.append(request.headers.get("Authorization", ""))
        reply = script.pop(0) if len(script) > 1 else script[0]
        return await reply(request)

    app = web.Application()
    app.router.add_post("/v1/responses", respond)
    app[SERVER] = server
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.base_url = f"http://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()


def text(*pieces: str) -> Reply:
    """An answer in pieces."""
    events = [delta(piece) for piece in pieces]
    return streamed(*events, completed(message("".join(pieces))))


def tool_calls(*calls: tuple[str, str]) -> Reply:
    """The model asks for tools: (name, arguments as JSON text)."""
    items = [
        {
            "type": "function_call",
            "id": f"fc_{n}",
            "call_id": f"call_{n}",
            "name": name,
            "arguments": arguments,
            "status": "completed",
        }
        for n, (name, arguments) in enumerate(calls)
    ]
    return streamed(completed(*items))


def status(code: int, error_code: str | None = None) -> Reply:
    """An HTTP error whose text must never reach the doctor."""

    async def reply(_request: web.Request) -> web.StreamResponse:
        body = {"error": {"message": "provider text 山田太郎", "type": "x", "code": error_code}}
        return web.json_response(body, status=code)

    return reply


def redirect(base_url: str) -> Reply:
    """Ask another server instead."""

    async def reply(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(f"{base_url}/responses")

    return reply


def streamed(*events: dict[str, Any]) -> Reply:
    """A whole stream."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = await _open(request)
        for event in events:
            await response.write(_frame(event))
        await response.write_eof()
        return response

    return reply


def raw(body: bytes) -> Reply:
    """Bytes that should have been a stream."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = await _open(request)
        await response.write(body)
        await response.write_eof()
        return response

    return reply


def hang_after(*events: dict[str, Any]) -> Reply:
    """Some events, then silence until the client leaves."""

    async def reply(request: web.Request) -> web.StreamResponse:
        server: AgentServer = request.app[SERVER]
        response = await _open(request)
        for event in events:
            await response.write(_frame(event))
        server.hanging.set()
        try:
            await anyio.sleep_forever()
        finally:
            server.left.set()
        return response

    return reply


def cut_after(*events: dict[str, Any]) -> Reply:
    """Some events, then the connection breaks."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = await _open(request)
        for event in events:
            await response.write(_frame(event))
        assert request.transport is not None
        request.transport.close()
        return response

    return reply


def delta(piece: str) -> dict[str, Any]:
    return {
        "type": "response.output_text.delta",
        "item_id": "msg_0",
        "output_index": 0,
        "content_index": 0,
        "delta": piece,
        "logprobs": [],
        "sequence_number": 0,
    }


def message(whole: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": whole, "annotations": []}]
    return {
        "type": "message",
        "id": "msg_0",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


def completed(*output: dict[str, Any], kind: str = "completed") -> dict[str, Any]:
    """The last event; `kind` may be "failed" or "incomplete"."""
    usage = {
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    response = {
        "id": "resp_0",
        "object": "response",
        "created_at": 0,
        "model": "tiny",
        "status": kind,
        "output": list(output),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage,
    }
    return {"type": f"response.{kind}", "response": response, "sequence_number": 1}


def outputs(request: dict[str, Any]) -> Sequence[str]:
    """The tool outputs that a request carries back to the model."""
    return [
        item["output"] for item in request["input"] if item.get("type") == "function_call_output"
    ]


async def _open(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    return response


def _frame(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
