"""Is anybody there? Opening hours, records, and what a caller is told instead of a time-out."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import anyio
import pytest

from mcp_bridge.background import background
from mcp_bridge.caller import open_caller
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Operation
from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.events import Hop
from mcp_bridge.names import queue_names
from mcp_bridge.presence import Attendance, Lookout, OpeningHours, Record, State
from mcp_bridge.presence.attendance import CLOSED_GAP_S, TICK_S
from mcp_bridge.presence.looking import STALE_S
from mcp_bridge.presence.record import open_record
from tests.fakes.bridge import bridge, call_request, failure_of, new_keys, text_of

SUNDAY = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - a clock on a wall
QUEUE = queue_names("test").presence


@pytest.mark.parametrize(
    ("text", "moment", "is_open"),
    [
        ("Mo-Fr 08:30-18:00", "2026-11-23 08:30", True),
        ("Mo-Fr 08:30-18:00", "2026-11-23 08:29", False),
        ("Mo-Fr 08:30-18:00", "2026-11-23 18:00", False),
        ("Mo-Fr 08:30-18:00", "2026-11-22 12:00", False),
        ("Mo,We 08:00-12:00,14:00-18:00; Sa 09:00-12:00", "2026-11-23 13:00", False),
        ("Mo,We 08:00-12:00,14:00-18:00; Sa 09:00-12:00", "2026-11-25 17:59", True),
        ("Mo,We 08:00-12:00,14:00-18:00; Sa 09:00-12:00", "2026-11-28 11:00", True),
        ("Sa-Mo 00:00-24:00", "2026-11-23 23:59", True),
        ("Sa-Mo 00:00-24:00", "2026-11-24 00:00", False),
    ],
)
def test_opening_hours(text: str, moment: str, is_open: bool) -> None:
    assert OpeningHours.parse(text).is_open(datetime.fromisoformat(moment)) is is_open


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mo",
        "08:30-18:00",
        "mo-fr 08:30-18:00",
        "Mo-Fr 8:30-18:00",
        "Mo-Fr 18:00-08:30",
        "Mo-Fr 08:30-08:30",
        "Mo-Fr 08:30-24:30",
        "Mo-Fr 08:30-18:00;",
        "Mo-Fr  08:30-18:00",
        "Mo-Fr 08:30-18:00; " * 20,
    ],
)
def test_other_texts_are_no_opening_hours(text: str) -> None:
    with pytest.raises(LocalFault):
        OpeningHours.parse(text)


def test_a_record_opens_with_its_key_only() -> None:
    keys, record = new_keys(), Record("here", State.OPEN, "Mo 08:00-09:00", 1)
    assert open_record(record.sealed(keys), keys) == record
    assert open_record(record.sealed(new_keys()), keys) is None
    assert open_record("nonsense", keys) is None


class Listens:
    """What attendance tells a listener."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self.woken = anyio.Event()

    def rest(self, gap_s: float) -> None:
        self.gaps.append(gap_s)

    def resumed(self) -> None:
        self.woken.set()

    def polled_at(self) -> float:
        return anyio.current_time()


async def until_state(carrier: MemoryCarrier, lookout: Lookout, wanted: Code | None) -> None:
    with anyio.fail_after(5):
        while True:
            fresh = Lookout(carrier, QUEUE, lookout.keys, anyio.current_time)
            found = await fresh.absence()
            if (found.code if found else None) is wanted:
                return
            await anyio.sleep(0.01)


async def test_one_record_is_kept_and_says_what_holds() -> None:
    carrier, keys, listens = MemoryCarrier(), new_keys(), Listens()
    attendance = Attendance(carrier, QUEUE, keys, listens)
    lookout = Lookout(carrier, QUEUE, keys, anyio.current_time)
    assert await lookout.absence() is None, "nobody can know"
    async with background() as tasks:
        tasks.start_soon(attendance.run)
        await anyio.wait_all_tasks_blocked()
        await until_state(carrier, lookout, None)
        attendance.pause()
        await until_state(carrier, lookout, Code.PAUSED)
        attendance.pause(paused=False)
        await until_state(carrier, lookout, None)
        assert await carrier.length(QUEUE) == 1
    await until_state(carrier, lookout, Code.ASLEEP)
    assert await carrier.length(QUEUE) == 1
    assert listens.gaps == [0.0, math.inf, 0.0]


async def test_a_new_life_clears_the_records_of_the_one_before() -> None:
    carrier, keys = MemoryCarrier(), new_keys()
    for _ in range(3):
        async with background() as tasks:
            tasks.start_soon(Attendance(carrier, QUEUE, keys, Listens()).run)
            await anyio.wait_all_tasks_blocked()
    assert await carrier.length(QUEUE) == 1


async def test_outside_its_hours_a_listener_polls_slowly() -> None:
    carrier, keys, listens = MemoryCarrier(), new_keys(), Listens()
    hours = OpeningHours.parse("Mo-Fr 08:30-18:00")
    attendance = Attendance(carrier, QUEUE, keys, listens, hours=hours, now=lambda: SUNDAY)
    async with background() as tasks:
        tasks.start_soon(attendance.run)
        await anyio.wait_all_tasks_blocked()
        found = await Lookout(carrier, QUEUE, keys, anyio.current_time).absence()
    assert found is not None
    assert (found.code, found.hours) == (Code.CLOSED_HOURS, "Mo-Fr 08:30-18:00")
    assert listens.gaps == [CLOSED_GAP_S]
    assert 10 <= CLOSED_GAP_S <= 30


