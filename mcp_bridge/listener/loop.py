"""The listener: whatever was taken is opened, answered, put aside, and deleted at its end."""

from __future__ import annotations

from functools import partial

import anyio
import anyio.abc
from anyio import to_thread

from mcp_bridge.carriers.port import Carrier, Taken
from mcp_bridge.errors import (
    CarrierFault,
    Code,
    LocalFault,
    PeerFault,
)
from mcp_bridge.events import FrameEvent, Health, HealthEvent, Hop, OnEvent, ignore
from mcp_bridge.frames import Kind
from mcp_bridge.incidents import Incidents
from mcp_bridge.journal import Journal
from mcp_bridge.listener.answering import Answering, Fate
from mcp_bridge.listener.door import Door
from mcp_bridge.listener.exchange import Exchange
from mcp_bridge.listener.intake import Intake, Work
from mcp_bridge.listener.polling import ListenerOptions, Polling
from mcp_bridge.listener.run import Guard, Runner
from mcp_bridge.listener.sessions import Sessions
from mcp_bridge.names import queue_names
from mcp_bridge.patience import may_pass
from mcp_bridge.policy import Admission, Policy
from mcp_bridge.quarantine import put_aside
from mcp_bridge.sealing import KeyRing
from mcp_bridge.upstream.port import Upstream

REMEMBER_S = 8 * 24 * 3600  # the journal's memory: longer than any message can live
SWEEP_S = 3600.0
GRACE_S = 5.0  # a hold outlives its deadline by this, while the last answer is being put


class Listener:
    """Serves `upstream` to whoever holds the keys, on the queues of the bridge `name`."""

    def __init__(  # noqa: PLR0913 - all that a listener is made of
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
        """`carrier` is entered by whoever made it; `guard` is asked before anything leaves."""
        self._options = options or ListenerOptions()
        self._carrier = carrier
        self._names = queue_names(name)
        self._journal = journal
        self._upstream = upstream
        self._on_event = on_event
        self._doors: list[Door] = []
        incidents = Incidents(on_event)
        self._admission = Admission(policy, anyio.current_time)
        runner = Runner(upstream, guard, incidents, self._admission)
        self._answering = Answering(carrier, keys, journal, runner, incidents)
        self._exchange = Exchange(self._names, self._answering)
        self._sessions = Sessions(carrier, self._names, keys, journal, upstream, guard, incidents)
        self._intake = Intake(carrier, self._names.requests, keys, self._options.lease_s)
        self._polling = Polling(
            carrier, self._names.requests, self._make_queues, self._options, on_event
        )

    def add(self, door: Door) -> None:
        """Serve the same upstream through this door too. Before `run`."""
        self._doors.append(door)

    def wake(self) -> None:
        """Poll now and often: a request is about to come, or the PC woke up. From the loop only."""
        self._polling.wake()

    async def run(self) -> None:
        """Serve until cancelled; then finish what runs, for `drain_s` at most.

        Raises:
            UpstreamGone: the upstream cannot be started.
        """
        self._polling.report(Health.STARTING)
        try:
            async with self._upstream, anyio.create_task_group() as tasks:
                tasks.start_soon(self._sweep_journal)
                for door in self._doors:
                    tasks.start_soon(door.serve, self._answering, self._options)
                await self._polling.run(self._handle, self._close)
        finally:
            self._polling.report(Health.STOPPED)

    async def _make_queues(self) -> None:
        await self._carrier.create(self._names.requests)
        await self._carrier.create(self._names.quarantine)

    def _close(self) -> None:
        self._intake.let_go_of_parts()
        self._sessions.close()

    async def _handle(self, taken: Taken, tasks: anyio.abc.TaskGroup) -> None:
        try:
            await self._take_in(taken, tasks)
        except PeerFault as fault:
            await self._quarantine(taken, fault.code)
        except Exception:  # noqa: BLE001 - a defect in one request must not end the others
            self._on_event(FrameEvent(Hop.FAILED, "", code=Code.UNKNOWN_OUTCOME))

    async def _take_in(self, taken: Taken, tasks: anyio.abc.TaskGroup) -> None:
        header, body = self._intake.open(taken)
        if header.kind is Kind.SESSION:
            if await self._sessions.take(taken, header, body, tasks):
                self._polling.later.add(partial(self._delete, taken))
            return
        admitted = self._intake.admit(taken, header, body)
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
            self._polling.later.add(partial(self._end, work, fate))

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
                self._on_event(HealthEvent(self._polling.health, fault.code))
            await anyio.sleep(SWEEP_S)
