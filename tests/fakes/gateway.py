"""A gateway on a free port of this PC, in front of a caller."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from mcp_bridge.background import background
from mcp_bridge.gateway import GatewayOptions, build_app, serve_http
from mcp_bridge.gateway.far import Far

OPEN = GatewayOptions(calls_per_s=1000, burst=1000)


@asynccontextmanager
async def gateway(far: Far, options: GatewayOptions = OPEN) -> AsyncIterator[str]:
    """Its address, without a path."""
    ports: list[int] = []
    listening = anyio.Event()

    def on_listening(port: int) -> None:
        ports.append(port)
        listening.set()

    async with background() as tasks:
        tasks.start_soon(serve_http, build_app(far, options), "127.0.0.1", 0, on_listening)
        with anyio.fail_after(5):
            await listening.wait()
        yield f"http://127.0.0.1:{ports[0]}"
