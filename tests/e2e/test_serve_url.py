"""`serve --url` and `connect` as processes; the Streamable HTTP server is a third."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

from tests.fakes.commands import environment, mcp_bridge, serving


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The everything-server's address."""
    command = [sys.executable, "-m", "tests.servers.everything", "--http"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture(scope="module")
def far_server(
    tmp_path_factory: pytest.TempPathFactory, url: str
) -> Iterator[StdioServerParameters]:
    folder = tmp_path_factory.mktemp("bridge")
    bridge = [
        *("--queue", f"sqlite:{folder / 'queues'}", "--name", "web"),
        *("--key-file", str(folder / "key")),
    ]
    assert mcp_bridge("keygen", "--key-file", str(folder / "key")).returncode == 0
    token = ["--url-token", "env:SERVER_TOKEN"]
    with serving(folder, bridge[1], name="web", url=url, options=token, SERVER_TOKEN="t"):
        yield StdioServerParameters(
            command=sys.executable,
            args=["-m", "mcp_bridge", "connect", *bridge],
            env=environment(),
        )


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
async def test_a_server_at_a_url_is_a_stdio_server(
    far_server: StdioServerParameters, mode: str
) -> None:
    heard: list[float] = []

    async def hear(progress: float, _total: float | None, _message: str | None) -> None:
        heard.append(progress)

    with anyio.fail_after(30):
        async with Client(far_server, mode=mode) as client:
            await client.call_tool("test_tool_with_progress", {}, progress_callback=hear)
            assert heard == [0, 50, 100]
            assert (await client.call_tool("test_error_handling", {})).is_error


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--url", "http://example.org/mcp"], 3),
        (["--url", "https://example.org/mcp", "--url-token", "a-secret"], 3),
        (["--url", "https://example.org/mcp", "--", "true"], 2),
        (["--url-token", "env:PATH", "--", "true"], 3),
        ([], 2),
    ],
)
def test_what_cannot_be_served_is_refused(options: list[str], code: int, tmp_path: Path) -> None:
    ended = mcp_bridge(
        *("serve", "--queue", f"sqlite:{tmp_path / 'queues'}", "--name", "web"),
        *("--key-file", str(tmp_path / "key"), "--allow-all", *options),
    )
    assert ended.returncode == code
    assert "a-secret" not in ended.stderr
    assert "key file" not in ended.stderr  # which is missing too, and looked at later
