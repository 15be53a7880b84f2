"""`mcp-bridge serve` is killed while an agent's tool runs, on a real Azurite, and started again."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import anyio
import pytest
from anyio import to_thread

from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.sealing import PairingSecret, write_key_file
from tests.fakes.bridge import until_length
from tests.fakes.commands import serving
from tests.fakes.unsealed import as_base64, from_base64
from tests.faults.test_crash_processes import LEASE_S, until_effects


@pytest.mark.parametrize("tool", ["slow_write", "slow_read"])
async def test_killed_between_receive_and_answer(
    azurite_url: str, tool: str, tmp_path: Path
) -> None:
    name = f"kill-{uuid4().hex[:8]}"
    ask, answer = f"{name}-ask", f"{name}-answer"
    options = ["--foundry-tool", f"{tool}={ask}:{answer}"]
    write_key_file(tmp_path / "key", PairingSecret.generate())
    with anyio.fail_after(60):
        async with open_carrier(azurite_url) as carrier:
            for queue in (ask, answer):
                await carrier.create(queue)
            await carrier.put(ask, as_base64({"CorrelationId": "c"}), ttl_s=60)
            first = serving(tmp_path, azurite_url, name=name, lease_s=LEASE_S, options=options)
            process = await to_thread.run_sync(first.__enter__)
            await until_effects(tmp_path, 1)
            process.kill()
            await to_thread.run_sync(first.__exit__, None, None, None)
            (tmp_path / "gate").touch()
            second = serving(tmp_path, azurite_url, name=name, lease_s=LEASE_S, options=options)
            await to_thread.run_sync(second.__enter__)
            await until_length(carrier, ask, 0)
            await to_thread.run_sync(second.__exit__, None, None, None)
            [taken] = await carrier.take(answer, limit=2, lease_s=30)
    value = from_base64(taken.text)["Value"]
    effects = (tmp_path / "effects").read_text(encoding="ascii").splitlines()
    if tool == "slow_write":
        told = json.loads(value)["error"]
        assert (told["code"], told["executed"]) == ("unknown_outcome", "unknown")
        assert effects == ["slow_write"]
    else:
        assert value == "slow_read 1"  # by the second process, which ran it anew
        assert effects == ["slow_read", "slow_read"]