async def test_a_jump_of_the_clock_wakes_the_listener() -> None:
    walls = iter([0.0, TICK_S + 21.0])
    listens = Listens()
    attendance = Attendance(
        MemoryCarrier(), QUEUE, new_keys(), listens, wall=lambda: next(walls, 30.0)
    )
    async with background() as tasks:
        tasks.start_soon(attendance.run)
        await anyio.wait_all_tasks_blocked()
        attendance.pause()  # ends the tick
        with anyio.fail_after(5):
            await listens.woken.wait()


async def test_a_record_that_is_not_renewed_means_asleep() -> None:
    now, keys = [1000.0], new_keys()
    carrier = MemoryCarrier(clock=lambda: now[0])
    await carrier.create(QUEUE)
    await carrier.put(QUEUE, Record("here", State.OPEN).sealed(keys), ttl_s=100_000)
    looked: list[int] = []
    for later_s in (STALE_S - 1, 3600):
        now[0] += later_s
        found = await Lookout(carrier, QUEUE, keys, lambda: now[0]).absence()
        looked.append(found.last_seen_s if found else 0)
    assert looked == [0, int(STALE_S - 1 + 3600)]


async def test_a_record_of_one_that_does_not_reach_its_queue_means_asleep() -> None:
    carrier, keys = MemoryCarrier(), new_keys()
    await carrier.create(QUEUE)
    await carrier.put(QUEUE, Record("here", State.OPEN, polled_s=200).sealed(keys), ttl_s=60)
    found = await Lookout(carrier, QUEUE, keys, anyio.current_time).absence()
    assert found is not None
    assert found.code is Code.ASLEEP


async def test_somebody_there_is_enough() -> None:
    carrier, keys = MemoryCarrier(), new_keys()
    await carrier.create(QUEUE)
    for instance, state in (("one", State.STOPPED), ("two", State.OPEN)):
        await carrier.put(QUEUE, Record(instance, state).sealed(keys), ttl_s=60)
    assert await Lookout(carrier, QUEUE, keys, anyio.current_time).absence() is None


async def test_a_look_is_kept_for_a_while() -> None:
    operations: list[Operation] = []
    carrier = MemoryCarrier(on_operation=operations.append)
    lookout = Lookout(carrier, QUEUE, new_keys(), lambda: 0.0 + len(operations) * 0.1 + 1)
    for _ in range(5):
        assert await lookout.absence() is None
    assert operations == [Operation.PEEK]


@asynccontextmanager
async def absent(record: Record) -> AsyncIterator[tuple[MemoryCarrier, Sequence[object]]]:
    """A call to a bridge where nobody serves, and what came of it."""
    carrier, keys = MemoryCarrier(), new_keys()
    await carrier.create(QUEUE)
    await carrier.put(QUEUE, record.sealed(keys), ttl_s=60)
    async with open_caller(carrier, "test", keys) as caller:
        with anyio.fail_after(3):
            response = await caller.exchange(call_request("write"))
        yield carrier, [failure_of(response)]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.CLOSED, Code.CLOSED_HOURS),
        (State.PAUSED, Code.PAUSED),
        (State.STOPPED, Code.ASLEEP),
    ],
)
async def test_a_caller_learns_it_in_under_three_seconds(state: State, code: Code) -> None:
    async with absent(Record("here", state, "Mo 08:00-09:00")) as (carrier, [failure]):
        assert isinstance(failure, dict)
        assert failure["code"] == code
        assert (failure["executed"], failure["retry"]) == ("no", True)
        assert failure["last_seen_s"] <= 3
        assert failure["hours"] == "Mo 08:00-09:00"
        assert await carrier.length("test-req") == 0


async def test_a_request_that_was_taken_is_waited_for_whatever_the_record_says() -> None:
    looked = anyio.Event()

    def heed(operation: Operation) -> None:
        if operation is Operation.PEEK:
            looked.set()

    async with bridge(MemoryCarrier(on_operation=heed)) as b:
        await b.carrier.create(QUEUE)
        await b.carrier.put(QUEUE, Record("here", State.STOPPED).sealed(b.keys), ttl_s=60)

        async def open_the_gate() -> None:
            await looked.wait()
            b.served.gate_opens.set()

        async with background() as tasks:
            tasks.start_soon(open_the_gate)
            assert text_of(await b.call("slow_write")) == "slow_write 1"
            assert looked.is_set()


async def test_a_listener_that_rests_for_ever_takes_nothing_until_it_may() -> None:
    async with bridge() as b:
        b.listener.rest(math.inf)
        await anyio.wait_all_tasks_blocked()
        async with background() as tasks:
            answers: list[str] = []

            async def call() -> None:
                answers.append(text_of(await b.call("echo", text="hello")))

            tasks.start_soon(call)
            await b.called.hop(Hop.SENT)
            b.listener.wake()
            await anyio.wait_all_tasks_blocked()
            assert await b.carrier.length("test-req") == 1
            assert not answers
            b.listener.rest(0.0)
            with anyio.fail_after(5):
                await b.called.hop(Hop.RECEIVED)
