"""Azure Storage Queues, and Azurite. Only this module and `azure_sas` import azure.storage.

Each method is one request to the service unless it is throttled. The SDK's own retries are off:
they sleep for up to 19 s on the first 503 and repeat a put whose answer was lost, which makes a
second message that `delete` with the put receipt cannot recall. Here a request is repeated only
when the service certainly did not act on it.

The SDK logs a line a request at INFO, at half the throughput: whoever configures logging sets the
`azure` logger to WARNING.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import anyio
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import PipelineResponse
from azure.storage.queue.aio import QueueClient, QueueServiceClient
from typing_extensions import override

from mcp_bridge.carriers.azure_errors import AlreadyThere, patiently
from mcp_bridge.carriers.azure_sas import expiry, mint
from mcp_bridge.carriers.grant_file import Grant
from mcp_bridge.carriers.limits import check_lease, check_name, check_put, check_take
from mcp_bridge.carriers.port import Carrier, OnOperation, Operation, Peeked, Receipt, Taken
from mcp_bridge.errors import Code, LocalFault, QueueMissing

# One service version everywhere: what is tested on Azurite is what real Azure gets. Azurite 3.37
# does not know the SDK's own default; user-delegation SAS for queues needs 2025-07-05.
API_VERSION = "2025-11-05"

_CLOSE_S = 2.0


@dataclass(slots=True)
class _Reply:
    """A `raw_response_hook`: counts each HTTP answer and keeps what only its head says."""

    operation: Operation
    on_operation: OnOperation | None
    date: str = ""

    def __call__(self, response: PipelineResponse[Any, Any]) -> None:
        self.date = response.http_response.headers.get("Date", "")
        if self.on_operation is not None:
            self.on_operation(self.operation)


def age_s(date: str, inserted: str) -> float:
    """Whole seconds in the queue by the service's own clock; 0 if it does not tell the time."""
    if date == inserted:
        return 0.0
    try:
        age = parsedate_to_datetime(date) - parsedate_to_datetime(inserted)
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, age.total_seconds())


