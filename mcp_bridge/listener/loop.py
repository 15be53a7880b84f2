"""The listener: whatever was taken is opened, answered, or put aside, and deleted at its end."""

from __future__ import annotations

from functools import partial

import anyio
import anyio.abc
from anyio import to_thread

from mcp_bridge.carriers.port import Carrier, Taken
from mcp_bridge.errors import (
    Code,
    LocalFault,
    PeerFault,
)
from mcp_bridge.events import FrameEvent, Health, HealthEvent, Hop, OnEvent, ignore
from mcp_bridge.frames import Kind
from mcp_bridge.incidents import Incidents
from mcp_bridge.journal import Journal
from mcp_bridge.listener.aftermath import Aftermath
from mcp_bridge.listener.answering import Answering, Fate
from mcp_bridge.listener.door import Door
from mcp_bridge.listener.exchange import Exchange
from mcp_bridge.listener.intake import Intake
from mcp_bridge.listener.polling import ListenerOptions, Polling
from mcp_bridge.listener.run import Guard, Runner
from mcp_bridge.listener.sessions import Sessions
from mcp_bridge.listener.works import Works
from mcp_bridge.names import queue_names
from mcp_bridge.policy import Admission, Policy
from mcp_bridge.sealing import KeyRing
from mcp_bridge.sweeping import keep_swept
from mcp_bridge.upstream.port import Upstream

REMEMBER_S = 8 * 24 * 3600  # the journal's memory: longer than any message can live
SWEEP_S = 3600.0


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
        self._sessions = Sessions(
            carrier, self._names, keys, journal, upstream, self._admission, guard, incidents
        )
        works = Works(carrier, self._names.requests, self._options.lease_s)
        self._intake = Intake(keys, works)
        self._aftermath = Aftermath(
            carrier, self._names.requests, self._names.quarantine, works, on_event
        )
        self._polling = Polling(
            carrier, self._names.requests, self._make_queues, self._options, on_event
        )

    def add(self, door: Door) -> None:
        """Serve the same upstream through this door too. Before `run`."""
        self._doors.append(door)

    def wake(self) -> None:
        """Poll now and often: a request is about to come, or the PC woke up. From the loop only."""
        self._polling.wake()
        for door in self._doors:
            door.wake()

    def rest(self, gap_s: float) -> None:
        """Poll no more often than this; 0 is as it likes, infinity not at all."""
        self._polling.rest(gap_s)

    def resumed(self) -> None:
        """The PC woke up: poll, and renew the leases of what runs, or lose them now."""
        self._intake.renew_leases()
        self.wake()

    def polled_at(self) -> float:
        """When the request queue was last asked with success, on the loop's clock."""
        return self._polling.polled_at

    async def run(self) -> None:
        """Serve until cancelled; then finish what runs, for `drain_s` at most.

        Raises:
            UpstreamGone: the upstream cannot be started.
        """
        self._polling.report(Health.STARTING)
        try:
            async with self._upstream, anyio.create_task_group() as tasks:
                tasks.start_soon(self._sweep_journal)
                tasks.start_soon(keep_swept, self._carrier, self._names)
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
            await self._aftermath.put_aside(taken, fault.code)
        except Exception:  # noqa: BLE001 - a defect in one request must not end the others
            self._on_event(FrameEvent(Hop.FAILED, "", code=Code.UNKNOWN_OUTCOME))

    async def _take_in(self, taken: Taken, tasks: anyio.abc.TaskGroup) -> None:
        header, body = self._intake.open(taken)
        if header.kind is Kind.SESSION:
            if await self._sessions.take(taken, header, body, tasks):
                self._polling.later.add(partial(self._aftermath.delete, taken))
            return
        admitted = self._intake.admit(taken, header, body)
        if admitted is None:
            await self._aftermath.delete(taken)
            return
        work = admitted.work
        if admitted.is_new:
            self._on_event(FrameEvent(Hop.TAKEN, work.mid, size=len(taken.text)))
            tasks.start_soon(self._aftermath.keep, work)
        if admitted.body is not None:
            serve = partial(self._exchange.serve, work, admitted.body)
            fate = await self._aftermath.fate(work, serve)
            if fate is Fate.QUARANTINE:
                await self._aftermath.put_aside(taken, Code.UNKNOWN_OUTCOME)
            self._polling.later.add(partial(self._aftermath.end, work, fate))

    async def _sweep_journal(self) -> None:
        while True:
            try:
                await to_thread.run_sync(self._journal.forget_older_than, REMEMBER_S)
            except LocalFault as fault:
                self._on_event(HealthEvent(self._polling.health, fault.code))
            await anyio.sleep(SWEEP_S)
