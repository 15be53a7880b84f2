"""Queues in this process's memory: Azure's semantics, and a clock that a test can hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import uuid4

from typing_extensions import override

from mcp_bridge.carriers.limits import check_lease, check_name, check_put, check_take
from mcp_bridge.carriers.port import Carrier, OnOperation, Operation, Peeked, Receipt, Taken
from mcp_bridge.errors import LeaseLost, QueueMissing


@dataclass(slots=True)
class _Message:
    """One stored message; times are seconds on the carrier's clock."""

    text: str
    put_at: float
    expires_at: float
    visible_at: float
    times_taken: int = 0
    message_id: str = field(default_factory=lambda: str(uuid4()))
    token: str = field(default_factory=lambda: uuid4().hex)

    def receipt(self) -> Receipt:
        return Receipt(self.message_id, self.token)

    def lease(self, until: float) -> Receipt:
        """Hide until `until`; every receipt given out before is void."""
        self.visible_at = until
        self.token = uuid4().hex
        return self.receipt()


class MemoryCarrier(Carrier):
    """A `Carrier` for tests; both sides share one object, which any number may enter."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_operation: OnOperation | None = None,
    ) -> None:
        self._clock = clock
        self._on_operation = on_operation
        self._queues: dict[str, dict[str, _Message]] = {}

    @override
    async def __aenter__(self) -> Self:
        return self

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to close; what is queued stays."""

    @override
    async def create(self, queue: str) -> bool:
        check_name(queue)
        self._count(Operation.CREATE)
        if queue in self._queues:
            return False
        self._queues[queue] = {}
        return True

    @override
    async def drop(self, queue: str) -> None:
        self._count(Operation.DROP)
        self._queues.pop(queue, None)

    @override
    async def queues(self, prefix: str) -> Sequence[str]:
        self._count(Operation.LIST)
        return sorted(name for name in self._queues if name.startswith(prefix))

    @override
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        check_put(text, ttl_s)
        self._count(Operation.PUT)
        messages = self._living(queue)
        now = self._clock()
        message = _Message(text, put_at=now, expires_at=now + ttl_s, visible_at=now)
        messages[message.message_id] = message
        return message.receipt()

    @override
    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        check_take(limit, lease_s)
        self._count(Operation.TAKE)
        now = self._clock()
        visible = [m for m in self._living(queue).values() if m.visible_at <= now]
        taken: list[Taken] = []
        for message in visible[:limit]:
            message.times_taken += 1
            receipt = message.lease(now + lease_s)
            taken.append(Taken(receipt, message.text, message.times_taken, now - message.put_at))
        return taken

    @override
    async def peek(self, queue: str, *, limit: int) -> Sequence[Peeked]:
        check_take(limit, 1)
        self._count(Operation.PEEK)
        now = self._clock()
        visible = [m for m in self._living(queue).values() if m.visible_at <= now]
        return [Peeked(m.text, now - m.put_at) for m in visible[:limit]]

    @override
    async def renew(self, queue: str, receipt: Receipt, *, lease_s: int) -> Receipt:
        check_lease(lease_s)
        self._count(Operation.RENEW)
        return self._held(queue, receipt).lease(self._clock() + lease_s)

    @override
    async def delete(self, queue: str, receipt: Receipt) -> None:
        self._count(Operation.DELETE)
        message = self._held(queue, receipt)
        del self._queues[queue][message.message_id]

    @override
    async def length(self, queue: str) -> int:
        self._count(Operation.PEEK)
        return len(self._living(queue))

    def _count(self, operation: Operation) -> None:
        if self._on_operation is not None:
            self._on_operation(operation)

    def _living(self, queue: str) -> dict[str, _Message]:
        """The queue's messages, those past their time removed."""
        messages = self._queues.get(queue)
        if messages is None:
            raise QueueMissing
        now = self._clock()
        for expired in [m.message_id for m in messages.values() if m.expires_at <= now]:
            del messages[expired]
        return messages

    def _held(self, queue: str, receipt: Receipt) -> _Message:
        message = self._living(queue).get(receipt.message_id)
        if message is None or message.token != receipt.token:
            raise LeaseLost
        return message
