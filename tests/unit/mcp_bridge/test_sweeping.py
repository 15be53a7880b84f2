"""Response queues of killed callers go by age; those that somebody named stay."""

from __future__ import annotations

from datetime import UTC, date, datetime

import anyio
import pytest

from mcp_bridge import sweeping
from mcp_bridge.background import background
from mcp_bridge.caller import open_caller
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Operation
from mcp_bridge.errors import CarrierUnreachable
from mcp_bridge.names import is_caller_name, queue_names
from mcp_bridge.rpc import Message
from mcp_bridge.sweeping import dated_caller, keep_swept, sweep
from tests.fakes.bridge import bridge, new_keys, text_of
from tests.fakes.faulty_carrier import FaultyCarrier, Raise
from tests.fakes.limited_carrier import LimitedCarrier

NAMES = queue_names("clinic")
TODAY = date(2026, 11, 21)
OLD = "clinic-res-c20261107-0123456789ab"
STAYS = (
    "clinic-res-c20261108-0123456789ab",  # thirteen days
    "clinic-res-c20270101-0123456789ab",  # a clock that was wrong
    "clinic-res-c20261399-0123456789ab",  # no day
    "clinic-res-c0123456789ab",
    "clinic-res-cloud",
    "clinic-res-c20200101",
    "clinic-req",
    "clinic-quarantine",
    "other-res-c20200101-0123456789ab",
)


async def with_queues(*queues: str) -> MemoryCarrier:
    carrier = MemoryCarrier()
    for queue in queues:
        await carrier.create(queue)
    return carrier


async def test_only_old_empty_queues_of_nameless_callers_are_removed() -> None:
    full = "clinic-res-c20200101-0123456789ab"
    carrier = await with_queues(OLD, full, *STAYS)
    await carrier.put(full, "a reply", ttl_s=60)
    assert await sweep(carrier, NAMES, TODAY) == [OLD]
    assert set(await carrier.queues("")) == {full, *STAYS}


async def test_a_caller_without_a_name_takes_one_that_says_the_day() -> None:
    name = dated_caller()
    assert is_caller_name(name)
    assert name[1:9] == f"{datetime.now(UTC):%Y%m%d}"
    carrier = MemoryCarrier()
    async with open_caller(carrier, "clinic", new_keys()):
        [queue] = await carrier.queues("clinic-res-")
        assert queue.startswith(f"clinic-res-c{datetime.now(UTC):%Y%m%d}-")


async def test_a_listener_sweeps_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "FIRST_S", 0.01)
    carrier = await with_queues("test-res-c20200101-0123456789ab")
    async with bridge(carrier):
        with anyio.fail_after(5):
            while "test-res-c20200101-0123456789ab" in await carrier.queues(""):  # noqa: ASYNC110
                await anyio.sleep(0.01)


async def test_a_side_that_may_not_sweep_stops_trying(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "FIRST_S", 0.0)
    limited = LimitedCarrier(await with_queues(OLD), {})
    with anyio.fail_after(5):
        await keep_swept(limited, NAMES)
    assert limited.denied == {(Operation.LIST, "clinic-res-")}


async def test_a_bad_day_of_the_service_does_not_end_the_sweeping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "FIRST_S", 0.0)
    monkeypatch.setattr(sweeping, "PERIOD_S", 0.01)
    inner = await with_queues("clinic-res-c20200101-0123456789ab")
    carrier = FaultyCarrier(inner)
    carrier.inject(Operation.LIST, Raise(CarrierUnreachable))
    async with background() as tasks:
        tasks.start_soon(keep_swept, carrier, NAMES)
        with anyio.fail_after(5):
            while await inner.queues("clinic-res-"):  # noqa: ASYNC110
                await anyio.sleep(0.01)


async def test_a_caller_that_lost_its_queue_makes_it_again() -> None:
    async with bridge() as both:
        assert text_of(await both.call("read")) == "read 1"
        [queue] = await both.carrier.queues("test-res-")
        await both.carrier.drop(queue)
        answers: list[Message] = []

        async def call() -> None:
            answers.append(await both.call("slow_read"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            with anyio.fail_after(5):
                while not await both.carrier.queues("test-res-"):  # noqa: ASYNC110
                    await anyio.sleep(0.01)
            both.served.gate_opens.set()
        assert text_of(answers[0]) == "slow_read 2"
