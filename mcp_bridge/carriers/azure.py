"""Azure Storage Queues, and Azurite: the three requests that every call makes, without the SDK.

For a message the SDK builds models, a pipeline of seventeen policies and a trace, at several times
the work of the request itself: beside a service near by that is most of the time of a call. Put,
take and delete are one HTTP request each, made here; the rest is the SDK's (`azure_sdk`).
Failures go the same way, through `azure_errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
)
from azure.storage.queue.aio import QueueServiceClient
from typing_extensions import override
from yarl import URL

from mcp_bridge.carriers.azure_auth import authority
from mcp_bridge.carriers.azure_errors import patiently
from mcp_bridge.carriers.azure_sdk import API_VERSION, SdkCarrier, age_s
from mcp_bridge.carriers.limits import check_name, check_put, check_take
from mcp_bridge.carriers.port import OnOperation, Operation, Receipt, Taken
from mcp_bridge.carriers.proxies import system_proxy

CONNECT_S, READ_S = 5, 10
_ALL_ITS_OWN = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_CREATED, _OK, _NO_CONTENT = 201, 200, 204


class AzureCarrier(SdkCarrier):
    """A `Carrier` over one storage account's queue service. Enter it once."""

    def __init__(
        self,
        service: QueueServiceClient,
        *,
        credential: AsyncTokenCredential | None = None,
        on_operation: OnOperation | None = None,
    ) -> None:
        """Take over a client and the credential behind it; both are closed on exit.

        Raises:
            LocalFault: BAD_SETTINGS, the service would be spoken to in clear over a network.
        """
        super().__init__(service, credential=credential, on_operation=on_operation)
        base, _, self._sas = service.url.partition("?")
        self._base = base.rstrip("/")
        self._path = urlsplit(self._base).path
        self._proxy = system_proxy(self._base)
        self._authority = authority(service.credential)
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None

    @override
    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._session = await self._stack.enter_async_context(
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_S, sock_read=READ_S),
                skip_auto_headers=_ALL_ITS_OWN,
            )
        )
        return self

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
        await super().__aexit__(kind, error, trace)

    @override
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        check_name(queue)
        check_put(text, ttl_s)
        body = f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>".encode()

        async def send() -> Receipt:
            answer, _ = await self._send(
                Operation.PUT, "POST", f"/{queue}/messages", {"messagettl": str(ttl_s)}, body
            )
            [message] = _messages(answer)
            return _receipt(message)

        return await patiently(send)

    @override
    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        check_name(queue)
        check_take(limit, lease_s)
        query = {"numofmessages": str(limit), "visibilitytimeout": str(lease_s)}

        async def send() -> Sequence[Taken]:
            answer, date = await self._send(Operation.TAKE, "GET", f"/{queue}/messages", query)
            return [_taken(message, date) for message in _messages(answer)]

        return await patiently(send)

    @override
    async def delete(self, queue: str, receipt: Receipt) -> None:
        check_name(queue)
        path = f"/{queue}/messages/{quote(receipt.message_id, safe='')}"
        query = {"popreceipt": receipt.token}
        await patiently(lambda: self._send(Operation.DELETE, "DELETE", path, query))

    @override
    @staticmethod
    def _options(url: str) -> dict[str, Any]:
        proxy = system_proxy(url)
        return {
            "api_version": API_VERSION,
            "retry_total": 0,
            "connection_timeout": CONNECT_S,
            "read_timeout": READ_S,
            "use_env_settings": False,  # the proxy is passed on, once
            "proxies": {urlsplit(url).scheme: proxy} if proxy else None,
        }

    async def _send(
        self,
        operation: Operation,
        method: str,
        path: str,
        query: dict[str, str],
        body: bytes | None = None,
    ) -> tuple[bytes, str]:
        """One request; its answer's body and date. Raises AzureError, or what aiohttp raises."""
        if self._session is None:
            raise ServiceRequestError("closed")
        headers = {"x-ms-version": API_VERSION}
        if body is not None:
            headers["Content-Type"] = "application/xml"
        await self._authority.sign(method, self._path + path, query, headers, len(body or b""))
        pairs = "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items())
        url = f"{self._base}{path}?{pairs}" + (f"&{self._sas}" if self._sas else "")
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=body,
                headers=headers,
                allow_redirects=False,
                proxy=self._proxy,
            ) as response:
                answer = await response.read()
                if self._on_operation is not None:
                    self._on_operation(operation)
                if response.status != _WANTED[operation]:
                    raise _refused(response)
                return answer, response.headers.get("Date", "")
        except aiohttp.ConnectionTimeoutError as error:
            raise ServiceRequestTimeoutError("no connection", error=error) from None
        except aiohttp.ClientConnectorError as error:
            raise ServiceRequestError("no connection", error=error) from None


_WANTED = {Operation.PUT: _CREATED, Operation.TAKE: _OK, Operation.DELETE: _NO_CONTENT}


def _refused(response: aiohttp.ClientResponse) -> HttpResponseError:
    error = HttpResponseError("refused")
    told: Any = error  # whoever catches it looks at the head of the response only
    told.status_code, told.response = response.status, response
    told.error_code = response.headers.get("x-ms-error-code", "")
    return error


def _messages(answer: bytes) -> Sequence[ET.Element]:
    """Raises ValueError or ParseError for what is not the service's own answer."""
    root = ET.fromstring(answer)  # noqa: S314 - the service's, which the SDK parses so too
    if root.tag != "QueueMessagesList":
        raise ValueError
    return root.findall("QueueMessage")


def _receipt(message: ET.Element) -> Receipt:
    return Receipt(_text(message, "MessageId"), _text(message, "PopReceipt"))


def _taken(message: ET.Element, date: str) -> Taken:
    return Taken(
        _receipt(message),
        message.findtext("MessageText") or "",
        int(_text(message, "DequeueCount")),
        age_s(date, _text(message, "InsertionTime")),
    )


def _text(message: ET.Element, tag: str) -> str:
    text = message.findtext(tag)
    if not text:
        raise ValueError
    return text
