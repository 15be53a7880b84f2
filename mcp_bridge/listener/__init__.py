"""The serving side: from the request queue to an upstream, and back to the caller's queue."""

from mcp_bridge.listener.loop import Listener
from mcp_bridge.listener.polling import ListenerOptions
from mcp_bridge.listener.run import Guard

__all__ = ["Guard", "Listener", "ListenerOptions"]
