"""`serve` and `connect` as two processes on one queue, used by the official client over stdio."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters

from mcp_bridge.carriers.opening import open_carrier
from tests.fakes.commands import environment, mcp_bridge, serving
from tests.fakes.served import CANARY


@pytest.fixture(scope="module")
def far_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StdioServerParameters]:
    """What a host's configuration would say, with the other end running."""
    folder = tmp_path_factory.mktemp("bridge")
    queue, key = f"sqlite:{folder / 'queues'}", str(folder / "key")
    assert mcp_bridge("keygen", "--key-file", key).returncode == 0
    with serving(folder, queue, name="clinic"):
        yield StdioServerParameters(
            command=sys.executable,
            args=[
                *("-m", "mcp_bridge", "connect"),
                *("--queue", queue, "--name", "clinic", "--key-file", key),
            ],
            env=environment(),
        )


@pytest.mark.parametrize("mode", ["2026-07-28", "auto", "legacy"])
async def test_the_far_server_is_a_stdio_server(
    far_server: StdioServerParameters, mode: str
) -> None:
    heard: list[float] = []

    async def hear(progress: float, _total: float | None, _message: str | None) -> None:
        heard.append(progress)

    with anyio.fail_after(30):
        async with Client(far_server, mode=mode) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert tools["echo"].annotations is not None
            assert tools["echo"].annotations.read_only_hint is True
            result = await client.call_tool("echo", {"text": "カルテ"})
            assert [block.text for block in result.content] == ["カルテ"]
            await client.call_tool("progress", {}, progress_callback=hear)
            assert heard == [1, 2, 3]
            with pytest.raises(MCPError) as caught:
                await client.call_tool("crash", {})
            assert CANARY not in str(caught.value)
        # The host closed stdin, and `connect` took its response queue along.
        async with open_carrier(far_server.args[4]) as carrier:
            assert await carrier.queues("clinic-res-") == []
