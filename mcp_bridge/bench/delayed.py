"""A carrier that is further away: each operation takes longer by a fixed time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

import anyio
from typing_extensions import override

from mcp_bridge.carriers.port import Carrier, Peeked, Receipt, Taken

T = TypeVar("T")


class DelayedCarrier(Carrier):
    """Half of the delay before `inner` acts, half until its answer is here."""

    def __init__(self, inner: Carrier, delay_s: float) -> None:
        self._inner = inner
        self._half_s = delay_s / 2

    @override
    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._inner.__aexit__(kind, error, trace)

    @override
    async def create(self, queue: str) -> bool:
        return await self._later(lambda: self._inner.create(queue))

    @override
    async def drop(self, queue: str) -> None:
        await self._later(lambda: self._inner.drop(queue))

    @override
    async def queues(self, prefix: str) -> Sequence[str]:
        return await self._later(lambda: self._inner.queues(prefix))

    @override
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        return await self._later(lambda: self._inner.put(queue, text, ttl_s=ttl_s))

    @override
    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        return await self._later(lambda: self._inner.take(queue, limit=limit, lease_s=lease_s))

    @override
    async def peek(self, queue: str, *, limit: int) -> Sequence[Peeked]:
        return await self._later(lambda: self._inner.peek(queue, limit=limit))

    @override
    async def renew(self, queue: str, receipt: Receipt, *, lease_s: int) -> Receipt:
        return await self._later(lambda: self._inner.renew(queue, receipt, lease_s=lease_s))

    @override
    async def delete(self, queue: str, receipt: Receipt) -> None:
        await self._later(lambda: self._inner.delete(queue, receipt))

    @override
    async def length(self, queue: str) -> int:
        return await self._later(lambda: self._inner.length(queue))

    async def _later(self, operation: Callable[[], Awaitable[T]]) -> T:
        await anyio.sleep(self._half_s)
        answer = await operation()
        await anyio.sleep(self._half_s)
        return answer


def delayed(carrier: Carrier, delay_s: float) -> Carrier:
    """`carrier` itself when there is no delay."""
    return DelayedCarrier(carrier, delay_s) if delay_s else carrier
