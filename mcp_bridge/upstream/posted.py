"""A server at a URL, one POST a request: of protocol 2026-07-28, or in one session of its elders.

Callers' ids need no change in the newer protocol, where each POST stands alone. In the one session
of an elder they do, as with a child on stdio.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import httpx2
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    InboundLadderRejection,
    classify_inbound_request,
    encode_header_value,
    find_invalid_x_mcp_header,
    mcp_param_headers,
    x_mcp_header_map,
)

from mcp_bridge.errors import Code, Executed, PeerFault, UpstreamGone
from mcp_bridge.rpc import (
    Message,
    Notify,
    as_object,
    decode,
    encode,
    invalid_request,
    is_response,
    method_not_found,
    params_of,
    without_text,
)
from mcp_bridge.upstream.child import cancelled, remapped, token_of
from mcp_bridge.upstream.elder import rejected
from mcp_bridge.upstream.http_client import ACCEPT, MAX_BODY, TooLargeBodyError, is_stream

SESSION_HEADER: Final = "mcp-session-id"
ASIDE_S: Final = 2.0  # for what is said beside a request: a cancel, a farewell

_DENIED: Final = frozenset({401, 403, 407})
_NOT_FOUND: Final = 404
# A server that says one of these has not run the request.
_NOT_TAKEN: Final = frozenset({*_DENIED, 400, _NOT_FOUND, 405, 406, 408, 413, 415, 421, 426, 429})
_NOT_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.LocalProtocolError,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)

Hear = Callable[[Message], Awaitable[None]]
OnResponse = Callable[[httpx2.Response], None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address, and how to get there."""

    client: httpx2.AsyncClient
    url: str

    async def post(
        self,
        request: Message,
        headers: Mapping[str, str],
        hear: Hear,
        on_response: OnResponse = lambda _response: None,
    ) -> Message:
        """One request and its response; what else the server says meanwhile goes to `hear`.

        Raises:
            UpstreamGone: there is no response. Its code says `denied` or `too_large` where it is.
        """
        headers = {"accept": ACCEPT, "content-type": "application/json", **headers}
        try:
            async with self.client.stream(
                "POST", self.url, content=encode(request), headers=headers
            ) as response:
                on_response(response)
                return await _response_of(request, response, hear)
        except _NOT_SENT:
            raise UpstreamGone(Executed.NO) from None
        except TooLargeBodyError:
            raise UpstreamGone(Executed.UNKNOWN, Code.TOO_LARGE) from None
        except (httpx2.HTTPError, httpx2.StreamError, PeerFault):
            raise UpstreamGone(Executed.UNKNOWN) from None

    async def aside(self, method: str, headers: Mapping[str, str], body: bytes = b"") -> bool:
        """Say something that has no answer; whether the server took it. Bounded, and shielded."""
        headers = {"accept": ACCEPT, "content-type": "application/json", **headers}
        with anyio.move_on_after(ASIDE_S, shield=True):
            try:
                said = await self.client.request(method, self.url, content=body, headers=headers)
            except (httpx2.HTTPError, httpx2.StreamError):
                return False
            return said.is_success
        return False


