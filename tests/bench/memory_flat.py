"""Memory over many calls: `python -m tests.bench.memory_flat --calls 100000 [--queue CARRIER]`.

Both sides in this process, 32 calls in flight; one JSON object. Growth is counted from a tenth of
the calls on, when caches and pools are full.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter

import anyio

from mcp_bridge.background import background
from mcp_bridge.bench.echo import as_it_is, echo_server
from mcp_bridge.caller import Caller, open_caller
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.journal import Journal
from mcp_bridge.listener import Listener, ListenerOptions
from mcp_bridge.policy import Policy
from mcp_bridge.rpc import request
from mcp_bridge.sealing import KeyRing, PairingSecret
from mcp_bridge.upstream import ServerUpstream

AT_ONCE = 32
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_kib() -> int:
    """Of this process, by Linux."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE // 1024


async def measure(spec: str, calls: int) -> Mapping[str, float]:
    keys = KeyRing(PairingSecret.generate())
    with tempfile.TemporaryDirectory() as folder, closing(Journal(Path(folder) / "j")) as journal:
        async with open_carrier(spec) as carrier, background() as tasks:
            listener = Listener(
                carrier,
                "flat",
                keys,
                journal,
                ServerUpstream(echo_server()),
                as_it_is,
                policy=Policy.everything(),
                options=ListenerOptions(workers=AT_ONCE),
            )
            tasks.start_soon(listener.run)
            async with open_caller(carrier, "flat", keys) as caller:
                began = perf_counter()
                await _call(caller, calls // 10)
                early_kib = resident_kib()
                await _call(caller, calls - calls // 10)
                late_kib = resident_kib()
                elapsed_s = perf_counter() - began
    return {
        "calls": calls,
        "calls_per_s": calls / elapsed_s,
        "resident_kib_at_a_tenth": early_kib,
        "resident_kib_at_the_end": late_kib,
        "growth_bytes_per_call": (late_kib - early_kib) * 1024 / (calls - calls // 10),
    }


async def _call(caller: Caller, calls: int) -> None:
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            echo = request("tools/call", "1", name="echo", arguments={"text": "hello"})
            response = await caller.exchange(echo)
            assert "result" in response

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(work)


if __name__ == "__main__":
    logging.disable()
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--queue", default="memory:")
    options = parser.parse_args()
    print(json.dumps(anyio.run(partial(measure, options.queue, options.calls))))  # noqa: T201
