"""Hosts both sides of the bridge in the app: the listener at the tools, and a client for the agent.

One task owns the client from its opening to its closing, because anyio's scopes must be left in the
task that entered them. Calls ride on it from the tasks that ask, so that a cancelled question
cancels its call. A side that fails is started again; the app goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio
from anyio.abc import TaskStatus
from mcp import Client, MCPError

from desktop.core.bridge_tools import BridgeTools
from desktop.core.errors import BridgeStopped
from desktop.core.events import BridgeChanged, FrameMoved, OnCoreEvent
from mcp_bridge.caller import CallerOptions, open_caller, queue_transport
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.errors import BridgeError, CarrierFault, Code
from mcp_bridge.events import BridgeEvent, Health, HealthEvent
from mcp_bridge.journal import Journal
from mcp_bridge.listener import Guard, Listener
from mcp_bridge.names import queue_names
from mcp_bridge.policy import Policy
from mcp_bridge.sealing import KeyRing
from mcp_bridge.upstream.port import Upstream

PROTOCOL = "2026-07-28"
RESTART_S = 1.0  # between two tries of a side that failed
CONNECT_S = 15.0  # how long a call waits for the client to connect
SWEEP_S = 3.0  # for removing the queues of a one-off bridge


@dataclass(frozen=True, slots=True)
class BridgeParts:
    """What the bridge is made of. `budget_s`: the longest call, a doctor's approval included."""

    carrier: Carrier
    name: str
    keys: KeyRing
    journal: Journal
    upstream: Callable[[], Upstream]
    guard: Guard
    policy: Policy
    budget_s: float
    one_off: bool = False  # remove all queues of this name at the end


class BridgeService:
    """Run it in a task group; `tools` may be used at once."""

    def __init__(self, parts: BridgeParts, announce: OnCoreEvent) -> None:
        self.tools = BridgeTools(self._connected, self._client_lost)
        self._parts = parts
        self._announce = announce
        self._health: dict[str, HealthEvent] = {}
        self._listener: Listener | None = None
        self._client: Client | None = None
        self._changed = anyio.Event()

    def health(self) -> Mapping[str, HealthEvent]:
        """State of "listener" and "caller"."""
        return dict(self._health)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled."""
        async with self._parts.carrier:
            try:
                async with anyio.create_task_group() as group:
                    group.start_soon(self._keep_serving)
                    group.start_soon(self._keep_calling)
                    task_status.started()
            finally:
                if self._parts.one_off:
                    await self._remove_queues()

    async def _keep_serving(self) -> None:
        parts = self._parts
        while True:
            self._listener = Listener(
                parts.carrier,
                parts.name,
                parts.keys,
                parts.journal,
                parts.upstream(),
                parts.guard,
                policy=parts.policy,
                on_event=self._watch("listener"),
            )
            try:
                await self._listener.run()
            except BridgeError as fault:
                self._note("listener", HealthEvent(Health.STOPPED, fault.code))
            await anyio.sleep(RESTART_S)

    async def _keep_calling(self) -> None:
        parts = self._parts
        options = CallerOptions(budget_s=parts.budget_s)
        while True:
            try:
                async with (
                    open_caller(
                        parts.carrier,
                        parts.name,
                        parts.keys,
                        options=options,
                        on_event=self._watch("caller"),
                    ) as caller,
                    Client(
                        queue_transport(caller),
                        mode=PROTOCOL,
                        read_timeout_seconds=parts.budget_s,
                    ) as client,
                ):
                    await self._offer(client)
            except BridgeError as fault:
                denied = fault.code is Code.DENIED
                health = Health.DENIED if denied else Health.UNREACHABLE
                self._note("caller", HealthEvent(health, fault.code))
            except MCPError:
                self._note("caller", HealthEvent(Health.STOPPED))
            await anyio.sleep(RESTART_S)

    async def _offer(self, client: Client) -> None:
        """Let calls ride on the client until one of them finds it dead."""
        self._set_client(client)
        try:
            while self._client is client:
                await self._changed.wait()
        finally:
            self._set_client(None)

    def _set_client(self, client: Client | None) -> None:
        self._client = client
        self._tell_waiting()

    def _tell_waiting(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    def _client_lost(self) -> None:
        self._set_client(None)

    async def _connected(self) -> Client:
        """The client, once both sides are up; wakes the listener for the call that follows.

        Raises:
            BridgeError: A side has not come up in time, and said why.
            BridgeStopped: It did not say.
        """
        with anyio.move_on_after(CONNECT_S):
            while (ready := self._ready()) is None:
                await self._changed.wait()
            client, listener = ready
            listener.wake()
            return client
        for event in self._health.values():
            if event.code is not None:
                raise BridgeError(event.code)
        raise BridgeStopped

    def _ready(self) -> tuple[Client, Listener] | None:
        """Both sides, if calls can go through. The listener's first look creates its queues."""
        state = self._health.get("listener")
        if self._client is None or self._listener is None or state is None:
            return None
        return (self._client, self._listener) if state.health is Health.READY else None

    def _watch(self, side: str) -> Callable[[BridgeEvent], None]:
        def on_event(event: BridgeEvent) -> None:
            if isinstance(event, HealthEvent):
                self._note(side, event)
            else:
                self._announce(FrameMoved(side, event))

        return on_event

    def _note(self, side: str, event: HealthEvent) -> None:
        self._health[side] = event
        self._tell_waiting()
        self._announce(BridgeChanged(side, event))

    async def _remove_queues(self) -> None:
        """Leave nothing behind; the response queue went with its caller."""
        names = queue_names(self._parts.name)
        with anyio.move_on_after(SWEEP_S, shield=True):
            for queue in (names.requests, names.quarantine):
                try:
                    await self._parts.carrier.drop(queue)
                except CarrierFault:
                    return  # IT's orphan sweep finds it
