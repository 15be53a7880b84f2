"""Runs the gateway's app on a port until it is cancelled."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager

import anyio
import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from mcp_bridge.background import background
from mcp_bridge.errors import Code, LocalFault

CLOSE_S = 3  # calls that run when the gateway is stopped get this long


async def serve_http(
    app: ASGIApp, host: str, port: int, on_listening: Callable[[int], None]
) -> None:
    """Serve until cancelled; port 0 takes a free one. `on_listening` is told the port.

    Raises:
        LocalFault: BAD_SETTINGS, the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without the protocol's number asyncio does not switch Nagle off: 40 ms on every reply.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()
        except (OSError, OverflowError):
            raise LocalFault(Code.BAD_SETTINGS) from None
        on_listening(listener.getsockname()[1])
        await _serve(app, listener)


async def _serve(app: ASGIApp, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # a URL may hold anything
        server_header=False,
        timeout_graceful_shutdown=CLOSE_S,
    )
    server = _Server(config)
    async with background() as tasks:
        ended = anyio.Event()

        async def run() -> None:
            with anyio.CancelScope(shield=True):
                await server.serve(sockets=[listener])
            ended.set()

        tasks.start_soon(run)
        try:
            await ended.wait()
        finally:
            server.should_exit = True


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the loop."""

    @override
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """None of them."""
        yield
