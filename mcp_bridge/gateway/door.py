"""What every request to /mcp passes first: Host and Origin, a caller's name, rate, size, version.

The order matters. A page in somebody's browser is turned away before anything else is looked at
(DNS rebinding), and nobody's body is read before he may speak.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.transport_security import TransportSecurityMiddleware
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_bridge.rate import RateLimit


@dataclass(frozen=True, slots=True)
class SafeOrigin:
    """Lets requests through that name a Host, and come from an Origin, that is ours."""

    app: ASGIApp
    security: TransportSecurityMiddleware

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, and pass on."""
        request = Request(scope, receive)
        refusal = await self.security.validate_request(request, is_post=request.method == "POST")
        await (refusal or self.app)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Paced:
    """Holds each caller to its rate: by the token's holder, else by address."""

    app: ASGIApp
    rate: RateLimit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, and pass on."""
        wait_s = self.rate.wait_s(caller_of(scope))
        if wait_s == 0:
            await self.app(scope, receive, send)
        else:
            headers = {"Retry-After": str(math.ceil(wait_s))}
            await Response(status_code=429, headers=headers)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class ByEra:
    """The version header alone decides: absent or of the handshake era, or modern."""

    handshake: ASGIApp
    modern: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; an unknown version goes to the modern side, which can say what it supports."""
        version = Request(scope).headers.get(MCP_PROTOCOL_VERSION_HEADER)
        old = version is None or version in HANDSHAKE_PROTOCOL_VERSIONS
        await (self.handshake if old else self.modern)(scope, receive, send)


def holder_of(scope: Scope) -> str | None:
    """Whose token it was, if one was asked for."""
    user = scope.get("user")
    if not isinstance(user, AuthenticatedUser):
        return None
    return f"token:{user.access_token.client_id}:{user.access_token.subject or ''}"


def caller_of(scope: Scope) -> str:
    """Who asks, as far as that is known."""
    client = cast("tuple[str, int] | None", scope.get("client"))
    return holder_of(scope) or f"address:{client[0] if client else ''}"
