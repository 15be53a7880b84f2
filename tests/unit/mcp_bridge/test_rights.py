"""Each side works with the rights of `rights.py` on queues made beforehand, and with none less."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import anyio
import pytest

from mcp_bridge.background import background
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Operation
from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.events import Hop
from mcp_bridge.listener import ListenerOptions
from mcp_bridge.names import queue_names
from mcp_bridge.presence import Attendance, Lookout
from mcp_bridge.rights import caller_rights, listener_rights
from tests.fakes.bridge import Bridge, bridge, failure_of, text_of, until_length
from tests.fakes.limited_carrier import LimitedCarrier

NAMES = queue_names("test")
CALLING, LISTENING = caller_rights(NAMES, "cloud"), listener_rights(NAMES, ["cloud"])
MADE_BY_PROVISION = ("test-req", "test-quarantine", "test-presence", "test-res-cloud")
SHORT = ListenerOptions(lease_s=1, drain_s=1.0)


def without(rights: Mapping[str, str], queue: str, letter: str) -> Mapping[str, str]:
    return {**rights, queue: rights[queue].replace(letter, "")}


@asynccontextmanager
async def provisioned(
    calling: Mapping[str, str] = CALLING,
    listening: Mapping[str, str] = LISTENING,
    budget_s: float = 30.0,
) -> AsyncIterator[tuple[Bridge, LimitedCarrier, LimitedCarrier]]:
    """A bridge on queues that are there, whose two sides have no more than these rights."""
    carrier = MemoryCarrier()
    for queue in MADE_BY_PROVISION:
        await carrier.create(queue)
    caller, listener = LimitedCarrier(carrier, calling), LimitedCarrier(carrier, listening)
    async with bridge(
        carrier,
        calling=caller,
        listening=listener,
        caller_id="cloud",
        options=SHORT,
        budget_s=budget_s,
    ) as both:
        yield both, caller, listener


async def test_everything_works_where_neither_side_may_make_drop_or_list_queues() -> None:
    async with provisioned() as (both, caller, listener):
        assert text_of(await both.call("write")) == "write 1"
        assert len(text_of(await both.call("big", text="0123456789", times=20_000))) == 200_000
        await both.carrier.put("test-req", "no frame", ttl_s=60)
        await until_length(both.carrier, "test-quarantine", 1)
        async with anyio.create_task_group() as tasks:  # longer than half a lease
            tasks.start_soon(both.call, "slow_read")
            await both.served.entered.wait()
            while (Operation.RENEW, "test-req") not in listener.done:  # noqa: ASYNC110
                await anyio.sleep(0.01)
            both.served.gate_opens.set()
        await both.empty("test-req")
        async with background() as tasks:
            tasks.start_soon(Attendance(listener, NAMES.presence, both.keys, both.listener).run)
            await until_length(both.carrier, NAMES.presence, 1)
        lookout = Lookout(caller, NAMES.presence, both.keys, anyio.current_time)
        assert await lookout.absence() is not None
    assert await both.carrier.length("test-res-cloud") == 0
    # Neither side used less than it was given, and neither asked for more but its own queue.
    assert caller.used() == CALLING
    assert listener.used() == LISTENING
    assert caller.denied == {(Operation.CREATE, "test-res-cloud")}
    assert listener.denied == set()
    assert await both.carrier.queues("test-") == sorted(MADE_BY_PROVISION)


async def test_a_call_that_times_out_is_cancelled_where_it_cannot_be_recalled() -> None:
    async with provisioned(budget_s=0.3) as (both, caller, _listener):
        failure = failure_of(await both.call("slow_read"))
        assert (failure["code"], failure["executed"]) == (Code.TIMED_OUT, "unknown")
        with anyio.fail_after(5):
            await both.served.cancelled.wait()
        assert (Operation.DELETE, "test-req") in caller.denied


async def test_a_caller_that_may_not_put_is_told_that_nothing_ran() -> None:
    async with provisioned(without(CALLING, "test-req", "a")) as (both, _caller, _listener):
        failure = failure_of(await both.call("write"))
        assert (failure["code"], failure["executed"]) == (Code.DENIED, "no")
        assert both.served.effects == []


async def test_a_caller_that_may_not_take_its_replies_never_says_that_nothing_ran() -> None:
    calling = without(CALLING, "test-res-cloud", "p")
    async with provisioned(calling, budget_s=0.5) as (both, _caller, _listener):
        failure = failure_of(await both.call("write"))
        assert (failure["code"], failure["executed"]) == (Code.TIMED_OUT, "unknown")


async def test_a_listener_that_may_not_put_an_answer_keeps_it() -> None:
    listening = without(LISTENING, "test-res-cloud", "a")
    async with provisioned(CALLING, listening, budget_s=0.5) as (both, _caller, _listener):
        failure = failure_of(await both.call("write"))
        assert (failure["code"], failure["executed"]) == (Code.TIMED_OUT, "unknown")
        await both.listened.hop(Hop.FAILED)
        assert both.served.effects == ["write"]


def test_a_caller_has_no_right_on_anybody_elses_queue() -> None:
    assert set(caller_rights(NAMES, "cloud")) == {"test-req", "test-res-cloud", "test-presence"}
    assert "p" not in caller_rights(NAMES, "cloud")["test-req"]
    for rights in (lambda: caller_rights(NAMES, "No"), lambda: listener_rights(NAMES, ["a", ""])):
        with pytest.raises(LocalFault):
            rights()
