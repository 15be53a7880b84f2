"""The poll loop of one queue: take, hand to workers; and never stop, whatever the carrier does."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio
import anyio.abc
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from mcp_bridge.background import background
from mcp_bridge.cadence import Cadence
from mcp_bridge.carriers.port import MAX_TAKE, Carrier, Taken
from mcp_bridge.errors import (
    CarrierDenied,
    CarrierFault,
    CarrierUnreachable,
    Code,
    QueueMissing,
)
from mcp_bridge.events import Health, HealthEvent, OnEvent
from mcp_bridge.later import Later
from mcp_bridge.patience import Backoff
from mcp_bridge.rhythm import Rhythm

PAUSE_S = 0.25  # a longer wait says nothing about how quickly one request follows another

# Works on one message; may start more in the task group. It must not raise.
Handle = Callable[[Taken, anyio.abc.TaskGroup], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """How a listener works; the defaults suit a clinic PC."""

    workers: int = 16  # requests at a time
    lease_s: int = 30
    idle_cap_s: float = 2.0  # the longest wait of a request when nothing has happened for long
    drain_s: float = 5.0  # requests that run when the listener is stopped get this long


class Polling:
    """Polls `queue`; `make` is asked for it when it is missing, as far as that is allowed."""

    def __init__(
        self,
        carrier: Carrier,
        queue: str,
        make: Callable[[], Awaitable[None]],
        options: ListenerOptions,
        on_event: OnEvent,
    ) -> None:
        self.later = Later()  # for deletions
        self.health = Health.STOPPED
        self._carrier = carrier
        self._queue = queue
        self._make = make
        self._options = options
        self._on_event = on_event
        self._cadence = Cadence(idle_cap_s=options.idle_cap_s)
        self._rhythm = Rhythm()
        self._found_at: float | None = None
        self._missed = False  # a poll found nothing since then
        self._busy = 0
        self._freed = anyio.Event()
        self._woken = anyio.Event()
        self._rest_s = 0.0
        self.polled_at = -math.inf  # when the queue was last asked with success

    def rest(self, gap_s: float) -> None:
        """Poll no more often than this; infinity is not at all. From the loop only."""
        self._rest_s = gap_s
        self._woken.set()

    def wake(self) -> None:
        """Poll now and often. From the loop only."""
        self._cadence.heat()
        self._woken.set()

    async def run(self, handle: Handle, close: Callable[[], None]) -> None:
        """Poll until cancelled; then `close`, and let what runs finish, for `drain_s` at most."""
        hand_out, jobs = anyio.create_memory_object_stream[Taken](MAX_TAKE)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._work_off, jobs, handle, close)
            async with hand_out:
                await self._poll(hand_out)

    def report(self, health: Health, code: Code | None = None) -> None:
        """Tell a change."""
        if health is not self.health:
            self.health = health
            self._on_event(HealthEvent(health, code))

    async def _poll(self, hand_out: MemoryObjectSendStream[Taken]) -> None:
        backoff = Backoff()
        while True:
            limit = min(await self._free_workers(), MAX_TAKE)
            try:
                taken = await self._take(limit)
            except CarrierFault as fault:
                if isinstance(fault, QueueMissing) and await self._made():
                    continue
                self.report(_health_after(fault), fault.code)
                await self._wait(backoff.after(fault))
                continue
            backoff.reset()
            self.polled_at = anyio.current_time()
            self.report(Health.READY)
            for message in taken:
                self._busy += 1
                hand_out.send_nowait(message)
            await self._wait(self._gap(len(taken), limit))

    async def _free_workers(self) -> int:
        """How many requests can start now; waits until one can, so that none is held in vain."""
        while self._busy >= self._options.workers:
            self._freed = anyio.Event()
            await self._freed.wait()
        return self._options.workers - self._busy

    async def _take(self, limit: int) -> Sequence[Taken]:
        asked_at = anyio.current_time()
        try:
            taken = await self._carrier.take(
                self._queue, limit=limit, lease_s=self._options.lease_s
            )
        except CarrierFault:
            raise
        except Exception:  # noqa: BLE001 - an adapter that breaks must not end the loop
            raise CarrierUnreachable from None
        if not taken:
            self._cadence.measured(anyio.current_time() - asked_at)
            self._cadence.empty()
            self._missed = True
            return taken
        self._learn(asked_at)
        self.later.touch()
        self._cadence.found()
        return taken

    def _learn(self, asked_at: float) -> None:
        waited_s = math.inf if self._found_at is None else asked_at - self._found_at
        if waited_s < PAUSE_S:
            self._rhythm.heard(waited_s, at_first=not self._missed)
        self._found_at, self._missed = anyio.current_time(), False

    def _gap(self, taken: int, limit: int) -> float:
        """Until the next poll. When there was less than we could take, there is no more."""
        if 0 < taken < limit:
            return self._rhythm.quiet_s()
        return self._cadence.gap()

    async def _wait(self, seconds: float) -> None:
        with anyio.move_on_after(max(seconds, self._rest_s)):
            await self._woken.wait()
        self._woken = anyio.Event()
        while math.isinf(self._rest_s):
            await self._woken.wait()
            self._woken = anyio.Event()

    async def _made(self) -> bool:
        try:
            await self._make()
        except CarrierFault:
            return False
        return True

    async def _work_off(
        self,
        jobs: MemoryObjectReceiveStream[Taken],
        handle: Handle,
        close: Callable[[], None],
    ) -> None:
        """Shielded: when `run` is cancelled the jobs end, and those that run may finish."""
        with anyio.CancelScope(shield=True) as scope:
            async with background() as deletions:
                deletions.start_soon(self.later.run)
                async with jobs, anyio.create_task_group() as tasks:
                    async for taken in jobs:
                        tasks.start_soon(self._handle, taken, tasks, handle)
                    close()
                    scope.deadline = anyio.current_time() + self._options.drain_s
            await self.later.finish()

    async def _handle(self, taken: Taken, tasks: anyio.abc.TaskGroup, handle: Handle) -> None:
        try:
            await handle(taken, tasks)
        finally:
            self._busy -= 1
            self._freed.set()


def _health_after(fault: CarrierFault) -> Health:
    refused = isinstance(fault, CarrierDenied | QueueMissing)
    return Health.DENIED if refused else Health.UNREACHABLE
