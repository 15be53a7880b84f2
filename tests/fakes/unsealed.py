"""A listener with unsealed doors for a test, and the messages that go through them."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import anyio

from mcp_bridge.background import background
from mcp_bridge.carriers.port import Carrier, Taken
from mcp_bridge.contracts import FoundryTool, PlainRpc, Unsealed
from mcp_bridge.events import Health
from mcp_bridge.journal import Journal
from mcp_bridge.listener import Guard, Listener, ListenerOptions
from mcp_bridge.names import QueueNames, queue_names
from mcp_bridge.policy import Policy
from mcp_bridge.sealing import KeyRing
from mcp_bridge.upstream import ServerUpstream, Upstream
from tests.fakes.bridge import PATIENCE_S, Watch, as_it_is, new_keys, until_length
from tests.fakes.served import Served

TTL_S = 60


@dataclass
class Open:
    """A listener that serves; `tool` in Foundry's contract, and some tools in plain JSON-RPC."""

    carrier: Carrier
    names: QueueNames
    foundry: FoundryTool
    plain: PlainRpc
    served: Served = field(default_factory=Served)
    watch: Watch = field(default_factory=Watch)

    @property
    def poison(self) -> str:
        return f"{self.foundry.input_queue}-poison"

    async def ask(self, message: Mapping[str, Any] | str) -> None:
        """Put a message for the Foundry tool; an object as the service would write it."""
        text = message if isinstance(message, str) else as_base64(message)
        await self.carrier.put(self.foundry.input_queue, text, ttl_s=TTL_S)

    async def answer(self) -> Mapping[str, Any]:
        """The next message for the agent."""
        return from_base64((await self.take(self.foundry.output_queue)).text)

    async def call(self, correlation: str, **arguments: object) -> Mapping[str, Any]:
        await self.ask({"CorrelationId": correlation, "function_args": arguments})
        return await self.answer()

    async def plain_call(
        self, message: Mapping[str, Any], *, queue: str | None = None, encoded: bool = False
    ) -> Mapping[str, Any]:
        """Make a response queue, ask, and read the answer as it was asked."""
        queue = queue or f"{self.plain.response_prefix}{message['request_id']}"
        await self.carrier.create(queue)
        text = as_base64(message) if encoded else json.dumps(message, ensure_ascii=False)
        await self.carrier.put(self.plain.input_queue, text, ttl_s=TTL_S)
        answer = (await self.take(queue)).text
        return from_base64(answer) if encoded else json.loads(answer)

    async def take(self, queue: str) -> Taken:
        """Wait for a message, and take it off the queue."""
        with anyio.fail_after(PATIENCE_S):
            while not (taken := await self.carrier.take(queue, limit=1, lease_s=30)):  # noqa: ASYNC110
                await anyio.sleep(0.005)
        await self.carrier.delete(queue, taken[0].receipt)
        return taken[0]

    async def settled(self) -> None:
        """Until nothing waits to be served."""
        await until_length(self.carrier, self.foundry.input_queue, 0)


def as_base64(message: Mapping[str, Any]) -> str:
    return b64encode(json.dumps(message, ensure_ascii=False).encode()).decode("ascii")


def from_base64(text: str) -> Mapping[str, Any]:
    return json.loads(b64decode(text, validate=True))


def error_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a model is told in `Value`."""
    told = json.loads(answer["Value"])
    assert told["hint"]
    return told["error"]


@asynccontextmanager
async def opened(
    carrier: Carrier,
    *,
    listening: Carrier | None = None,
    tool: str = "write",
    plain_tools: tuple[str, ...] = ("echo", "write"),
    name: str | None = None,
    served: Served | None = None,
    upstream: Upstream | None = None,
    journal: Journal | None = None,
    keys: KeyRing | None = None,
    guard: Guard = as_it_is,
    policy: Policy | None = None,
    options: ListenerOptions | None = None,
) -> AsyncIterator[Open]:
    """Both contracts, on queues of their own; `listening` may stand before the carrier."""
    name = name or f"t{uuid4().hex[:8]}"
    names = queue_names(name)
    here = Open(
        carrier,
        names,
        FoundryTool(tool, f"{name}-ask", f"{name}-answer"),
        PlainRpc(frozenset(plain_tools), f"{name}-plain-req", f"{name}-plain-res-"),
        served or Served(),
    )
    with closing(journal or Journal(":memory:")) as memory:
        listener = Listener(
            listening or carrier,
            name,
            keys or new_keys(),
            memory,
            upstream or ServerUpstream(here.served.server()),
            guard,
            policy=policy or Policy.everything(),
            options=options or ListenerOptions(drain_s=1.0),
            on_event=here.watch,
        )
        for door in Unsealed((here.foundry,), here.plain).doors(names):
            listener.add(door)
        async with background() as tasks:
            tasks.start_soon(listener.run)
            await here.watch.health(*[Health.READY] * 3)
            yield here
