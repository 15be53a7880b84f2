"""The gateway as one ASGI app: `/mcp`; and for its keepers `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import TokenVerifier
from mcp.server.transport_security import (
    DEFAULT_MAX_REQUEST_BODY_SIZE,
    RequestBodyLimitMiddleware,
    TransportSecurityMiddleware,
    TransportSecuritySettings,
)
from starlette.applications import Starlette
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from mcp_bridge.gateway.door import ByEra, Paced, SafeOrigin
from mcp_bridge.gateway.far import Far
from mcp_bridge.gateway.handshake import HandshakeFront
from mcp_bridge.gateway.health import Watched
from mcp_bridge.gateway.modern import ModernFront
from mcp_bridge.gateway.tool_headers import ToolHeaders
from mcp_bridge.rate import RateLimit

_LOOPBACK = ("127.0.0.1:*", "localhost:*", "[::1]:*")


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """How the gateway lets people in."""

    hosts: Sequence[str] = _LOOPBACK  # values of Host; `:*` stands for any port
    origins: Sequence[str] = tuple(f"http://{host}" for host in _LOOPBACK)
    tokens: TokenVerifier | None = None  # without one, whoever reaches the port comes in
    scopes: Sequence[str] = ()  # that every token must have
    calls_per_s: float = 20.0  # of one caller
    burst: int = 200
    retry_ms: int = 100  # for clients of the handshake era whose stream was closed
    max_body: int = DEFAULT_MAX_REQUEST_BODY_SIZE  # bytes


def build_app(far: Far, options: GatewayOptions) -> Starlette:
    """The app; `far` is entered by whoever made it."""
    watched = Watched(far)
    handshake = HandshakeFront.of(watched, options.retry_ms)
    fronts = ByEra(handshake, ModernFront(watched, ToolHeaders(watched)))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        async with handshake.running():
            yield

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        ready = await watched.is_ready()
        return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)

    async def metrics(_request: Request) -> Response:
        return PlainTextResponse(watched.text())

    return Starlette(
        routes=[
            Route("/mcp", endpoint=_door(fronts, options)),
            Route("/healthz", endpoint=healthz),
            Route("/readyz", endpoint=readyz),
            Route("/metrics", endpoint=metrics),
        ],
        lifespan=lifespan,
    )


def _door(inside: ASGIApp, options: GatewayOptions) -> ASGIApp:
    """`inside`, behind everything that a request must pass; the last line is met first."""
    app: ASGIApp = RequestBodyLimitMiddleware(inside, options.max_body)
    app = Paced(app, RateLimit(options.calls_per_s, options.burst, time.monotonic))
    if options.tokens is not None:
        app = RequireAuthMiddleware(app, list(options.scopes))
        app = AuthenticationMiddleware(app, backend=BearerAuthBackend(options.tokens))
    settings = TransportSecuritySettings(
        allowed_hosts=list(options.hosts), allowed_origins=list(options.origins)
    )
    return SafeOrigin(app, TransportSecurityMiddleware(settings))
