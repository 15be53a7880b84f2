"""`mcp-bridge serve` is killed between receive and reply, and started again: one answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from mcp_bridge.caller import open_caller
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.errors import Code
from mcp_bridge.sealing import PairingSecret, read_key_file, write_key_file
from tests.fakes.bridge import call_request, failure_of, text_of, until_length
from tests.fakes.commands import serving

LEASE_S = 2


@pytest.fixture(params=["sqlite", "azurite"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "azurite":
        return request.getfixturevalue("azurite_url")
    return f"sqlite:{tmp_path / 'queues'}"


@pytest.mark.parametrize("tool", ["slow_write", "slow_read"])
async def test_killed_between_receive_and_reply(queue: str, tool: str, tmp_path: Path) -> None:
    name = f"kill-{tool.replace('_', '-')}"
    write_key_file(tmp_path / "key", PairingSecret.generate())
    keys = read_key_file(tmp_path / "key")
    responses: list[Mapping[str, Any]] = []

    async def call() -> None:
        responses.append(await caller.exchange(call_request(tool)))

    with anyio.fail_after(60):
        async with (
            open_carrier(queue) as carrier,
            open_caller(carrier, name, keys) as caller,
            anyio.create_task_group() as calls,
        ):
            first = serving(tmp_path, queue, name=name, lease_s=LEASE_S)
            process = await to_thread.run_sync(first.__enter__)
            calls.start_soon(call)
            await until_effects(tmp_path, 1)
            process.kill()
            await to_thread.run_sync(first.__exit__, None, None, None)
            assert responses == []
            (tmp_path / "gate").touch()
            second = serving(tmp_path, queue, name=name, lease_s=LEASE_S)
            await to_thread.run_sync(second.__enter__)
            await until_length(carrier, f"{name}-req", 0)
            await to_thread.run_sync(second.__exit__, None, None, None)
    [response] = responses
    effects = (tmp_path / "effects").read_text(encoding="ascii").splitlines()
    if tool == "slow_write":
        assert failure_of(response)["code"] == Code.UNKNOWN_OUTCOME
        assert failure_of(response)["executed"] == "unknown"
        assert effects == ["slow_write"]
    else:
        assert text_of(response) == "slow_read 1"  # by the second process, which ran it anew
        assert effects == ["slow_read", "slow_read"]


async def until_effects(folder: Path, wanted: int) -> None:
    effects = folder / "effects"
    while not effects.exists() or len(effects.read_text().splitlines()) < wanted:  # noqa: ASYNC110
        await anyio.sleep(0.02)
