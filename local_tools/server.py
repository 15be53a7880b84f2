"""Builds the MCP server from the tools. What it says beside releases is constant, and registered.

The low-level Server is used because the other one repeats bad arguments in its error texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mcp import types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from local_tools.errors import Code, ToolsError
from local_tools.pipeline import Pipeline
from local_tools.privacy.guard import leaves
from local_tools.tools import patient_background

NAME = "karte-tools"
TITLE = "Karte Bridge"
INSTRUCTIONS = (
    "Tools of a clinic's PC. They answer with listed clinical terms about the patient of the open "
    "case, never with anything that identifies, and only after the doctor has approved. What they "
    "return is a basis for the doctor's judgement, not a diagnosis."
)
TOOLS = frozenset({patient_background.TOOL.name})  # all that this server has
CATALOGUE_TTL_MS = 3_600_000  # the tools change with the installed version only

# What the SDK writes around results, in both eras of the protocol.
_SDK_WORDS = (
    *("resultType", "complete", "_meta", "io.modelcontextprotocol/serverInfo", "supportedVersions"),
    *("ttlMs", "cacheScope", "public", "private", "supported", "tools", "nextCursor"),
    *("protocolVersion", "capabilities", "serverInfo", "instructions", "listChanged"),
    *("experimental", "extensions"),
)


def build_server(pipeline: Pipeline) -> Server[Any]:
    """Return the server; its constants are registered with `pipeline.releases`."""

    async def list_tools(
        _context: ServerRequestContext[Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[patient_background.TOOL])

    async def call_tool(
        _context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        try:
            return await _call(pipeline, params)
        except ToolsError as refused:
            return _failure(refused.code)
        except Exception:  # noqa: BLE001 - the SDK would log it with its text
            return _failure(Code.INTERNAL)

    server: Server[Any] = Server(
        NAME,
        version=_version(),
        title=TITLE,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        cache_hints={"tools/list": CacheHint(ttl_ms=CATALOGUE_TTL_MS, scope="public")},
    )
    pipeline.releases.allow(_constants(server))
    return server


async def _call(pipeline: Pipeline, params: types.CallToolRequestParams) -> types.CallToolResult:
    if params.name != patient_background.TOOL.name:
        raise ToolsError(Code.UNKNOWN_TOOL)
    return await patient_background.call(pipeline, params.arguments)


def _version() -> str:
    try:
        return version("karte-bridge")
    except PackageNotFoundError:  # a checkout that was not installed
        return "0"


def _failure(code: Code) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=code.value)], is_error=True)


def _constants(server: Server[Any]) -> Iterator[str]:
    """Yield all that the server may say without a release."""
    yield from _SDK_WORDS
    yield from (*HANDSHAKE_PROTOCOL_VERSIONS, *MODERN_PROTOCOL_VERSIONS)
    yield from ("0", str(CATALOGUE_TTL_MS), INSTRUCTIONS)
    for model in (patient_background.TOOL, server.server_info):
        yield from leaves(model.model_dump(by_alias=True, mode="json", exclude_none=True))
