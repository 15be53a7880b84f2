"""Protocol 2026-07-28 over HTTP: one POST is one request, and becomes one exchange.

The checks come in the order of the SDK's own server, so that a client cannot tell the gateway from
the server behind it: method, Accept, JSON, notification, routing headers, envelope, `Mcp-Param-*`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial

from mcp.server.streamable_http import check_accept_headers
from mcp.shared.inbound import (
    MCP_PROTOCOL_VERSION_HEADER,
    InboundLadderRejection,
    classify_inbound_request,
    find_duplicated_routing_header,
    unsupported_protocol_version_rejection,
)
from mcp_types import HEADER_MISMATCH, PARSE_ERROR
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mcp_bridge.gateway.far import Far
from mcp_bridge.gateway.replies import json_reply, reply
from mcp_bridge.gateway.tool_headers import ToolHeaders
from mcp_bridge.rpc import (
    Message,
    RequestId,
    as_object,
    error,
    invalid_request,
    is_request,
    method_not_found,
)


@dataclass(frozen=True, slots=True)
class ModernFront:
    """An ASGI app."""

    far: Far
    tool_headers: ToolHeaders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        admitted = await self._admitted(Request(scope, receive))
        if isinstance(admitted, Response):
            await admitted(scope, receive, send)
        else:
            listens = admitted["method"] == "subscriptions/listen"
            carry = self.far.listen if listens else self.far.exchange
            await reply(partial(carry, admitted), scope, receive, send)

    async def _admitted(self, request: Request) -> Message | Response:
        """The message to carry, or why it is not carried."""
        refusal = _not_acceptable(request)
        if refusal is not None:
            return refusal
        try:
            body: object = json.loads(await request.body())
        except (ValueError, RecursionError):
            return json_reply(error(None, PARSE_ERROR, "Parse error"))
        message = as_object(body)
        if message.get("jsonrpc") != "2.0" or not (is_request(message) or "id" not in message):
            return json_reply(invalid_request(None))
        if "id" not in message:
            return _acknowledged(message, request)
        rejection = await self._rejection(message, request)
        return message if rejection is None else json_reply(rejection)

    async def _rejection(self, message: Message, request: Request) -> Message | None:
        twice = find_duplicated_routing_header(request.headers.items())
        if twice is not None:
            return error(message["id"], HEADER_MISMATCH, f"{twice} header appears more than once")
        verdict = classify_inbound_request(message, headers=dict(request.headers))
        if isinstance(verdict, InboundLadderRejection):
            return _rejected(message["id"], verdict)
        # The handshake is not of this era; a server that speaks both would answer it.
        if message["method"] == "initialize":
            return method_not_found(message["id"])
        mismatch = await self.tool_headers.rejection(message, request.headers)
        return None if mismatch is None else _rejected(message["id"], mismatch)


def _not_acceptable(request: Request) -> Response | None:
    if request.method != "POST":
        return Response(status_code=405, headers={"Allow": "POST"})
    if check_accept_headers(request) != (True, True):
        return Response(status_code=406)
    return None


def _acknowledged(message: Message, request: Request) -> Response:
    """A notification is taken and dropped: on this wire a client cancels by hanging up.

    To heed a cancel by an id that the client chose would let one caller cancel another.
    """
    if not isinstance(message.get("method"), str):
        return json_reply(invalid_request(None))
    wanted = request.headers.get(MCP_PROTOCOL_VERSION_HEADER, "")
    unsupported = unsupported_protocol_version_rejection(wanted)
    if unsupported is not None:
        return json_reply(_rejected(None, unsupported))
    return Response(status_code=202)


def _rejected(request_id: RequestId | None, rejection: InboundLadderRejection) -> Message:
    response = error(request_id, rejection.code, rejection.message)
    if rejection.data is not None:
        response["error"]["data"] = rejection.data
    return response
