"""The listener's loop: take, hand out, delete; and never stop, whatever the carrier does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import anyio
import anyio.abc
from anyio import to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from mcp_bridge.background import background
from mcp_bridge.cadence import Cadence
from mcp_bridge.carriers.port import MAX_TAKE, Carrier, Taken
from mcp_bridge.errors import (
    CarrierDenied,
    CarrierFault,
    CarrierUnreachable,
    Code,
    LocalFault,
    PeerFault,
    QueueMissing,
)
from mcp_bridge.events import FrameEvent, Health, HealthEvent, Hop, OnEvent, ignore
from mcp_bridge.incidents import Incidents
from mcp_bridge.journal import Journal
from mcp_bridge.later import Later
from mcp_bridge.listener.exchange import Exchange, Fate
from mcp_bridge.listener.intake import Intake, Work
from mcp_bridge.listener.run import Guard, Runner
from mcp_bridge.names import queue_names
from mcp_bridge.patience import Backoff, may_pass
from mcp_bridge.policy import Admission, Policy
from mcp_bridge.quarantine import put_aside
from mcp_bridge.rhythm import Rhythm
from mcp_bridge.sealing import KeyRing
from mcp_bridge.upstream.port import Upstream

REMEMBER_S = 8 * 24 * 3600  # the journal's memory: longer than any message can live
SWEEP_S = 3600.0
GRACE_S = 5.0  # a hold outlives its deadline by this, while the last answer is being put


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """How a listener works; the defaults suit a clinic PC."""

    workers: int = 16  # requests at a time
    lease_s: int = 30
    idle_cap_s: float = 2.0  # the longest wait of a request when nothing has happened for long
    drain_s: float = 5.0  # requests that run when the listener is stopped get this long


class Listener:
    """Serves `upstream` to whoever holds the keys, on the queues of the bridge `name`."""

    def __init__(
        self,
        carrier: Carrier,
        name: str,
        keys: KeyRing,
        journal: Journal,
        upstream: Upstream,
        guard: Guard,
        *,
        policy: Policy,
        options: ListenerOptions | None = None,
        on_event: OnEvent = ignore,
    ) -> None:
        """`carrier` is entered by whoever made it.

        `policy` says what is let in, `guard` is asked before anything leaves.
        """
        self._options = options or ListenerOptions()
        self._carrier = carrier
        self._names = queue_names(name)
        self._journal = journal
        self._upstream = upstream
        self._on_event = on_event
        incidents = Incidents(on_event)
        self._admission = Admission(policy, anyio.current_time)
        runner = Runner(upstream, guard, incidents, self._admission)
        self._exchange = Exchange(carrier, self._names, keys, journal, runner, incidents)
        self._intake = Intake(carrier, self._names.requests, keys, self._options.lease_s)
        self._cadence = Cadence(idle_cap_s=self._options.idle_cap_s)
        self._later = Later()
        self._rhythm = Rhythm()
        self._found_at: float | None = None
        self._health = Health.STOPPED
        self._busy = 0
        self._freed = anyio.Event()
        self._woken = anyio.Event()

    def wake(self) -> None:
        """Poll now and often: a request is about to come, or the PC woke up. From the loop only."""
        self._cadence.heat()
        self._woken.set()

    async def run(self) -> None:
        """Serve until cancelled; then finish what runs, for `drain_s` at most.

        Raises:
            UpstreamGone: the upstream cannot be started.
        """
        self._report(Health.STARTING)
        try:
            async with self._upstream, anyio.create_task_group() as tasks:
                hand_out, jobs = anyio.create_memory_object_stream[Taken](MAX_TAKE)
                tasks.start_soon(self._work_off, jobs)
                tasks.start_soon(self._sweep_journal)
                async with hand_out:
                    await self._poll(hand_out)
        finally:
            self._report(Health.STOPPED)

    async def _poll(self, hand_out: MemoryObjectSendStream[Taken]) -> None:
        backoff = Backoff()
        while True:
            limit = min(await self._free_workers(), MAX_TAKE)
            try:
                taken = await self._take(limit)
            except CarrierFault as fault:
                if isinstance(fault, QueueMissing) and await self._create_queues():
                    continue
                self._report(_health_after(fault), fault.code)
                await self._wait(backoff.after(fault))
                continue
            backoff.reset()
            self._report(Health.READY)
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
                self._names.requests, limit=limit, lease_s=self._options.lease_s
            )
        except CarrierFault:
            raise
        except Exception:  # noqa: BLE001 - an adapter that breaks must not end the loop
            raise CarrierUnreachable from None
        if not taken:
            self._cadence.measured(anyio.current_time() - asked_at)
        if taken:
            if self._found_at is not None:
                self._rhythm.heard(asked_at - self._found_at)
            self._found_at = asked_at
            self._later.touch()
            self._cadence.found()
        else:
            self._cadence.empty()
        return taken

    def _gap(self, taken: int, limit: int) -> float:
        """Until the next poll. When there was less than we could take, there is no more."""
        if 0 < taken < limit:
            return self._rhythm.quiet_s()
        return self._cadence.gap()

    async def _wait(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._woken.wait()
        self._woken = anyio.Event()

    async def _create_queues(self) -> bool:
        try:
            await self._carrier.create(self._names.requests)
            await self._carrier.create(self._names.quarantine)
        except CarrierFault:
            return False
        return True

    async def _work_off(self, jobs: MemoryObjectReceiveStream[Taken]) -> None:
        """Shielded: when `run` is cancelled the jobs end, and those that run may finish."""
        with anyio.CancelScope(shield=True) as scope:
            async with background() as deletions:
                deletions.start_soon(self._later.run)
                async with jobs, anyio.create_task_group() as tasks:
                    async for taken in jobs:
                        tasks.start_soon(self._handle, taken, tasks)
                    self._intake.let_go_of_parts()
                    scope.deadline = anyio.current_time() + self._options.drain_s
            await self._later.finish()

    async def _handle(self, taken: Taken, tasks: anyio.abc.TaskGroup) -> None:
        try:
            await self._take_in(taken, tasks)
        except PeerFault as fault:
            await self._quarantine(taken, fault.code)
        except Exception:  # noqa: BLE001 - a defect in one request must not end the others
            self._on_event(FrameEvent(Hop.FAILED, "", code=Code.UNKNOWN_OUTCOME))
        finally:
            self._busy -= 1
            self._freed.set()

    async def _take_in(self, taken: Taken, tasks: anyio.abc.TaskGroup) -> None:
        admitted = self._intake.admit(taken)
        if admitted is None:
            await self._delete(taken)
            return
        work = admitted.work
        if admitted.is_new:
            self._on_event(FrameEvent(Hop.TAKEN, work.mid, size=len(taken.text)))
            tasks.start_soon(self._keep, work)
        if admitted.body is not None:
            fate = await self._fate(work, admitted.body)
            if fate is Fate.QUARANTINE:
                await self._quarantine(taken, Code.UNKNOWN_OUTCOME)
            self._later.add(partial(self._end, work, fate))

    async def _fate(self, work: Work, body: bytes) -> Fate:
        expired = anyio.current_time() >= work.deadline
        if expired or work.recalled:
            code = Code.EXPIRED if expired else Code.CANCELLED
            self._on_event(FrameEvent(Hop.FAILED, work.mid, code=code))
            return Fate.DELETE
        try:
            return await self._exchange.serve(work, body)
        except PeerFault as fault:
            self._on_event(FrameEvent(Hop.FAILED, work.mid, code=fault.code))
            return Fate.QUARANTINE
        except Exception:  # noqa: BLE001 - a defect of ours in one request must not end the others
            self._on_event(FrameEvent(Hop.FAILED, work.mid, code=Code.UNKNOWN_OUTCOME))
            return Fate.DELIVER_AGAIN

    async def _end(self, work: Work, fate: Fate) -> None:
        if fate is Fate.DELIVER_AGAIN:
            work.hold.let_go()
        else:
            await work.hold.delete()
        self._intake.forget(work, never_again=fate is Fate.REFUSE)

    async def _keep(self, work: Work) -> None:
        """Renew its leases; a request whose chunks never came all is dropped when it expires."""
        with anyio.CancelScope(deadline=work.deadline + GRACE_S):
            await work.hold.keep()
            return
        await self._end(work, Fate.DELETE)

    async def _quarantine(self, taken: Taken, code: Code) -> None:
        self._on_event(FrameEvent(Hop.QUARANTINED, "", size=len(taken.text), code=code))
        try:
            await put_aside(self._carrier, self._names.quarantine, taken.text)
        except CarrierFault as fault:
            if may_pass(fault):
                return  # it is delivered again, and tried again
        await self._delete(taken)

    async def _delete(self, taken: Taken) -> None:
        try:
            await self._carrier.delete(self._names.requests, taken.receipt)
        except CarrierFault:
            return  # it is delivered again, and known

    async def _sweep_journal(self) -> None:
        while True:
            try:
                await to_thread.run_sync(self._journal.forget_older_than, REMEMBER_S)
            except LocalFault as fault:
                self._on_event(HealthEvent(self._health, fault.code))
            await anyio.sleep(SWEEP_S)

    def _report(self, health: Health, code: Code | None = None) -> None:
        if health is not self._health:
            self._health = health
            self._on_event(HealthEvent(health, code))


def _health_after(fault: CarrierFault) -> Health:
    refused = isinstance(fault, CarrierDenied | QueueMissing)
    return Health.DENIED if refused else Health.UNREACHABLE
