"""HTTP to one MCP server: where it may be, who we are, how long and how much we take."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx2
from typing_extensions import override

from mcp_bridge.carriers.proxies import system_proxy
from mcp_bridge.errors import Code, LocalFault

MAX_BODY: Final = 4 * 2**20  # bytes of one answer, or of one event of a stream
CONNECT_S: Final = 10.0
WRITE_S: Final = 30.0
# How long an answer may take is for whoever waits for it: a subscription lasts as long as it likes.
TIMEOUTS: Final = httpx2.Timeout(None, connect=CONNECT_S, write=WRITE_S, pool=CONNECT_S)
ACCEPT: Final = "application/json, text/event-stream"

MAX_CONNECTIONS = 256  # a subscription keeps one


def http_client(url: str, token: str | None) -> httpx2.AsyncClient:
    """A client for `url`, which sends `token` as a bearer token and follows no redirect.

    Raises:
        LocalFault: BAD_SETTINGS, the address is neither https nor on this PC, could hold a secret,
            or the token is none.
    """
    headers = {"accept-encoding": "identity"}  # what is small on the wire must be small here too
    if token is not None:
        if not (token.isascii() and token.isprintable() and token.strip() == token != ""):
            raise LocalFault(Code.BAD_SETTINGS)
        headers["authorization"] = f"Bearer {token}"
    proxy = None if _is_here(url) else system_proxy(url)
    limits = httpx2.Limits(max_connections=MAX_CONNECTIONS)
    return httpx2.AsyncClient(
        headers=headers,
        timeout=TIMEOUTS,
        transport=_Bounded(httpx2.AsyncHTTPTransport(proxy=proxy, limits=limits)),
        trust_env=False,  # no `.netrc`; the proxy has been asked for
    )


def _is_here(url: str) -> bool:
    """Whether the address is on this PC; else it must be https."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises if it is none
    except ValueError:
        raise LocalFault(Code.BAD_SETTINGS) from None
    may_hold_a_secret = parts.query or parts.fragment or "@" in parts.netloc
    here = _is_loopback(host)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and here)
    if not host or may_hold_a_secret or not is_safe:
        raise LocalFault(Code.BAD_SETTINGS)
    return here


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Bounded(httpx2.AsyncBaseTransport):
    """No answer of more than MAX_BODY bytes; a stream of events is bounded event by event."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if "content-encoding" in response.headers:
            await response.aclose()
            raise httpx2.DecodingError("not asked for", request=request)
        if not is_stream(response) and isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _BoundedBody(response.stream)
        return response

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


class _BoundedBody(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._inner:
            size += len(piece)
            if size > MAX_BODY:
                raise TooLargeBodyError
            yield piece

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


class TooLargeBodyError(httpx2.StreamError):
    """An answer is longer than MAX_BODY."""

    def __init__(self) -> None:
        super().__init__("too large")


def is_stream(response: httpx2.Response) -> bool:
    """Whether the answer is a stream of events."""
    kind: str = response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "text/event-stream"
