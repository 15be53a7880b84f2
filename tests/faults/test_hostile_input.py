"""A little of the hostile flood; a million frames are `python -m tests.bench.hostile`."""

from __future__ import annotations

from uuid import uuid4

import anyio

from mcp_bridge.chunks import MAX_OPEN
from mcp_bridge.frames import Direction, Header, Kind, serialize
from tests.fakes.bridge import bridge, until_length
from tests.faults.hostile import flood


async def test_no_crash_no_forgery_no_replay_and_honest_calls_are_answered() -> None:
    toll = await flood(5000, seed=1)
    assert toll.calls == 51
    assert toll.crashes == 0
    assert toll.put_aside > 1000
    assert toll.slowest_tick_s < 2.0  # on a machine that has much else to do


async def test_chunks_that_never_come_whole_fill_no_memory() -> None:
    """From a caller that holds the key: a first chunk each of many requests."""
    async with bridge() as both:
        await both.call("write")
        await both.empty(both.names.requests)
        for _ in range(MAX_OPEN + 50):
            header = Header(
                direction=Direction.REQUEST,
                mid=uuid4().hex,
                kind=Kind.REQUEST,
                reply="flood",
                budget_ms=7 * 24 * 3600 * 1000,
                parts=64,
            )
            text = serialize(both.keys.seal(header, bytes(100)))
            await both.carrier.put(both.names.requests, text, ttl_s=60)
        await until_length(both.carrier, both.names.quarantine, 50)
        assert len(list(both.listener._intake._works)) == MAX_OPEN
        with anyio.fail_after(5):
            assert "result" in await both.call("write")
        assert both.served.effects == ["write", "write"]
