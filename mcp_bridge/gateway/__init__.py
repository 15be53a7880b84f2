"""The far server as Streamable HTTP, for agents that speak MCP over HTTP."""

from mcp_bridge.gateway.app import GatewayOptions, build_app
from mcp_bridge.gateway.serve import serve_http

__all__ = ["GatewayOptions", "build_app", "serve_http"]
