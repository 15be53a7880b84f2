"""The far server as Streamable HTTP, for agents that speak MCP over HTTP."""

from mcp_bridge.gateway.app import GatewayOptions, build_app
from mcp_bridge.gateway.serve import serve_http
from mcp_bridge.gateway.tokens import IssuerTokens, TokenFile

__all__ = ["GatewayOptions", "IssuerTokens", "TokenFile", "build_app", "serve_http"]
