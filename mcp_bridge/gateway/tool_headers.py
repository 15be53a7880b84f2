"""`Mcp-Param-*` headers, which must say the same as the body: whoever routes by them relies on it.

Which arguments have such a header stands in the tool's schema, so the far server's list of tools is
needed; the caller keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp.shared.inbound import (
    MCP_PARAM_HEADER_PREFIX,
    InboundLadderRejection,
    validate_mcp_param_headers,
)

from mcp_bridge.gateway.far import Far
from mcp_bridge.rpc import Message, as_object, params_of, request as own_request

MAX_PAGES = 50  # of tools/list; a server that never ends its list is not believed
LIST_S = 10.0

_PREFIX = MCP_PARAM_HEADER_PREFIX.lower()


@dataclass(frozen=True, slots=True)
class ToolHeaders:
    """Checks one call at a time."""

    far: Far

    async def rejection(
        self, request: Message, headers: Mapping[str, str]
    ) -> InboundLadderRejection | None:
        """What is wrong with the headers of this request, if anything is.

        Where the tool's schema cannot be had there is nothing to compare with; the call itself then
        says why.
        """
        if request["method"] != "tools/call":
            return None
        arguments = as_object(params_of(request).get("arguments"))
        if not arguments and not any(name.startswith(_PREFIX) for name in headers):
            return None
        schema = await self._schema(params_of(request).get("name"))
        return None if schema is None else validate_mcp_param_headers(schema, arguments, headers)

    async def _schema(self, name: object) -> Mapping[str, Any] | None:
        cursor: dict[str, Any] = {}
        for _ in range(MAX_PAGES):
            listing = own_request("tools/list", "tools", **cursor)
            page = as_object((await self.far.exchange(listing, budget_s=LIST_S)).get("result"))
            for tool in page.get("tools", ()):
                if tool.get("name") == name:
                    return as_object(tool.get("inputSchema"))
            if not page.get("nextCursor"):
                return None
            cursor = {"cursor": page["nextCursor"]}
        return None
