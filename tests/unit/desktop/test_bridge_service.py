"""Both sides in one process, over a real carrier: calls, failures, restarts and a clean end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from desktop.core import bridge_service
from desktop.core.agent.port import ToolOutcome
from desktop.core.bridge_service import BridgeParts, BridgeService
from desktop.core.errors import BridgeStopped
from desktop.core.events import BridgeChanged, CoreEvent, FrameMoved
from local_tools.errors import Code
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Taken
from mcp_bridge.carriers.sqlite import SqliteCarrier
from mcp_bridge.errors import BridgeError, CarrierDenied
from mcp_bridge.events import Health, Hop
from mcp_bridge.journal import Journal
from mcp_bridge.policy import Policy
from mcp_bridge.sealing import KeyRing, PairingSecret
from mcp_bridge.upstream import ServerUpstream

TOOL = types.Tool(
    name="echo",
    description="d",
    input_schema={"type": "object", "properties": {"text": {"type": "string"}}},
    annotations=types.ToolAnnotations(read_only_hint=True),
)


class Far:
    """The far server: what it was asked, and whether it answers."""

    def __init__(self) -> None:
        self.started = anyio.Event()
        self.cancelled = anyio.Event()

    def server(self) -> Server[Any]:
        return Server("far", on_list_tools=self._list, on_call_tool=self._call)

    async def _list(
        self, _context: ServerRequestContext[Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[TOOL])

    async def _call(
        self, _context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        text = str((params.arguments or {}).get("text"))
        self.started.set()
        if text == "wait":
            try:
                await anyio.sleep_forever()
            finally:
                self.cancelled.set()
        is_error = text.startswith("fail ")
        return types.CallToolResult(
            content=[types.TextContent(text=text.removeprefix("fail "))], is_error=is_error
        )


class Watcher:
    """Keeps events and waits for the one that a test wants."""

    def __init__(self) -> None:
        self.events: list[CoreEvent] = []
        self._changed = anyio.Event()

    def __call__(self, event: CoreEvent) -> None:
        self.events.append(event)
        self._changed.set()
        self._changed = anyio.Event()

    async def health(self, side: str, health: Health) -> None:
        def has_it(event: CoreEvent) -> bool:
            return (
                isinstance(event, BridgeChanged)
                and event.side == side
                and event.event.health is health
            )

        while not any(map(has_it, self.events)):
            await self._changed.wait()


def parts_of(far: Far, **changes: object) -> BridgeParts:
    parts = BridgeParts(
        carrier=MemoryCarrier(),
        name="test",
        keys=KeyRing(PairingSecret.generate()),
        journal=Journal(":memory:"),
        upstream=lambda: ServerUpstream(far.server()),
        guard=lambda message: message,
        policy=Policy.everything(),
        budget_s=5,
    )
    return replace(parts, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def running(
    parts: BridgeParts, watcher: Watcher | None = None
) -> AsyncIterator[BridgeService]:
    service = BridgeService(parts, watcher or Watcher())
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            await group.start(service.run)
            yield service
            group.cancel_scope.cancel()
    parts.journal.close()


async def call(service: BridgeService, text: str) -> ToolOutcome:
    return await service.tools.call("echo", {"text": text})


async def test_a_call_goes_through_the_queue_and_is_seen() -> None:
    watcher = Watcher()
    async with running(parts_of(Far()), watcher) as service:
        assert await call(service, "hello") == ToolOutcome("hello")
        assert {side: e.health for side, e in service.health().items()}["listener"] is Health.READY
    hops = [
        (e.side, e.event.hop)
        for e in watcher.events
        if isinstance(e, FrameMoved) and e.event.method == "tools/call"
    ]
    for passed in (
        ("caller", Hop.SENT),
        ("listener", Hop.STARTED),
        ("caller", Hop.RECEIVED),
    ):
        assert passed in hops


async def test_the_tools_are_listed_with_their_schema() -> None:
    async with running(parts_of(Far())) as service:
        (spec,) = await service.tools.specs()
    assert (spec.name, spec.description) == ("echo", "d")
    assert spec.parameters["properties"] == {"text": {"type": "string"}}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fail denied_by_user", "denied_by_user"),
        ("fail what the server wrote 山田太郎", "internal"),
    ],
)
async def test_a_failed_tool_gives_a_code_and_no_text(text: str, code: str) -> None:
    async with running(parts_of(Far())) as service:
        assert await call(service, text) == ToolOutcome(code, code=code)


async def test_a_guard_that_refuses_gives_a_code() -> None:
    def closed(_message: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ValueError

    async with running(parts_of(Far(), guard=closed)) as service:
        outcome = await call(service, "hello")
    assert outcome.code == "guard_refused"


async def test_cancelling_the_question_cancels_the_call_at_the_tool() -> None:
    far = Far()
    async with running(parts_of(far)) as service:
        async with anyio.create_task_group() as group:
            group.start_soon(call, service, "wait")
            await far.started.wait()
            group.cancel_scope.cancel()
        await far.cancelled.wait()
        assert (await call(service, "still here")).text == "still here"


async def test_calls_run_side_by_side() -> None:
    far = Far()
    async with running(parts_of(far)) as service:
        async with anyio.create_task_group() as group:
            group.start_soon(call, service, "wait")
            await far.started.wait()
            assert (await call(service, "second")).text == "second"
            group.cancel_scope.cancel()
        await far.cancelled.wait()


async def test_a_client_that_died_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_service, "RESTART_S", 0.01)
    async with running(parts_of(Far())) as service:
        assert (await call(service, "one")).text == "one"
        service._client_lost()
        assert (await call(service, "two")).text == "two"


class Denying(MemoryCarrier):
    """A queue service that refuses us."""

    async def create(self, queue: str) -> bool:
        del queue
        raise CarrierDenied

    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        del queue, limit, lease_s
        raise CarrierDenied


async def test_a_queue_that_denies_us_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_service, "CONNECT_S", 0.2)
    watcher = Watcher()
    async with running(parts_of(Far(), carrier=Denying()), watcher) as service:
        await watcher.health("listener", Health.DENIED)
        assert (await call(service, "hello")).code == "denied"
        with pytest.raises(BridgeError):
            await service.tools.specs()


async def test_a_bridge_that_never_came_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_service, "CONNECT_S", 0.01)
    service = BridgeService(parts_of(Far()), Watcher())
    assert (await call(service, "hello")).code == "app_bridge_stopped"
    with pytest.raises(BridgeStopped):
        await service.tools.specs()


async def test_a_one_off_bridge_leaves_no_queue(tmp_path: Path) -> None:
    carrier = SqliteCarrier(tmp_path / "queue.db")
    async with running(parts_of(Far(), carrier=carrier, one_off=True)) as service:
        await call(service, "hello")
    async with SqliteCarrier(tmp_path / "queue.db") as after:
        assert list(await after.queues("")) == []


async def test_an_answer_that_breaks_the_tools_schema_is_internal() -> None:
    class Lying(Far):
        async def _list(self, *_: object) -> types.ListToolsResult:
            schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
            tool = TOOL.model_copy(update={"output_schema": schema})
            return types.ListToolsResult(tools=[tool])

        async def _call(self, *_: object) -> types.CallToolResult:
            return types.CallToolResult(
                content=[types.TextContent(text="x")], structured_content={"n": "山田太郎"}
            )

    async with running(parts_of(Lying())) as service:
        assert await call(service, "hello") == ToolOutcome("internal", code=Code.INTERNAL.value)
