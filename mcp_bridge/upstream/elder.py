"""A child of the handshake era (`initialize`), served to callers of protocol 2026-07-28.

Most MCP servers that one finds today are of that era. Such a child is initialized once and kept
warm; each request then goes to it without its envelope, and its result gets the fields that the
newer protocol wants. What belongs to one client's session (log level, resource subscriptions) is
not for a child that all callers share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import anyio
from mcp.shared.inbound import InboundLadderRejection, classify_inbound_request
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
)
from mcp_types.version import LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION

from mcp_bridge.errors import Executed, UpstreamGone
from mcp_bridge.rpc import (
    Message,
    Notify,
    as_object,
    meta_of,
    method_not_found,
    params_of,
    request as own_request,
    result,
)
from mcp_bridge.upstream.port import Exchanging, unheard

ANSWER_S = 5.0  # to server/discover; some servers do not answer before `initialize`

_ENVELOPE: Final = frozenset(
    {PROTOCOL_VERSION_META_KEY, CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY}
)
_CARRIED: Final = ("tools", "resources", "prompts", "completions")
_OF_ONE_SESSION: Final = frozenset(
    {
        "initialize",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "subscriptions/listen",
    }
)
_CACHEABLE: Final = frozenset(
    {
        "prompts/list",
        "resources/list",
        "resources/read",
        "resources/templates/list",
        "tools/list",
    }
)
_NOT_KEPT: Final = {"ttlMs": 0, "cacheScope": "private"}


class Speaking(Exchanging, Protocol):
    """A server that also hears notifications."""

    async def tell(self, message: Message) -> bool:
        """Hand it a message; False if it has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Elder:
    """`child` has been initialized, and said `greeting`."""

    child: Speaking
    greeting: Mapping[str, Any]

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """One request and its response, both in the newer protocol's form."""
        route = classify_inbound_request(request)
        if isinstance(route, InboundLadderRejection):
            return rejected(request, route)
        method = request["method"]
        if method == "server/discover":
            return result(request["id"], self._discovered())
        if method in _OF_ONE_SESSION:
            return method_not_found(request["id"])
        response = await self.child.exchange(_without_envelope(request), notify)
        if "result" not in response:
            return response
        added = {"resultType": "complete", **(_NOT_KEPT if method in _CACHEABLE else {})}
        return {**response, "result": {**added, **as_object(response["result"])}}

    def _discovered(self) -> Mapping[str, Any]:
        capabilities = as_object(self.greeting.get("capabilities"))
        found: dict[str, Any] = {
            "resultType": "complete",
            **_NOT_KEPT,
            "supportedVersions": [LATEST_MODERN_VERSION],
            # Without listChanged and subscribe: one warm child has no client to tell.
            "capabilities": {key: {} for key in _CARRIED if capabilities.get(key) is not None},
            "_meta": {SERVER_INFO_META_KEY: self.greeting.get("serverInfo", {})},
        }
        if self.greeting.get("instructions"):
            found["instructions"] = self.greeting["instructions"]
        return found


async def greet(modern: Exchanging, elder: Speaking) -> Exchanging:
    """One server as callers want it, whichever protocol it speaks: both arguments lead to it.

    A child that starts so slowly that its answer to server/discover comes late has met
    `initialize` meanwhile and refuses it; then it is asked once more.

    Raises:
        UpstreamGone: it speaks neither.
    """
    for _ in range(2):
        if await _is_modern(modern):
            return modern
        greeting = await _initialize(elder)
        if greeting is not None:
            return Elder(elder, greeting)
    raise UpstreamGone(Executed.NO)


async def _is_modern(child: Exchanging) -> bool:
    with anyio.move_on_after(ANSWER_S):
        discovered = await child.exchange(own_request("server/discover", "discover"), unheard)
        return "result" in discovered
    return False


async def _initialize(child: Speaking) -> Mapping[str, Any] | None:
    params = {
        "protocolVersion": LATEST_HANDSHAKE_VERSION,
        "capabilities": {},  # nothing here could answer what a server would ask
        "clientInfo": {"name": "mcp-bridge", "version": "1"},
    }
    request = {"jsonrpc": "2.0", "id": "initialize", "method": "initialize", "params": params}
    answer = await child.exchange(request, unheard)
    if "result" not in answer:
        return None
    await child.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})
    return as_object(answer["result"])


def _without_envelope(request: Message) -> Message:
    meta = {key: value for key, value in meta_of(request).items() if key not in _ENVELOPE}
    params = {key: value for key, value in params_of(request).items() if key != "_meta"}
    if meta:
        params["_meta"] = meta
    return {**request, "params": params}


def rejected(request: Message, rejection: InboundLadderRejection) -> Message:
    """The answer to a request that is none of protocol 2026-07-28."""
    body: dict[str, Any] = {"code": rejection.code, "message": rejection.message}
    if rejection.data is not None:
        body["data"] = rejection.data
    return {"jsonrpc": "2.0", "id": request["id"], "error": body}
