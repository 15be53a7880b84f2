"""The door of an unsealed contract: lease, drain, age, keys, and what stays on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_bridge.background import background
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Operation
from mcp_bridge.contracts import FoundryTool, Unsealed
from mcp_bridge.errors import CarrierDenied, Code
from mcp_bridge.events import Contract, FrameEvent, Health, HealthEvent, Hop
from mcp_bridge.journal import Journal, Record
from mcp_bridge.listener import Listener, ListenerOptions, aftermath
from mcp_bridge.names import queue_names
from mcp_bridge.policy import Policy
from mcp_bridge.rpc import Message, Notify, params_of
from mcp_bridge.upstream import ServerUpstream
from tests.fakes.bridge import Watch, as_it_is, new_keys, until_length
from tests.fakes.faulty_carrier import FaultyCarrier, Raise
from tests.fakes.served import CANARY, Served
from tests.fakes.unsealed import as_base64, error_of, from_base64, opened

ASKED = as_base64({"CorrelationId": "c", "function_args": {}})


async def test_a_lease_is_renewed_while_the_tool_runs() -> None:
    faulty = FaultyCarrier(carrier := MemoryCarrier())
    options = ListenerOptions(lease_s=1, drain_s=1.0)
    async with opened(carrier, listening=faulty, tool="slow_write", options=options) as here:
        await here.ask(ASKED)
        with anyio.fail_after(5):
            while faulty.calls[Operation.RENEW] < 3:  # noqa: ASYNC110 - a counter, no event
                await anyio.sleep(0.05)
        here.served.gate_opens.set()
        assert (await here.answer())["Value"] == "slow_write 1"
        await here.settled()


async def test_calls_run_side_by_side_and_never_more_than_workers() -> None:
    options = ListenerOptions(workers=2, drain_s=1.0)
    async with opened(MemoryCarrier(), tool="slow_write", options=options) as here:
        for number in range(5):
            await here.ask({"CorrelationId": f"c{number}"})
        await here.watch.hop(Hop.STARTED, times=2)
        here.served.gate_opens.set()
        answers = [await here.answer() for _ in range(5)]
        assert {answer["CorrelationId"] for answer in answers} == {f"c{n}" for n in range(5)}
        assert here.served.most_running == 2


async def test_a_copy_that_comes_while_the_tool_runs_is_one_call() -> None:
    async with opened(MemoryCarrier(), tool="slow_write") as here:
        await here.ask(ASKED)
        await here.watch.hop(Hop.STARTED)
        await here.ask(ASKED)
        here.served.gate_opens.set()
        assert (await here.answer())["Value"] == "slow_write 1"
        await here.settled()
        assert here.served.effects == ["slow_write"]


async def test_a_tool_may_take_longer_than_chunks_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aftermath, "PARTS_S", 0.01, raising=False)
    async with opened(MemoryCarrier(), tool="slow_write") as here:
        await here.ask(ASKED)
        await here.watch.hop(Hop.STARTED)
        await anyio.sleep(0.1)  # ten times what chunks of a frame would have
        assert await here.carrier.length(here.foundry.input_queue) == 1
        here.served.gate_opens.set()
        assert (await here.answer())["Value"] == "slow_write 1"
        await here.settled()


async def test_what_is_older_than_anybody_waits_is_dropped_unrun() -> None:
    now = 0.0
    carrier = MemoryCarrier(clock=lambda: now)
    await carrier.create("test-ask")
    await carrier.put("test-ask", ASKED, ttl_s=7 * 24 * 3600)
    now = 601.0
    async with opened(carrier, name="test") as here:
        assert (await here.watch.hop(Hop.FAILED)).code is Code.EXPIRED
        await here.settled()
        assert here.served.effects == []


async def test_a_listener_that_is_stopped_finishes_the_call_that_runs() -> None:
    carrier, served, watch = MemoryCarrier(), Served(), Watch()
    listener = Listener(
        carrier,
        "test",
        new_keys(),
        journal := Journal(":memory:"),
        ServerUpstream(served.server()),
        as_it_is,
        policy=Policy.everything(),
        options=ListenerOptions(drain_s=4.0),
        on_event=watch,
    )
    foundry = Unsealed((FoundryTool("slow_write", "ask", "answer"),))
    for door in foundry.doors(queue_names("test")):
        listener.add(door)
        door.wake()  # no harm before it is served
    await carrier.create("ask")
    await carrier.create("answer")
    await carrier.put("ask", ASKED, ttl_s=60)

    async def open_the_gate() -> None:
        await anyio.lowlevel.checkpoint()
        served.gate_opens.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks, background() as stopped:
            stopped.start_soon(listener.run)
            await served.entered.wait()
            listener.wake()
            tasks.start_soon(open_the_gate)
    [answer] = await carrier.take("answer", limit=2, lease_s=30)
    assert from_base64(answer.text)["Value"] == "slow_write 1"
    assert await carrier.length("ask") == 0
    states = [e for e in watch.events if isinstance(e, HealthEvent) and not e.contract.is_sealed]
    assert [e.health for e in states] == [Health.STARTING, Health.READY, Health.STOPPED]
    journal.close()


async def test_a_queue_that_may_not_be_read_is_said_of_the_contract_alone() -> None:
    faulty = FaultyCarrier(carrier := MemoryCarrier())
    async with opened(carrier, listening=faulty) as here:
        faulty.always(Operation.TAKE, Raise(CarrierDenied))
        await here.watch.health(Health.DENIED, Health.DENIED, Health.DENIED)
        faulty.always(Operation.TAKE, None)
        denied = [
            event.contract
            for event in here.watch.events
            if isinstance(event, HealthEvent) and event.health is Health.DENIED
        ]
        assert sorted(denied) == sorted(Contract)


async def test_without_a_journal_nothing_runs() -> None:
    journal = Journal(":memory:")
    async with opened(MemoryCarrier(), journal=journal) as here:
        journal.close()
        assert error_of(await here.call("c"))["code"] == Code.JOURNAL_UNUSABLE
        assert here.served.effects == []


async def test_the_journal_holds_no_word_of_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    async with opened(MemoryCarrier(), tool="echo", journal=journal) as here:
        assert (await here.call("c", text=CANARY))["Value"] == CANARY
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240
        for secret in (CANARY, as_base64({"Value": CANARY, "CorrelationId": "c"})):
            assert secret.encode() not in kept


async def test_a_stored_answer_whose_key_is_gone_is_put_aside_and_does_not_run_again(
    tmp_path: Path,
) -> None:
    carrier = MemoryCarrier()
    for life in (1, 2):
        journal = Journal(tmp_path / "journal")
        async with opened(carrier, name="test", journal=journal, keys=new_keys()) as here:
            await here.ask(ASKED)
            if life == 1:
                assert (await here.answer())["Value"] == "write 1"
                await here.settled()
            else:
                await here.take(here.poison)
                assert here.served.effects == []


class StartedThrice(Journal):
    """It remembers that whatever comes brought the process down, three times."""

    def receive(self, mid: str, digest: bytes, reply_queue: str) -> Record:
        return replace(super().receive(mid, digest, reply_queue), attempts=3)


async def test_a_call_that_was_started_three_times_is_poison_and_answered() -> None:
    async with opened(MemoryCarrier(), tool="read", journal=StartedThrice(":memory:")) as here:
        assert error_of(await here.call("c"))["executed"] == "unknown"
        assert (await here.take(here.poison)).text == as_base64(
            {"CorrelationId": "c", "function_args": {}}
        )
        assert here.served.effects == []


async def test_the_server_learns_that_a_call_was_not_sealed() -> None:
    class Recording(ServerUpstream):
        async def exchange(self, request: Message, notify: Notify) -> Message:
            asked.append(params_of(request))
            return await super().exchange(request, notify)

    asked: list[Mapping[str, Any]] = []
    async with opened(MemoryCarrier(), upstream=Recording(Served().server())) as here:
        await here.call("c", n=1)
        called = [params for params in asked if params.get("name") == "write"]
        assert [params["arguments"] for params in called] == [{"n": 1}]
        assert called[0]["_meta"]["karte-bridge/contract"] == "foundry_tool"
        assert called[0]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"


async def test_events_of_the_way_have_a_size_and_no_payload() -> None:
    async with opened(MemoryCarrier(), tool="echo") as here:
        await here.call("c", text=CANARY)
        await here.watch.hop(Hop.ANSWERED)
        moved = [event for event in here.watch.events if isinstance(event, FrameEvent)]
        assert CANARY not in str(moved)
        assert moved[-1].size is not None
        await until_length(here.carrier, here.foundry.input_queue, 0)