class SdkCarrier(Carrier):
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
        _refuse_clear_text(service.url)
        self._service = service
        self._credential = credential
        self._on_operation = on_operation
        self._clients: dict[str, QueueClient] = {}

    @classmethod
    def from_connection_string(cls, text: str, *, on_operation: OnOperation | None = None) -> Self:
        """By a connection string with an account key or a SAS. Raises LocalFault(BAD_SETTINGS)."""
        try:
            url = QueueServiceClient.from_connection_string(text).url
            service = QueueServiceClient.from_connection_string(text, **cls._options(url))
        except ValueError:
            raise LocalFault(Code.BAD_SETTINGS) from None
        return cls(service, on_operation=on_operation)

    @classmethod
    def from_url(
        cls,
        url: str,
        credential: AsyncTokenCredential | dict[str, str] | str | None,
        *,
        on_operation: OnOperation | None = None,
    ) -> Self:
        """By the queue service's URL. Raises LocalFault(BAD_SETTINGS).

        Args:
            url: `https://ACCOUNT.queue.core.windows.net`, with its SAS if `credential` is None.
            credential: from azure.identity.aio (closed with the carrier), a SAS, or
                `{"account_name": …, "account_key": …}`.
            on_operation: told of every answered request.
        """
        try:
            service = QueueServiceClient(url, credential, **cls._options(url))
        except ValueError:
            raise LocalFault(Code.BAD_SETTINGS) from None
        owned = credential if isinstance(credential, AsyncTokenCredential) else None
        return cls(service, credential=owned, on_operation=on_operation)

    @property
    def endpoint(self) -> str:
        """The service's URL, without the SAS that it may hold."""
        return self._service.url.partition("?")[0]

    @override
    async def __aenter__(self) -> Self:
        await self._service.__aenter__()
        return self

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.move_on_after(_CLOSE_S, shield=True):
            await self._service.close()
            if self._credential is not None:
                await self._credential.close()

    @override
    async def create(self, queue: str) -> bool:
        check_name(queue)
        reply = self._reply(Operation.CREATE)
        client = self._client(queue)
        try:
            await patiently(lambda: client.create_queue(raw_response_hook=reply))
        except AlreadyThere:
            return False
        return True

    @override
    async def drop(self, queue: str) -> None:
        reply = self._reply(Operation.DROP)
        client = self._client(queue)
        try:
            await patiently(lambda: client.delete_queue(raw_response_hook=reply))
        except QueueMissing:
            return

    @override
    async def queues(self, prefix: str) -> Sequence[str]:
        reply = self._reply(Operation.LIST)

        async def names() -> list[str]:
            service: Any = self._service  # the SDK leaves the items' type open
            found = service.list_queues(name_starts_with=prefix, raw_response_hook=reply)
            return sorted([str(queue.name) async for queue in found])

        return await patiently(names)

    @override
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        check_put(text, ttl_s)
        reply = self._reply(Operation.PUT)
        client = self._client(queue)
        message = await patiently(
            lambda: client.send_message(text, time_to_live=ttl_s, raw_response_hook=reply)
        )
        return Receipt(message.id, str(message.pop_receipt))

    @override
    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        check_take(limit, lease_s)
        reply = self._reply(Operation.TAKE)
        client = self._client(queue)

        async def page() -> list[Any]:
            # One page is one request; iterating over messages costs an empty request more.
            pages = client.receive_messages(
                messages_per_page=limit, visibility_timeout=lease_s, raw_response_hook=reply
            ).by_page()
            first = await anext(pages, None)
            return [] if first is None else [message async for message in first]

        return [
            Taken(
                Receipt(message.id, message.pop_receipt),
                message.content or "",
                message.dequeue_count,
                age_s(reply.date, _http_date(message.inserted_on)),
            )
            for message in await patiently(page)
        ]

    @override
    async def peek(self, queue: str, *, limit: int) -> Sequence[Peeked]:
        check_take(limit, 1)
        reply = self._reply(Operation.PEEK)
        client = self._client(queue)
        messages = await patiently(
            lambda: client.peek_messages(max_messages=limit, raw_response_hook=reply)
        )
        return [
            Peeked(message.content or "", age_s(reply.date, _http_date(message.inserted_on)))
            for message in messages
        ]

    @override
    async def renew(self, queue: str, receipt: Receipt, *, lease_s: int) -> Receipt:
        check_lease(lease_s)
        reply = self._reply(Operation.RENEW)
        client = self._client(queue)
        # By id and receipt: given a whole message, the SDK would upload its text again. Without
        # `visibility_timeout` it would release the message.
        message = await patiently(
            lambda: client.update_message(
                receipt.message_id,
                pop_receipt=receipt.token,
                visibility_timeout=lease_s,
                raw_response_hook=reply,
            )
        )
        return Receipt(receipt.message_id, str(message.pop_receipt))

    @override
    async def delete(self, queue: str, receipt: Receipt) -> None:
        reply = self._reply(Operation.DELETE)
        client = self._client(queue)
        await patiently(
            lambda: client.delete_message(
                receipt.message_id, receipt.token, raw_response_hook=reply
            )
        )

    @override
    async def length(self, queue: str) -> int:
        reply = self._reply(Operation.PEEK)
        client = self._client(queue)
        properties = await patiently(lambda: client.get_queue_properties(raw_response_hook=reply))
        return properties.approximate_message_count or 0

    async def grant(self, rights: Mapping[str, str], hours: float) -> Grant:
        """A token for each of these queues, with these letters (see `rights`).

        Raises:
            LocalFault: BAD_SETTINGS, more than a week, or this carrier came in by a token itself.
            CarrierFault: the service gives no key to sign with.
        """
        expires = expiry(hours)
        tokens = await mint(self._service, rights, expires)
        return Grant(self._service.url.rstrip("/"), expires.isoformat(), tokens)

    @staticmethod
    def _options(_url: str) -> dict[str, Any]:
        return {"api_version": API_VERSION, "retry_total": 0}

    def _reply(self, operation: Operation) -> _Reply:
        return _Reply(operation, self._on_operation)

    def _client(self, queue: str) -> QueueClient:
        """A client a queue; all share the service's connections."""
        if queue not in self._clients:
            self._clients[queue] = self._service.get_queue_client(queue)
        return self._clients[queue]


def _http_date(moment: datetime | None) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True) if moment else ""


def _refuse_clear_text(url: str) -> None:
    """Plain HTTP is for an emulator on this PC only."""
    parts = urlsplit(url)
    if parts.scheme == "https" or _is_loopback(parts.hostname or ""):
        return
    raise LocalFault(Code.BAD_SETTINGS)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
