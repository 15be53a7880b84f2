"""Two `mcp-bridge serve` on one queue with one journal: what one leaves, the other finishes."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread

from mcp_bridge.caller import Caller, open_caller
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.errors import Code
from mcp_bridge.sealing import PairingSecret, read_key_file, write_key_file
from tests.fakes.bridge import call_request, failure_of, text_of, until_length
from tests.fakes.commands import serving

LEASE_S = 2
PROMISED_S = LEASE_S + 2


@dataclass
class Pair:
    """The first one has the call, the second one stands by."""

    folder: Path
    carrier: Carrier
    caller: Caller
    first: subprocess.Popen[str]
    responses: list[Mapping[str, Any]] = field(default_factory=list)
    answered: anyio.Event = field(default_factory=anyio.Event)

    async def call(self, tool: str) -> None:
        self.responses.append(await self.caller.exchange(call_request(tool)))
        self.answered.set()

    async def until_effects(self, wanted: int) -> list[str]:
        while len(self.effects()) < wanted:  # noqa: ASYNC110 - other processes
            await anyio.sleep(0.02)
        return self.effects()

    def effects(self) -> list[str]:
        file = self.folder / "effects"
        return file.read_text(encoding="ascii").splitlines() if file.exists() else []

    def open_gate(self) -> None:
        (self.folder / "gate").touch()


@asynccontextmanager
async def pair_in(folder: Path, tool: str) -> AsyncIterator[Pair]:
    queue = f"sqlite:{folder / 'queues'}"
    write_key_file(folder / "key", PairingSecret.generate())

    async def start() -> subprocess.Popen[str]:
        process = serving(folder, queue, name="pair", lease_s=LEASE_S)
        stack.push_async_callback(to_thread.run_sync, process.__exit__, None, None, None)
        return await to_thread.run_sync(process.__enter__)

    with anyio.fail_after(60):
        async with (
            open_carrier(queue) as carrier,
            open_caller(carrier, "pair", read_key_file(folder / "key")) as caller,
            AsyncExitStack() as stack,
            anyio.create_task_group() as tasks,
        ):
            pair = Pair(folder, carrier, caller, await start())
            tasks.start_soon(pair.call, tool)
            await pair.until_effects(1)
            await start()
            yield pair


async def test_a_reading_call_is_finished_by_the_other(tmp_path: Path) -> None:
    async with pair_in(tmp_path, "slow_read") as pair:
        pair.first.kill()
        pair.open_gate()
        with anyio.fail_after(PROMISED_S):
            await pair.answered.wait()
    assert [text_of(response) for response in pair.responses] == ["slow_read 1"]
    assert pair.effects() == ["slow_read", "slow_read"]


async def test_a_writing_call_is_not_run_twice(tmp_path: Path) -> None:
    async with pair_in(tmp_path, "slow_write") as pair:
        pair.first.kill()
        with anyio.fail_after(PROMISED_S):
            await pair.answered.wait()
        pair.open_gate()
    [response] = pair.responses
    assert failure_of(response)["code"] == Code.UNKNOWN_OUTCOME
    assert failure_of(response)["executed"] == "unknown"
    assert pair.effects() == ["slow_write"]


async def test_one_that_was_suspended_finds_its_call_answered(tmp_path: Path) -> None:
    """A laptop sleeps for longer than a lease, and goes on where it was."""
    async with pair_in(tmp_path, "slow_write") as pair:
        pair.first.send_signal(signal.SIGSTOP)
        try:
            with anyio.fail_after(PROMISED_S):
                await pair.answered.wait()
        finally:
            pair.first.send_signal(signal.SIGCONT)
        pair.open_gate()
        for number in range(4):  # both serve on, and neither mistakes one call for another
            again = await pair.caller.exchange(call_request("echo", text=str(number)))
            assert text_of(again) == str(number)
        await until_length(pair.carrier, "pair-req", 0)
    [response] = pair.responses
    assert failure_of(response)["code"] == Code.UNKNOWN_OUTCOME
    assert pair.effects() == ["slow_write"]
