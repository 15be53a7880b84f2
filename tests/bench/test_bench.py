"""The bench measures all its keys. Its figures are for people: nothing here is timed."""

from __future__ import annotations

from pathlib import Path

import anyio

from mcp_bridge.bench import measure
from mcp_bridge.bench.measure import Effort

KEYS = {
    "floor_p50_ms",
    "call_p50_ms",
    "ratio_p50",
    "ratio_p95",
    "ops_per_call",
    "idle_ops_per_hour",
    "calls_per_s_32",
    "bare_cycles_per_s",
    "poller_ratio",
}


async def test_it_measures_every_key_and_leaves_no_queue(tmp_path: Path) -> None:
    little = Effort(rounds=1, warm_up=2, samples=5, each=1, polled_calls=1)
    with anyio.fail_after(60):
        figures = await measure(f"sqlite:{tmp_path / 'queues'}", little)
    assert figures.keys() == KEYS
    assert all(value > 0 for value in figures.values())
    assert figures["ops_per_call"] >= 6  # four on the way and two deletes, at least
    assert figures["idle_ops_per_hour"] <= 1900
