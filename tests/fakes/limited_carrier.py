"""Any carrier, with rights on named queues only, as a SAS or a role gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from typing_extensions import override

from mcp_bridge.carriers.port import Carrier, Operation, Peeked, Receipt, Taken
from mcp_bridge.errors import CarrierDenied
from mcp_bridge.rights import LETTERS


class LimitedCarrier(Carrier):
    """Passes what `rights` (letters by queue) allow, refuses the rest; remembers both."""

    def __init__(self, inner: Carrier, rights: Mapping[str, str]) -> None:
        self._inner = inner
        self._rights = rights
        self.done: set[tuple[Operation, str]] = set()
        self.denied: set[tuple[Operation, str]] = set()

    def used(self) -> dict[str, str]:
        """The letters that were needed, by queue."""
        return {
            queue: "".join(
                letter
                for letter in "raup"
                if any(LETTERS[did] == letter for did, where in self.done if where == queue)
            )
            for queue in {where for _, where in self.done}
        }

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
        self._check(Operation.CREATE, queue)
        return await self._inner.create(queue)

    @override
    async def drop(self, queue: str) -> None:
        self._check(Operation.DROP, queue)
        await self._inner.drop(queue)

    @override
    async def queues(self, prefix: str) -> Sequence[str]:
        self._check(Operation.LIST, prefix)
        return await self._inner.queues(prefix)

    @override
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        self._check(Operation.PUT, queue)
        return await self._inner.put(queue, text, ttl_s=ttl_s)

    @override
    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        self._check(Operation.TAKE, queue)
        return await self._inner.take(queue, limit=limit, lease_s=lease_s)

    @override
    async def peek(self, queue: str, *, limit: int) -> Sequence[Peeked]:
        self._check(Operation.PEEK, queue)
        return await self._inner.peek(queue, limit=limit)

    @override
    async def renew(self, queue: str, receipt: Receipt, *, lease_s: int) -> Receipt:
        self._check(Operation.RENEW, queue)
        return await self._inner.renew(queue, receipt, lease_s=lease_s)

    @override
    async def delete(self, queue: str, receipt: Receipt) -> None:
        self._check(Operation.DELETE, queue)
        await self._inner.delete(queue, receipt)

    @override
    async def length(self, queue: str) -> int:
        self._check(Operation.PEEK, queue)
        return await self._inner.length(queue)

    def _check(self, operation: Operation, queue: str) -> None:
        letter = LETTERS.get(operation)
        if letter is None or letter not in self._rights.get(queue, ""):
            self.denied.add((operation, queue))
            raise CarrierDenied
        self.done.add((operation, queue))
