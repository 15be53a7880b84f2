"""An ASGI app on a free loopback port, which is printed: the first line of stdout is its URL."""

from __future__ import annotations

import socket
import sys

import uvicorn
from starlette.types import ASGIApp


async def serve_http(app: ASGIApp) -> None:
    """Serve until SIGTERM."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:  # else asyncio leaves Nagle on
        listener.bind(("127.0.0.1", 0))
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp\n")
        sys.stdout.flush()
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        await uvicorn.Server(config).serve(sockets=[listener])
