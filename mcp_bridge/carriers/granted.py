"""A carrier by a grant: a token a queue, and only what that token is for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from anyio import to_thread
from typing_extensions import override

from mcp_bridge.carriers.azure import AzureCarrier
from mcp_bridge.carriers.grant_file import Grant, read_grant
from mcp_bridge.carriers.port import Carrier, OnOperation, Peeked, Receipt, Taken
from mcp_bridge.errors import CarrierDenied, LocalFault

T = TypeVar("T")


class GrantedCarrier(Carrier):
    """One Azure client a queue. When the service refuses, a grant that was renewed is read again.

    Queues are made beforehand: to create, drop or list them is refused here, without a request.
    """

    def __init__(self, path: Path, *, on_operation: OnOperation | None = None) -> None:
        """Read the grant. Raises LocalFault(BAD_SETTINGS)."""
        self._path = path
        self._on_operation = on_operation
        self._grant = read_grant(path)
        self._carriers = self._made(self._grant)
        self._stack = AsyncExitStack()

    @override
    async def __aenter__(self) -> Self:
        await self._enter(self._carriers)
        return self

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @override
    async def create(self, queue: str) -> bool:
        raise CarrierDenied

    @override
    async def drop(self, queue: str) -> None:
        raise CarrierDenied

    @override
    async def queues(self, prefix: str) -> Sequence[str]:
        raise CarrierDenied

    @override
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        return await self._ask(queue, lambda one: one.put(queue, text, ttl_s=ttl_s))

    @override
    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        return await self._ask(queue, lambda one: one.take(queue, limit=limit, lease_s=lease_s))

    @override
    async def peek(self, queue: str, *, limit: int) -> Sequence[Peeked]:
        return await self._ask(queue, lambda one: one.peek(queue, limit=limit))

    @override
    async def renew(self, queue: str, receipt: Receipt, *, lease_s: int) -> Receipt:
        return await self._ask(queue, lambda one: one.renew(queue, receipt, lease_s=lease_s))

    @override
    async def delete(self, queue: str, receipt: Receipt) -> None:
        await self._ask(queue, lambda one: one.delete(queue, receipt))

    @override
    async def length(self, queue: str) -> int:
        return await self._ask(queue, lambda one: one.length(queue))

    async def _ask(self, queue: str, operation: Callable[[Carrier], Awaitable[T]]) -> T:
        try:
            return await operation(self._for(queue))
        except CarrierDenied:
            if not await self._renewed():
                raise
        return await operation(self._for(queue))

    def _for(self, queue: str) -> Carrier:
        carrier = self._carriers.get(queue)
        if carrier is None:
            raise CarrierDenied
        return carrier

    async def _renewed(self) -> bool:
        """Whether the file holds another grant now; then it is used from here on."""
        try:
            grant = await to_thread.run_sync(read_grant, self._path)
            if grant == self._grant:
                return False
            carriers = self._made(grant)
        except LocalFault:
            return False  # it is just being replaced, or was taken away
        self._grant = grant
        await self._enter(carriers)
        self._carriers = carriers
        return True

    async def _enter(self, carriers: Mapping[str, Carrier]) -> None:
        for carrier in carriers.values():
            await self._stack.enter_async_context(carrier)

    def _made(self, grant: Grant) -> Mapping[str, Carrier]:
        return {
            queue: AzureCarrier.from_url(grant.url, token, on_operation=self._on_operation)
            for queue, token in grant.queues.items()
        }
