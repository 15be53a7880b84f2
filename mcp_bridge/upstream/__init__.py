"""What a listener serves: a Server object in this process, a stdio command, or a URL."""

from mcp_bridge.upstream.at_url import UrlUpstream
from mcp_bridge.upstream.command import StdioUpstream
from mcp_bridge.upstream.port import Upstream
from mcp_bridge.upstream.served import ServerUpstream

__all__ = ["ServerUpstream", "StdioUpstream", "Upstream", "UrlUpstream"]
