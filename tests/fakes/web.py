"""An ASGI app on a loopback port of its own, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_bridge.background import background
from mcp_bridge.gateway import serve_http
from tests.fakes.served import Served
from tests.servers.everything import everything


@asynccontextmanager
async def web(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Its address at /mcp; a server that is needed again takes the same port."""
    ports: list[int] = []
    listening = anyio.Event()

    def on_listening(its_port: int) -> None:
        ports.append(its_port)
        listening.set()

    async with background() as tasks:
        tasks.start_soon(serve_http, app, "127.0.0.1", port, on_listening)
        with anyio.fail_after(5):
            await listening.wait()
        yield f"http://127.0.0.1:{ports[0]}/mcp"


def everything_app(*, elder: bool = False) -> ASGIApp:
    """The everything-server."""
    return doors(everything().streamable_http_app(), elder=elder)


def served_app(served: Served, *, elder: bool = False, token: str | None = None) -> ASGIApp:
    """The server of most tests."""
    return doors(served.server().streamable_http_app(), elder=elder, token=token)


def doors(app: ASGIApp, *, elder: bool, token: str | None = None) -> ASGIApp:
    """`app` as it was before 2026-07-28, or for whoever has the token."""

    async def at_the_door(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif token is not None and headers.get(b"authorization") != f"Bearer {token}".encode():
            await _plain(send, 401)
        elif elder and headers.get(b"mcp-protocol-version") == b"2026-07-28":
            await _plain(send, 400)
        else:
            await app(scope, receive, send)

    return at_the_door


async def _plain(send: Send, status: int) -> None:
    start: Message = {"type": "http.response.start", "status": status, "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": b"a text that must not travel"})
