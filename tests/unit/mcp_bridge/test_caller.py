"""The calling side: every call ends with one response, and says truly whether the tool ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError

from mcp_bridge.caller import CallerOptions, open_caller, queue_transport
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Operation
from mcp_bridge.errors import (
    CarrierBusy,
    CarrierDenied,
    CarrierFault,
    CarrierUnreachable,
    Code,
    LocalFault,
)
from mcp_bridge.events import Health, Hop
from mcp_bridge.rpc import request
from tests.fakes.bridge import bridge, call_request, failure_of, new_keys, text_of, until_length
from tests.fakes.faulty_carrier import Duplicate, FaultyCarrier, Raise


async def test_a_call_that_nobody_took_is_recalled_and_surely_did_not_run() -> None:
    carrier = MemoryCarrier()
    await carrier.create("test-req")
    options = CallerOptions(budget_s=0.05)
    async with open_caller(carrier, "test", new_keys(), options=options) as caller:
        with anyio.fail_after(5):
            response = await caller.exchange(call_request("write"))
        assert failure_of(response) | {"incident": ""} == {
            "code": "timed_out",
            "layer": "caller",
            "executed": "no",
            "retry": True,
            "incident": "",
        }
        assert await carrier.length("test-req") == 0


async def test_a_call_that_was_taken_may_have_run_and_is_cancelled() -> None:
    async with bridge(budget_s=0.3) as both:
        response = await both.call("slow_write")
        assert failure_of(response)["executed"] == "unknown"
        assert failure_of(response)["retry"] is False
        with anyio.fail_after(5):
            await both.served.cancelled.wait()
        await both.empty(both.names.requests)


async def test_a_put_whose_answer_was_lost_has_one_effect_and_one_answer() -> None:
    carrier = MemoryCarrier()
    faulty = FaultyCarrier(carrier)
    async with bridge(carrier, calling=faulty) as both:
        faulty.inject(Operation.PUT, Raise(CarrierUnreachable, after=True))
        assert text_of(await both.call("write")) == "write 1"
        await both.empty(both.names.requests)
        assert both.served.effects == ["write"]


async def test_a_recall_proves_nothing_when_a_double_may_be_on_the_queue() -> None:
    carrier = MemoryCarrier()
    await carrier.create("test-req")
    faulty = FaultyCarrier(carrier)
    faulty.inject(Operation.PUT, Raise(CarrierUnreachable, after=True))
    options = CallerOptions(budget_s=0.6)
    async with open_caller(faulty, "test", new_keys(), options=options) as caller:
        with anyio.fail_after(5):
            response = await caller.exchange(call_request("write"))
        assert failure_of(response)["executed"] == "unknown"


@pytest.mark.parametrize(
    ("fault", "code", "executed"),
    [
        (CarrierDenied, Code.DENIED, "no"),
        (CarrierUnreachable, Code.UNREACHABLE, "unknown"),
        (CarrierBusy, Code.BUSY, "no"),
    ],
)
async def test_a_carrier_that_fails_is_named(
    fault: type[CarrierFault], code: Code, executed: str
) -> None:
    faulty = FaultyCarrier(MemoryCarrier())
    options = CallerOptions(budget_s=0.1)
    async with open_caller(faulty, "test", new_keys(), options=options) as caller:
        faulty.always(Operation.PUT, Raise(fault))
        with anyio.fail_after(5):
            response = await caller.exchange(call_request("write"))
        assert failure_of(response)["code"] == code
        assert failure_of(response)["layer"] == "carrier"
        assert failure_of(response)["executed"] == executed


async def test_a_doubled_reply_is_taken_once() -> None:
    carrier = MemoryCarrier()
    faulty = FaultyCarrier(carrier)
    faulty.always(Operation.PUT, Duplicate())
    async with bridge(carrier, listening=faulty) as both:
        for number in range(1, 4):
            assert text_of(await both.call("write")) == f"write {number}"
        assert len([e for e in both.called.events if getattr(e, "hop", "") is Hop.RECEIVED]) == 3


async def test_many_calls_at_once_each_get_their_own_reply() -> None:
    async with bridge() as both:
        answers: dict[str, str] = {}

        async def call(text: str) -> None:
            answers[text] = text_of(await both.call("echo", text=text))

        async with anyio.create_task_group() as tasks:
            for number in range(40):
                tasks.start_soon(call, str(number))
        assert answers == {str(number): str(number) for number in range(40)}


async def test_without_a_pending_call_the_response_queue_is_not_polled() -> None:
    carrier = MemoryCarrier()
    counted = FaultyCarrier(carrier)
    async with bridge(carrier, calling=counted) as both:
        await both.call("write")
        await both.empty(both.names.requests)
        polls = counted.calls[Operation.TAKE]
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        assert counted.calls[Operation.TAKE] == polls


async def test_its_response_queue_goes_when_it_closes_also_after_an_error() -> None:
    carrier = MemoryCarrier()
    with pytest.raises(ValueError, match="mine"):  # noqa: PT012 - plain, in no group
        async with open_caller(carrier, "test", new_keys(), caller_id="me"):
            assert await carrier.queues("test-res-") == ["test-res-me"]
            raise ValueError("mine")
    assert await carrier.queues("test-res-") == []


async def test_a_response_queue_that_was_made_beforehand_stays() -> None:
    carrier = MemoryCarrier()
    await carrier.create("test-res-me")
    async with open_caller(carrier, "test", new_keys(), caller_id="me"):
        pass
    assert await carrier.queues("test-res-") == ["test-res-me"]


async def test_a_call_that_is_pending_when_the_caller_closes_ends_at_once() -> None:
    carrier = MemoryCarrier()
    await carrier.create("test-req")
    responses: list[Mapping[str, Any]] = []

    async def call() -> None:
        responses.append(await caller.exchange(call_request("write")))

    with anyio.fail_after(5):
        async with (
            anyio.create_task_group() as calls,
            open_caller(carrier, "test", new_keys()) as caller,
        ):
            calls.start_soon(call)
            await until_length(carrier, "test-req", 1)
        responses.append(await caller.exchange(call_request("write")))
    assert [failure_of(response)["code"] for response in responses] == [Code.CLOSED] * 2
    assert [failure_of(response)["executed"] for response in responses] == ["no"] * 2


async def test_a_caller_opens_while_the_service_is_away_and_recovers() -> None:
    carrier = MemoryCarrier()
    faulty = FaultyCarrier(carrier)
    faulty.inject(Operation.CREATE, Raise(CarrierUnreachable))
    async with bridge(carrier, calling=faulty) as both:
        assert text_of(await both.call("write")) == "write 1"
        await both.called.health(Health.UNREACHABLE, Health.READY)
    assert await carrier.queues("test-res-") == []


async def test_a_name_that_no_queue_can_have_is_refused() -> None:
    with pytest.raises(LocalFault):
        async with open_caller(MemoryCarrier(), "test", new_keys(), caller_id="Me!"):
            pass


async def test_the_catalogue_is_asked_for_once() -> None:
    carrier = MemoryCarrier()
    counted = FaultyCarrier(carrier)
    async with bridge(carrier, calling=counted) as both:
        for method in ("tools/list", "server/discover") * 3:
            response = await both.caller.exchange(request(method, method))
            assert response["id"] == method
            assert "result" in response
        assert counted.calls[Operation.PUT] == 2


@pytest.mark.parametrize(
    "message", [{}, {"id": 1}, {"id": True, "method": "x"}, {"id": 1, "method": "x", "params": []}]
)
async def test_what_is_no_request_is_answered_here(message: dict[str, Any]) -> None:
    async with bridge() as both:
        assert (await both.caller.exchange(message))["error"]["code"] == -32600


async def test_a_request_beyond_all_chunks_is_refused_here() -> None:
    async with bridge() as both:
        response = await both.call("echo", text="x" * 4_000_000)
        assert failure_of(response)["code"] == Code.TOO_LARGE
        assert failure_of(response)["executed"] == "no"


@pytest.mark.parametrize("mode", ["2026-07-28", "auto", "legacy"])
async def test_the_official_client_works_over_it(mode: str) -> None:
    heard: list[float] = []

    async def hear(progress: float, _total: float | None, _message: str | None) -> None:
        heard.append(progress)

    async with bridge() as both:
        with anyio.fail_after(10):
            async with Client(queue_transport(both.caller), mode=mode) as client:
                tools = await client.list_tools()
                assert "echo" in {tool.name for tool in tools.tools}
                result = await client.call_tool("echo", {"text": "カルテ"})
                assert result.content[0].text == "カルテ"
                await client.call_tool("progress", {}, progress_callback=hear)
                assert heard == [1, 2, 3]
                with pytest.raises(MCPError):
                    await client.call_tool("crash", {})


async def test_a_client_that_times_out_cancels_the_tool() -> None:
    async with bridge() as both:
        async with Client(
            queue_transport(both.caller), mode="2026-07-28", read_timeout_seconds=0.3
        ) as client:
            with pytest.raises(MCPError):
                await client.call_tool("slow_read", {})
        with anyio.fail_after(5):
            await both.served.cancelled.wait()


async def test_a_client_that_leaves_withdraws_its_calls() -> None:
    async with bridge() as both:
        async with (
            Client(queue_transport(both.caller), mode="2026-07-28") as client,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(client.call_tool, "slow_read", {})
            with anyio.fail_after(5):
                await both.served.entered.wait()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(5):
            await both.served.cancelled.wait()
