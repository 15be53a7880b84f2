"""What waits and how long: rhythms, quiet moments, retries, notices."""

from __future__ import annotations

import random
from collections.abc import Sequence

import anyio
import pytest

from mcp_bridge.background import background
from mcp_bridge.errors import (
    CarrierBusy,
    CarrierDenied,
    CarrierFault,
    CarrierUnreachable,
    QueueMissing,
)
from mcp_bridge.later import Later
from mcp_bridge.listener.notices import MAX_WAITING, PERIOD_S, Notices
from mcp_bridge.patience import Backoff, patiently
from mcp_bridge.rhythm import LONGEST_S, Rhythm
from mcp_bridge.rpc import Message


def test_a_rhythm_knows_nothing_at_first() -> None:
    assert Rhythm().quiet_s() == 0


def follow(rhythm: Rhythm, arrival_s: float) -> bool:
    """One wait: whether the first poll found what came after `arrival_s`."""
    quiet_s = rhythm.quiet_s()
    found = quiet_s >= arrival_s
    rhythm.heard(quiet_s if found else arrival_s + 0.002, at_first=found)
    return found


def test_a_rhythm_settles_just_behind_what_it_waits_for() -> None:
    rhythm = Rhythm()
    dice = random.Random(1)  # noqa: S311 - a fixed sequence
    arrivals = [0.008 + dice.expovariate(1000) for _ in range(400)]
    found = [follow(rhythm, arrival_s) for arrival_s in arrivals]
    assert 0.5 < sum(found[100:]) / 300 < 0.9
    assert 0.008 < rhythm.quiet_s() < 0.012


def test_a_slow_rhythm_makes_nobody_wait_long_and_is_forgotten() -> None:
    rhythm = Rhythm()
    for _ in range(100):
        follow(rhythm, 30.0)
    assert rhythm.quiet_s() == LONGEST_S
    for _ in range(20):
        follow(rhythm, 0.01)
    assert rhythm.quiet_s() < 0.012


@pytest.mark.parametrize(
    ("fault", "pauses"),
    [
        (CarrierUnreachable(), [0.25, 0.5, 1, 2, 4, 8, 10, 10]),
        (CarrierBusy(), [0.25, 0.5, 1, 2, 4, 8, 10, 10]),
        (CarrierDenied(), [1, 2, 4, 8, 16, 32, 60, 60]),
        (QueueMissing(), [1, 2, 4, 8, 16, 32, 60, 60]),
    ],
)
def test_pauses_double_up_to_a_limit_and_start_again(
    fault: CarrierFault, pauses: list[float]
) -> None:
    backoff = Backoff()
    assert [backoff.after(fault) for _ in pauses] == pauses
    backoff.reset()
    assert backoff.after(fault) == pauses[0]


@pytest.mark.parametrize(
    ("faults", "seen"),
    [
        ([CarrierBusy, CarrierDenied], CarrierDenied),
        ([CarrierUnreachable, CarrierDenied], CarrierUnreachable),
        ([QueueMissing], QueueMissing),
    ],
)
async def test_a_retry_reports_what_leaves_most_open(
    faults: list[type[CarrierFault]], seen: type[CarrierFault]
) -> None:
    left = iter(faults)

    async def operation() -> None:
        await anyio.lowlevel.checkpoint()
        raise next(left)

    with anyio.fail_after(5), pytest.raises(seen):
        await patiently(operation, until=anyio.current_time() + 60)


async def test_later_waits_for_a_quiet_moment_but_not_for_ever() -> None:
    done: list[float] = []
    later = Later()

    async def job() -> None:
        done.append(anyio.current_time())
        ended.set()

    ended = anyio.Event()
    with anyio.fail_after(5):
        async with background() as tasks:
            tasks.start_soon(later.run)
            began = anyio.current_time()
            later.add(job)
            while not ended.is_set():
                later.touch()
                await anyio.sleep(0.005)
            assert done[0] - began >= 0.4
            ended = anyio.Event()
            later.add(job)
            await ended.wait()
            assert done[1] - done[0] < 0.4


async def test_notices_leave_together_once_a_period_and_a_flood_loses_progress_first() -> None:
    sent: list[tuple[float, Sequence[Message]]] = []
    arrived = anyio.Event()

    async def send(messages: Sequence[Message]) -> None:
        sent.append((anyio.current_time(), messages))
        arrived.set()
        await anyio.lowlevel.checkpoint()

    def progress(step: int) -> Message:
        return {"method": "notifications/progress", "params": {"progress": step}}

    notices = Notices(send)
    with anyio.fail_after(5):
        async with background() as tasks:
            began = anyio.current_time()
            tasks.start_soon(notices.run)
            notices.add({"method": "notifications/message"})
            for step in range(1, MAX_WAITING + 2):
                notices.add(progress(step))
            await arrived.wait()
            notices.add(progress(1000))
    [(at, messages)] = sent
    assert at - began >= PERIOD_S * 0.99
    kept = [progress(step) for step in range(3, MAX_WAITING + 2)]
    assert messages == [{"method": "notifications/message"}, *kept]
    assert notices.rest() == [progress(1000)]
    assert notices.rest() == []