@dataclass(frozen=True, slots=True)
class Modern:
    """A server of protocol 2026-07-28: every POST stands alone."""

    endpoint: Endpoint
    _headers_of_tools: dict[str, Mapping[tuple[str, ...], str]] = field(
        default_factory=dict[str, Mapping[tuple[str, ...], str]]
    )

    def learn(self, tools: Iterable[Mapping[str, Any]]) -> None:
        """Which arguments travel as headers too, by the schemas of the tools."""
        self._headers_of_tools.clear()
        for tool in tools:
            schema = tool.get("inputSchema")
            if find_invalid_x_mcp_header(schema) is None:
                self._headers_of_tools[str(tool.get("name"))] = x_mcp_header_map(schema)

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """One request and its response. Cancelling it closes its stream, which stops the work."""
        route = classify_inbound_request(request)
        if isinstance(route, InboundLadderRejection):
            return rejected(request, route)
        headers = self._headers(request, route.protocol_version)
        return await self.endpoint.post(request, headers, notify)

    def _headers(self, request: Message, version: str) -> Mapping[str, str]:
        """What the body says, for whoever routes by headers."""
        method, params = request["method"], params_of(request)
        headers = {
            MCP_PROTOCOL_VERSION_HEADER: encode_header_value(version),
            MCP_METHOD_HEADER: encode_header_value(method),
        }
        name = params.get(NAME_BEARING_METHODS.get(method, ""))
        if isinstance(name, str):
            headers[MCP_NAME_HEADER] = encode_header_value(name)
            arguments = as_object(params.get("arguments"))
            if method == "tools/call":
                headers |= mcp_param_headers(self._headers_of_tools.get(name, {}), arguments)
        return headers


class Session:
    """A server of the handshake era, in one session that all callers share."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._ids = itertools.count(1)
        self._headers: dict[str, str] = {}

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """One request and its response. Cancelling it tells the server so."""
        own_id, token = next(self._ids), token_of(request)

        async def hear(message: Message) -> None:
            if "id" in message:
                await self.tell(method_not_found(message["id"]))  # nobody here could answer it
            elif message.get("method") != "notifications/progress":
                await notify(message)
            elif token is not None:
                params = {**params_of(message), "progressToken": token}
                await notify({**message, "params": params})

        try:
            response = await self._endpoint.post(
                remapped(request, own_id, token), self._headers, hear, self._look
            )
        except anyio.get_cancelled_exc_class():
            await self.tell(cancelled(own_id))
            raise
        if request["method"] == "initialize":
            version = as_object(response.get("result")).get("protocolVersion")
            if isinstance(version, str):
                self._headers[MCP_PROTOCOL_VERSION_HEADER] = encode_header_value(version)
        return {**response, "id": request["id"]}

    async def tell(self, message: Message) -> bool:
        """Hand it a notification or an answer."""
        return await self._endpoint.aside("POST", self._headers, encode(message))

    async def close(self) -> None:
        """Let the server forget it."""
        if SESSION_HEADER in self._headers:
            await self._endpoint.aside("DELETE", self._headers)

    def _look(self, response: httpx2.Response) -> None:
        """Keep the session's id; a server that does not know it any more has not run a thing."""
        if SESSION_HEADER not in self._headers:
            session_id = response.headers.get(SESSION_HEADER)
            if session_id is not None and response.is_success:
                self._headers[SESSION_HEADER] = session_id
        elif response.status_code == _NOT_FOUND:
            raise UpstreamGone(Executed.NO)


async def _response_of(request: Message, response: httpx2.Response, hear: Hear) -> Message:
    if response.is_success and is_stream(response):
        messages = _events(response)
    else:
        messages = _body(request, response)
    async for message in messages:
        if is_response(message):
            return without_text({**message, "id": request["id"]})
        await hear(message)
    raise UpstreamGone(Executed.UNKNOWN)


async def _events(response: httpx2.Response) -> AsyncIterator[Message]:
    async for event in httpx2.EventSource(response, max_event_size=MAX_BODY):
        if event.event == "message" and event.data:  # without data it only numbers the stream
            for message in decode(event.data.encode()):
                yield message


async def _body(request: Message, response: httpx2.Response) -> AsyncIterator[Message]:
    """The one message of the body; where it holds none, what the status says of the request."""
    if response.status_code in _DENIED:
        raise UpstreamGone(Executed.NO, Code.DENIED)
    body = await response.aread()
    try:
        messages = decode(body)
    except PeerFault:
        if response.status_code in _NOT_TAKEN:
            yield invalid_request(request["id"])
            return
        redirected = response.is_redirect
        raise UpstreamGone(Executed.NO if redirected else Executed.UNKNOWN) from None
    for message in messages:
        yield message
