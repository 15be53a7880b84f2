"""Any carrier, whose puts are doubled and overtake each other, as a queue may have it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from random import Random
from types import TracebackType
from typing import Self
from uuid import uuid4

import anyio
import anyio.abc
from typing_extensions import override

from mcp_bridge.background import background
from mcp_bridge.carriers.port import Carrier, Peeked, Receipt, Taken
from mcp_bridge.errors import CarrierFault

LONGEST_S = 0.02  # that a put is late


class RoughCarrier(Carrier):
    """Half of the puts arrive up to LONGEST_S late; half arrive twice. `inner` is entered here."""

    def __init__(self, inner: Carrier, seed: int = 0) -> None:
        self._inner = inner
        self._random = Random(seed)  # noqa: S311 - a test's dice
        self._stack = AsyncExitStack()
        self._tasks: anyio.abc.TaskGroup | None = None

    @override
    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._inner)
            self._tasks = await stack.enter_async_context(background())
            self._stack = stack.pop_all()
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
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        assert self._tasks is not None
        for _ in range(self._random.choice([1, 2])):
            late_s = self._random.choice([0.0, self._random.uniform(0, LONGEST_S)])
            if late_s:
                self._tasks.start_soon(self._put_late, late_s, queue, text, ttl_s)
            else:
                await self._inner.put(queue, text, ttl_s=ttl_s)
        return Receipt(str(uuid4()), uuid4().hex)  # with which nothing can be recalled

    async def _put_late(self, late_s: float, queue: str, text: str, ttl_s: int) -> None:
        await anyio.sleep(late_s)
        try:
            await self._inner.put(queue, text, ttl_s=ttl_s)
        except CarrierFault:
            return  # the queue has gone

    @override
    async def create(self, queue: str) -> bool:
        return await self._inner.create(queue)

    @override
    async def drop(self, queue: str) -> None:
        await self._inner.drop(queue)

    @override
    async def queues(self, prefix: str) -> Sequence[str]:
        return await self._inner.queues(prefix)

    @override
    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        return await self._inner.take(queue, limit=limit, lease_s=lease_s)

    @override
    async def peek(self, queue: str, *, limit: int) -> Sequence[Peeked]:
        return await self._inner.peek(queue, limit=limit)

    @override
    async def renew(self, queue: str, receipt: Receipt, *, lease_s: int) -> Receipt:
        return await self._inner.renew(queue, receipt, lease_s=lease_s)

    @override
    async def delete(self, queue: str, receipt: Receipt) -> None:
        await self._inner.delete(queue, receipt)

    @override
    async def length(self, queue: str) -> int:
        return await self._inner.length(queue)
