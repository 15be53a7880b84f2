"""`serve` and `gateway` as two processes on one queue, used by the official client over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client
from mcp_types import ElicitRequestParams, ElicitResult

from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.sealing import PairingSecret, write_key_file
from tests.fakes.commands import environment, serving

STOP_S = 10.0
EVERYTHING = (sys.executable, "-m", "tests.servers.everything")

pytestmark = pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")


@contextmanager
def gateway(folder: Path, queue: str) -> Iterator[str]:
    """Its address; stopped by SIGTERM, as an operator would."""
    command = [
        *(sys.executable, "-m", "mcp_bridge", "gateway", "--queue", queue, "--name", "clinic"),
        *("--key-file", str(folder / "key"), "--port", "0"),
    ]
    with subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            assert process.wait(STOP_S) == 0


async def decide(_context: object, _params: ElicitRequestParams) -> ElicitResult:
    return ElicitResult(action="accept", content={"name": "Hanako"})


async def test_the_far_server_is_an_http_server(tmp_path: Path) -> None:
    queue = f"sqlite:{tmp_path / 'queues'}"
    write_key_file(tmp_path / "key", PairingSecret.generate())
    with (
        serving(tmp_path, queue, name="clinic", command=EVERYTHING),
        gateway(tmp_path, queue) as url,
        anyio.fail_after(80),
    ):
        async with httpx2.AsyncClient() as http:
            assert (await http.get(url.replace("/mcp", "/readyz"))).status_code == 200
        async with Client(url, mode="legacy", elicitation_callback=decide) as client:
            result = await client.call_tool("test_elicitation", {"message": "Who?"})
            assert "Hanako" in result.content[0].text
        async with (
            Client(url, mode="2026-07-28") as client,
            client.listen(tools_list_changed=True) as changes,
        ):
            await client.call_tool("test_trigger_tool_change", {})
            await anext(aiter(changes))
    async with open_carrier(queue) as carrier:
        assert await carrier.queues("clinic-res-") == []
