"""The same work without a bridge: the floor under every call, and a plain poller."""

from __future__ import annotations

from time import perf_counter

import anyio

from mcp_bridge.background import background
from mcp_bridge.carriers.port import Carrier, Taken

LEASE_S = 30
TTL_S = 120
POLL_S = 1.0  # of the plain poller, on both sides


async def floor(carrier: Carrier, there: str, back: str, text: str) -> float:
    """Seconds for put, take, put, take; the two deletes are not timed."""
    began = perf_counter()
    await carrier.put(there, text, ttl_s=TTL_S)
    request = await _take_one(carrier, there)
    await carrier.put(back, text, ttl_s=TTL_S)
    reply = await _take_one(carrier, back)
    elapsed_s = perf_counter() - began
    await carrier.delete(there, request.receipt)
    await carrier.delete(back, reply.receipt)
    return elapsed_s


async def cycles_per_s(
    carrier: Carrier, there: str, back: str, text: str, *, at_once: int, each: int
) -> float:
    """The six operations of a call, `at_once` in flight."""

    async def work() -> None:
        for _ in range(each):
            await floor(carrier, there, back, text)

    began = perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(at_once):
            tasks.start_soon(work)
    return at_once * each / (perf_counter() - began)


async def plain_poller(carrier: Carrier, there: str, text: str, calls: int) -> list[float]:
    """Seconds of each call as the usual sample does it: 1 s sleeps, a response queue a request."""
    elapsed: list[float] = []
    async with background() as tasks:
        tasks.start_soon(_plain_server, carrier, there)
        for number in range(calls):
            began = perf_counter()
            back = f"{there}-{number}"
            await carrier.create(back)
            await carrier.put(there, back.ljust(len(text)), ttl_s=TTL_S)
            reply = await _poll(carrier, back)
            await carrier.delete(back, reply.receipt)
            elapsed.append(perf_counter() - began)
            await carrier.drop(back)
    return elapsed


async def _plain_server(carrier: Carrier, there: str) -> None:
    while True:
        request = await _poll(carrier, there)
        await carrier.put(request.text.rstrip(), request.text, ttl_s=TTL_S)
        await carrier.delete(there, request.receipt)


async def _poll(carrier: Carrier, queue: str) -> Taken:
    while True:
        taken = await carrier.take(queue, limit=1, lease_s=LEASE_S)
        if taken:
            return taken[0]
        await anyio.sleep(POLL_S)


async def _take_one(carrier: Carrier, queue: str) -> Taken:
    """With others in flight a take may find nothing for a moment."""
    while True:
        taken = await carrier.take(queue, limit=1, lease_s=LEASE_S)
        if taken:
            return taken[0]
