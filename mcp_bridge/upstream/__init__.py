"""What a listener serves: a Server object in this process, or a stdio command."""

from mcp_bridge.upstream.command import StdioUpstream
from mcp_bridge.upstream.port import Upstream
from mcp_bridge.upstream.served import ServerUpstream

__all__ = ["ServerUpstream", "StdioUpstream", "Upstream"]
