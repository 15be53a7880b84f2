"""Any carrier, with faults at chosen calls: what a real service does on its bad days.

    faulty = FaultyCarrier(MemoryCarrier())
    faulty.inject(Operation.PUT, None, Raise(CarrierBusy), Raise(CarrierUnreachable, after=True))

lets the first put pass, refuses the second, and loses the answer of the third.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self, TypeVar
from uuid import uuid4

import anyio
from typing_extensions import override

from mcp_bridge.carriers.port import Carrier, Operation, Peeked, Receipt, Taken
from mcp_bridge.errors import CarrierFault

T = TypeVar("T")


@dataclass(frozen=True)
class Drop:
    """The call seems to work and does nothing: a put that is lost, a take that finds nothing."""


@dataclass(frozen=True)
class Duplicate:
    """A put puts two copies; a take delivers each message twice; other calls happen once."""


@dataclass(frozen=True)
class Reverse:
    """A take delivers what it found in the opposite order."""


@dataclass(frozen=True)
class Truncate:
    """A take delivers messages whose second half is missing."""


@dataclass(frozen=True)
class Raise:
    """The call fails: before the service acted on it, or after, so that only the answer is lost."""

    fault: type[CarrierFault]
    after: bool = False


@dataclass(frozen=True)
class Delay:
    """The call takes so many seconds longer."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """The call waits until the test sets `released`; `reached` says that it is waiting."""

    reached: anyio.Event = field(default_factory=anyio.Event)
    released: anyio.Event = field(default_factory=anyio.Event)


Fault = Drop | Duplicate | Reverse | Truncate | Raise | Delay | Hold


class FaultyCarrier(Carrier):
    """Passes every call to `inner`, through the faults injected for it."""

    def __init__(self, inner: Carrier) -> None:
        self._inner = inner
        self._faults: dict[Operation, deque[Fault | None]] = {}
        self._always: dict[Operation, Fault] = {}
        self.calls: Counter[Operation] = Counter()

    def inject(self, operation: Operation, *faults: Fault | None) -> None:
        """The next calls of `operation` meet these, one each, after what was injected before."""
        self._faults.setdefault(operation, deque()).extend(faults)

    def always(self, operation: Operation, fault: Fault | None) -> None:
        """Every call for which nothing is injected meets `fault`; None ends that."""
        self._always.pop(operation, None)
        if fault is not None:
            self._always[operation] = fault

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
        return await self._call(Operation.CREATE, lambda: self._inner.create(queue), lost=True)

    @override
    async def drop(self, queue: str) -> None:
        await self._call(Operation.DROP, lambda: self._inner.drop(queue), lost=None)

    @override
    async def queues(self, prefix: str) -> Sequence[str]:
        empty: Sequence[str] = ()
        return await self._call(Operation.LIST, lambda: self._inner.queues(prefix), lost=empty)

    @override
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        async def put() -> Receipt:
            return await self._inner.put(queue, text, ttl_s=ttl_s)

        async def put_twice() -> Receipt:
            await put()
            return await put()

        lost = Receipt(str(uuid4()), uuid4().hex)
        return await self._call(Operation.PUT, put, lost=lost, doubled=put_twice)

    @override
    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        async def take() -> Sequence[Taken]:
            return await self._inner.take(queue, limit=limit, lease_s=lease_s)

        async def deliver_twice() -> Sequence[Taken]:
            return [copy for taken in await take() for copy in (taken, taken)]

        async def deliver_reversed() -> Sequence[Taken]:
            return [*reversed(await take())]

        async def deliver_halves() -> Sequence[Taken]:
            return [
                replace(taken, text=taken.text[: len(taken.text) // 2]) for taken in await take()
            ]

        empty: Sequence[Taken] = ()
        return await self._call(
            Operation.TAKE,
            take,
            lost=empty,
            doubled=deliver_twice,
            reverse=deliver_reversed,
            truncated=deliver_halves,
        )

    @override
    async def peek(self, queue: str, *, limit: int) -> Sequence[Peeked]:
        empty: Sequence[Peeked] = ()
        peek = lambda: self._inner.peek(queue, limit=limit)  # noqa: E731
        return await self._call(Operation.PEEK, peek, lost=empty)

    @override
    async def renew(self, queue: str, receipt: Receipt, *, lease_s: int) -> Receipt:
        async def renew() -> Receipt:
            return await self._inner.renew(queue, receipt, lease_s=lease_s)

        return await self._call(Operation.RENEW, renew, lost=receipt)

    @override
    async def delete(self, queue: str, receipt: Receipt) -> None:
        await self._call(Operation.DELETE, lambda: self._inner.delete(queue, receipt), lost=None)

    @override
    async def length(self, queue: str) -> int:
        return await self._call(Operation.PEEK, lambda: self._inner.length(queue), lost=0)

    async def _call(
        self,
        operation: Operation,
        act: Callable[[], Awaitable[T]],
        *,
        lost: T,
        doubled: Callable[[], Awaitable[T]] | None = None,
        reverse: Callable[[], Awaitable[T]] | None = None,
        truncated: Callable[[], Awaitable[T]] | None = None,
    ) -> T:
        self.calls[operation] += 1
        waiting = self._faults.get(operation)
        fault = waiting.popleft() if waiting else self._always.get(operation)
        match fault:
            case Drop():
                return lost
            case Duplicate() if doubled is not None:
                return await doubled()
            case Reverse() if reverse is not None:
                return await reverse()
            case Truncate() if truncated is not None:
                return await truncated()
            case Raise(fault=kind, after=after):
                if after:
                    await act()
                raise kind
            case Delay(seconds=seconds):
                await anyio.sleep(seconds)
            case Hold(reached=reached, released=released):
                reached.set()
                await released.wait()
            case _:
                pass
        return await act()
