"""Clients of the handshake era, as far as exchanges reach: initialize is answered here.

Their requests get the envelope that protocol 2026-07-28 wants, the results lose what their
revisions do not know. What needs a request from the server to the client (sampling, elicitation,
roots) cannot be carried this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp_types import INTERNAL_ERROR, PROTOCOL_VERSION_META_KEY, SERVER_INFO_META_KEY
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_HANDSHAKE_VERSION

from mcp_bridge.rpc import (
    Message,
    as_object,
    error,
    meta_of,
    params_of,
    request as own_request,
    result,
)

_CARRIED: Final = ("tools", "resources", "prompts", "completions")
_MODERN_FIELDS: Final = frozenset({"resultType", "ttlMs", "cacheScope"})


def has_envelope(request: Message) -> bool:
    """Whether the request is of protocol 2026-07-28."""
    return PROTOCOL_VERSION_META_KEY in meta_of(request)


def with_envelope(request: Message) -> Message:
    """The request as protocol 2026-07-28 wants it; a progress token stays."""
    modern = own_request(request["method"], request["id"])
    params = {**params_of(request), "_meta": {**meta_of(modern), **meta_of(request)}}
    return {**modern, "params": params}


def without_envelope(response: Message) -> Message:
    """The response as a handshake-era client knows it."""
    if "result" not in response:
        return response
    value = as_object(response["result"])
    if value.get("resultType") == "input_required":
        return error(response["id"], INTERNAL_ERROR, "This tool asks for input")
    plain = {key: item for key, item in value.items() if key not in _MODERN_FIELDS}
    return {**response, "result": plain}


def initialized(request: Message, discovered: Message) -> Message:
    """The answer to `initialize`, made from the far server's answer to server/discover."""
    if "result" not in discovered:
        return discovered
    found = as_object(discovered["result"])
    wanted = params_of(request).get("protocolVersion")
    capabilities = as_object(found.get("capabilities"))
    answer: dict[str, Any] = {
        "protocolVersion": (
            wanted if wanted in HANDSHAKE_PROTOCOL_VERSIONS else LATEST_HANDSHAKE_VERSION
        ),
        # Without listChanged and subscribe: nothing here could notify the client.
        "capabilities": {key: {} for key in _CARRIED if capabilities.get(key) is not None},
        "serverInfo": _server_info(found),
    }
    if found.get("instructions"):
        answer["instructions"] = found["instructions"]
    return result(request["id"], answer)


def _server_info(found: Mapping[str, Any]) -> Mapping[str, Any]:
    stamp = as_object(found.get("_meta")).get(SERVER_INFO_META_KEY)
    return as_object(stamp) or {"name": "mcp-bridge", "version": ""}
