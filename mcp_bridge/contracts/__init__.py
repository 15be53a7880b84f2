"""Other queue contracts, served beside the sealed frames. Off until a tool is named for one.

What they carry is **not sealed**: whoever may read the queue reads arguments and answers, and
whoever may write to it can call the tool. Only tools named for a contract are served by it.
"""

from mcp_bridge.contracts.exposed import Exposed, Unsealed
from mcp_bridge.contracts.foundry_tool import FoundryTool
from mcp_bridge.contracts.plain_rpc import PlainRpc

__all__ = ["Exposed", "FoundryTool", "PlainRpc", "Unsealed"]
