"""The calling side: exchanges with the far server, and a transport for `mcp.Client`."""

from mcp_bridge.caller.caller import Caller, CallerOptions, open_caller
from mcp_bridge.caller.relay import queue_transport, relay

__all__ = ["Caller", "CallerOptions", "open_caller", "queue_transport", "relay"]
