"""A whole bridge for a test: listener and caller on one carrier, and what they told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import anyio

from mcp_bridge.background import background
from mcp_bridge.caller import Caller, CallerOptions, open_caller
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.events import BridgeEvent, FrameEvent, Health, HealthEvent, Hop
from mcp_bridge.frames import Direction, Header, Kind, serialize
from mcp_bridge.journal import Journal
from mcp_bridge.listener import Guard, Listener, ListenerOptions
from mcp_bridge.names import QueueNames, queue_names
from mcp_bridge.policy import Policy
from mcp_bridge.rpc import Message, encode, request
from mcp_bridge.sealing import KeyRing, PairingSecret
from mcp_bridge.upstream import ServerUpstream, Upstream
from tests.fakes.served import Served

PATIENCE_S = 5.0


def as_it_is(message: Message) -> Message:
    return message


@dataclass
class Watch:
    """Collects events, and wakes whoever waits for one."""

    events: list[BridgeEvent] = field(default_factory=list)
    changed: anyio.Event = field(default_factory=anyio.Event)

    def __call__(self, event: BridgeEvent) -> None:
        self.events.append(event)
        self.changed.set()
        self.changed = anyio.Event()

    async def hop(self, hop: Hop, times: int = 1) -> FrameEvent:
        """The `times`-th event of this hop."""
        with anyio.fail_after(PATIENCE_S):
            while True:
                seen = [e for e in self.events if isinstance(e, FrameEvent) and e.hop is hop]
                if len(seen) >= times:
                    return seen[times - 1]
                await self.changed.wait()

    async def health(self, *wanted: Health) -> None:
        """Until these states were reported, in this order."""
        with anyio.fail_after(PATIENCE_S):
            while True:
                states = iter([e.health for e in self.events if isinstance(e, HealthEvent)])
                if all(state in states for state in wanted):
                    return
                await self.changed.wait()


@dataclass
class Bridge:
    """Both sides. `carrier` is what the test looks at; the sides may have faulty ones."""

    carrier: Carrier
    names: QueueNames
    keys: KeyRing
    served: Served
    listener: Listener
    caller: Caller
    listened: Watch
    called: Watch

    async def call(self, tool: str, **arguments: object) -> Mapping[str, Any]:
        """The response to a call of `tool`."""
        with anyio.fail_after(PATIENCE_S):
            return await self.caller.exchange(call_request(tool, **arguments))

    async def empty(self, queue: str) -> None:
        """Until nothing is on the queue any more."""
        await until_length(self.carrier, queue, 0)


def call_request(tool: str, **arguments: object) -> Mapping[str, Any]:
    return request("tools/call", "call", name=tool, arguments=arguments)


def text_of(response: Mapping[str, Any]) -> str:
    return response["result"]["content"][0]["text"]


def failure_of(response: Mapping[str, Any]) -> Mapping[str, Any]:
    return response["error"]["data"]


def new_keys() -> KeyRing:
    return KeyRing(PairingSecret.generate())


def sealed_request(
    keys: KeyRing,
    message: Message,
    *,
    mid: str | None = None,
    kind: Kind = Kind.REQUEST,
    direction: Direction = Direction.REQUEST,
    budget_ms: int = 30_000,
) -> str:
    """A request's queue text, as a caller named `hand` would put it."""
    header = Header(
        direction=direction,
        mid=mid or uuid4().hex,
        kind=kind,
        reply="hand",
        budget_ms=budget_ms,
    )
    return serialize(keys.seal(header, encode(message)))


async def until_length(carrier: Carrier, queue: str, wanted: int) -> None:
    with anyio.fail_after(PATIENCE_S):
        while await carrier.length(queue) != wanted:  # noqa: ASYNC110 - a queue is no event
            await anyio.sleep(0.005)


@asynccontextmanager
async def bridge(
    carrier: Carrier | None = None,
    *,
    listening: Carrier | None = None,
    calling: Carrier | None = None,
    name: str = "test",
    served: Served | None = None,
    upstream: Upstream | None = None,
    journal: Journal | None = None,
    guard: Guard = as_it_is,
    policy: Policy | None = None,
    options: ListenerOptions | None = None,
    budget_s: float = 30.0,
    keys: KeyRing | None = None,
    caller_id: str | None = None,
) -> AsyncIterator[Bridge]:
    """Both sides on `carrier`; `listening` and `calling` may stand before it for one side."""
    carrier = carrier or MemoryCarrier()
    served = served or Served()
    keys = keys or new_keys()
    listened, called = Watch(), Watch()
    with closing(journal or Journal(":memory:")) as memory:
        listener = Listener(
            listening or carrier,
            name,
            keys,
            memory,
            upstream or ServerUpstream(served.server()),
            guard,
            policy=policy or Policy.everything(),
            options=options or ListenerOptions(drain_s=1.0),
            on_event=listened,
        )
        async with background() as tasks:
            tasks.start_soon(listener.run)
            await listened.health(Health.READY)
            async with open_caller(
                calling or carrier,
                name,
                keys,
                caller_id=caller_id,
                options=CallerOptions(budget_s=budget_s),
                on_event=called,
            ) as caller:
                names = queue_names(name)
                yield Bridge(carrier, names, keys, served, listener, caller, listened, called)
