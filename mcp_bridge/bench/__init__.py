"""`mcp-bridge bench`: what a call costs beside the bare queue."""

from mcp_bridge.bench.measure import measure

__all__ = ["measure"]
