"""The same tests of a server, direct and through the bridge: nothing may be different."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError

from mcp_bridge.caller import queue_transport
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import Carrier
from tests.fakes.bridge import bridge
from tests.fakes.served import CANARY, Served

WAYS = ("direct", "memory", "sqlite", "azurite")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Any:  # noqa: ANN401
    """How to reach a server: None for directly, else a carrier."""
    match request.param:
        case "memory":
            return MemoryCarrier()
        case "sqlite":
            return open_carrier(f"sqlite:{tmp_path / 'queues'}")
        case "azurite":
            return open_carrier(request.getfixturevalue("azurite_url"))
        case _:
            return None


@asynccontextmanager
async def client_of(served: Served, way: Carrier | None, **options: Any) -> AsyncIterator[Client]:  # noqa: ANN401
    async with AsyncExitStack() as stack:
        target: Any = served.server()
        if way is not None:
            carrier = await stack.enter_async_context(way)
            both = await stack.enter_async_context(bridge(carrier, name="parity", served=served))
            target = queue_transport(both.caller)
        client = Client(target, mode="2026-07-28", **options)
        yield await stack.enter_async_context(client)


async def test_the_tools_are_the_same(way: Carrier | None) -> None:
    with anyio.fail_after(10):
        async with client_of(Served(), None) as direct, client_of(Served(), way) as client:
            assert await client.list_tools() == await direct.list_tools()


@pytest.mark.parametrize("text", ["", "hello", "カルテ 🩺", "x" * 70_000, "é\\\u2028\x00"])
async def test_a_text_comes_back_as_it_went(way: Carrier | None, text: str) -> None:
    with anyio.fail_after(10):
        async with client_of(Served(), way) as client:
            result = await client.call_tool("echo", {"text": text})
            assert [block.text for block in result.content] == [text]
            assert not result.is_error


async def test_a_tool_that_writes_runs_once(way: Carrier | None) -> None:
    served = Served()
    with anyio.fail_after(10):
        async with client_of(served, way) as client:
            await client.call_tool("write", {})
    assert served.effects == ["write"]


async def test_progress_ends_where_it_ended(way: Carrier | None) -> None:
    heard: list[float] = []

    async def hear(progress: float, _total: float | None, _message: str | None) -> None:
        heard.append(progress)

    with anyio.fail_after(10):
        async with client_of(Served(), way) as client:
            await client.call_tool("progress", {}, progress_callback=hear)
    assert heard[-1] == 3


async def test_an_error_is_the_same_error(way: Carrier | None) -> None:
    with anyio.fail_after(10):
        async with client_of(Served(), way) as client:
            with pytest.raises(MCPError) as caught:
                await client.session.list_prompts()
            assert caught.value.code == -32601


async def test_a_crash_says_nothing(way: Carrier | None) -> None:
    if way is None:
        pytest.skip("a client in the same process gets the exception itself")
    with anyio.fail_after(10):
        async with client_of(Served(), way) as client:
            with pytest.raises(MCPError) as caught:
                await client.call_tool("crash", {})
            assert caught.value.code == -32603
            assert CANARY not in str(caught.value)


async def test_a_call_that_takes_too_long_stops_the_tool(way: Carrier | None) -> None:
    served = Served()
    with anyio.fail_after(10):
        async with client_of(served, way, read_timeout_seconds=0.5) as client:
            with pytest.raises(MCPError):
                await client.call_tool("slow_read", {})
            await served.cancelled.wait()
