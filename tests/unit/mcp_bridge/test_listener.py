"""The serving side: one effect, one answer, and a loop that nothing stops."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from hashlib import sha256
from uuid import uuid4

import anyio
import pytest

from mcp_bridge.background import background
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Operation
from mcp_bridge.errors import (
    CarrierBusy,
    CarrierDenied,
    CarrierUnreachable,
    Code,
    Executed,
    LocalFault,
    UpstreamGone,
)
from mcp_bridge.events import Health, Hop
from mcp_bridge.frames import Direction, Kind
from mcp_bridge.journal import Journal, Record
from mcp_bridge.listener import Listener, ListenerOptions
from mcp_bridge.policy import Policy
from mcp_bridge.rpc import Message, Notify, encode, request
from mcp_bridge.sealing import KeyRing
from mcp_bridge.upstream import ServerUpstream
from tests.fakes.bridge import (
    as_it_is,
    bridge,
    call_request,
    failure_of,
    new_keys,
    sealed_request,
    text_of,
    until_length,
)
from tests.fakes.faulty_carrier import Duplicate, FaultyCarrier, Raise, Reverse
from tests.fakes.served import CANARY, Served

HELLO = call_request("write")
MID = uuid4().hex


async def test_a_call_runs_once_and_leaves_nothing_on_the_queues() -> None:
    async with bridge() as both:
        assert text_of(await both.call("write")) == "write 1"
        await both.empty(both.names.requests)
        assert both.served.effects == ["write"]


BAD_TEXTS: dict[str, Callable[[KeyRing], str]] = {
    "no JSON": lambda _keys: "hello",
    "no frame": lambda _keys: '{"jsonrpc":"2.0"}',
    "another version": lambda keys: sealed_request(keys, HELLO).replace('"v":1', '"v":2'),
    "another key": lambda _keys: sealed_request(new_keys(), HELLO),
    "a changed header": lambda keys: sealed_request(keys, HELLO).replace("30000", "40000"),
    "a reply": lambda keys: sealed_request(keys, HELLO, direction=Direction.REPLY),
    "a session of nobody": lambda keys: sealed_request(keys, HELLO, kind=Kind.SESSION),
    "no request": lambda keys: sealed_request(keys, {"jsonrpc": "2.0", "method": "x"}),
    "no JSON-RPC": lambda keys: sealed_request(keys, {"method": "x", "id": 1}),
}


@pytest.mark.parametrize("name", BAD_TEXTS)
async def test_a_bad_frame_is_put_aside_as_it_is_and_the_next_call_works(name: str) -> None:
    async with bridge() as both:
        text = BAD_TEXTS[name](both.keys)
        await both.carrier.put(both.names.requests, text, ttl_s=60)
        await both.listened.hop(Hop.QUARANTINED)
        await until_length(both.carrier, both.names.quarantine, 1)
        [aside] = await both.carrier.take(both.names.quarantine, limit=2, lease_s=30)
        assert aside.text == text
        assert text_of(await both.call("write")) == "write 1"
        await both.empty(both.names.requests)


async def test_a_mid_used_for_another_request_is_put_aside() -> None:
    async with bridge() as both:
        for message in (call_request("write", n=1), call_request("write", n=2)):
            text = sealed_request(both.keys, message, mid=MID)
            await both.carrier.put(both.names.requests, text, ttl_s=60)
            await both.empty(both.names.requests)
        await until_length(both.carrier, both.names.quarantine, 1)
        assert both.served.effects == ["write"]


@pytest.mark.parametrize("operation", [Operation.PUT, Operation.TAKE])
async def test_a_doubled_request_runs_once(operation: Operation) -> None:
    carrier = MemoryCarrier()
    faulty = FaultyCarrier(carrier)
    faulty.always(operation, Duplicate())
    async with bridge(carrier, listening=faulty, calling=faulty) as both:
        for number in range(1, 4):
            assert text_of(await both.call("write")) == f"write {number}"
        await both.empty(both.names.requests)
        assert both.served.effects == ["write"] * 3


async def test_requests_run_side_by_side_and_never_more_than_workers() -> None:
    async with bridge(options=ListenerOptions(workers=2, drain_s=1.0)) as both:
        answers: list[str] = []

        async def call() -> None:
            answers.append(text_of(await both.call("slow_write")))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(call)
            await both.listened.hop(Hop.STARTED, times=2)
            both.served.gate_opens.set()
        assert len(answers) == 5
        assert both.served.most_running == 2


async def test_a_lease_is_renewed_while_the_tool_runs() -> None:
    carrier = MemoryCarrier()
    faulty = FaultyCarrier(carrier)
    options = ListenerOptions(lease_s=1, drain_s=1.0)
    async with bridge(carrier, listening=faulty, options=options) as both:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(both.call, "slow_write")
            with anyio.fail_after(5):
                while faulty.calls[Operation.RENEW] < 3:  # noqa: ASYNC110 - a counter, no event
                    await anyio.sleep(0.05)
            both.served.gate_opens.set()
        assert both.served.effects == ["slow_write"]
        await both.empty(both.names.requests)


async def test_a_request_that_is_too_old_is_dropped_unrun() -> None:
    now = 0.0
    carrier = MemoryCarrier(clock=lambda: now)
    await carrier.create("test-req")
    keys = new_keys()
    await carrier.put("test-req", sealed_request(keys, HELLO, budget_ms=1000), ttl_s=60)
    now = 2.0
    async with bridge(carrier, keys=keys) as both:
        failed = await both.listened.hop(Hop.FAILED)
        assert failed.code is Code.EXPIRED
        await both.empty(both.names.requests)
        assert both.served.effects == []


async def test_what_the_guard_refuses_does_not_leave() -> None:
    def guard(message: Message) -> Message:
        if "secret" in str(message):
            raise ValueError(CANARY)
        return message

    async with bridge(guard=guard) as both:
        response = await both.call("echo", text="secret")
        assert failure_of(response)["code"] == Code.GUARD_REFUSED
        assert failure_of(response)["executed"] == "yes"
        assert "secret" not in str(response)
        assert CANARY not in str(response)
        assert text_of(await both.call("echo", text="fine")) == "fine"


async def test_what_the_guard_rewrites_leaves_rewritten() -> None:
    def guard(message: Message) -> Message:
        return {**message, "result": {"rewritten": True}}

    async with bridge(guard=guard) as both:
        assert (await both.call("echo", text="plain"))["result"] == {"rewritten": True}


async def test_notifications_pass_the_guard_too() -> None:
    def guard(message: Message) -> Message:
        if message.get("method") == "notifications/progress":
            raise ValueError
        return message

    heard: list[Message] = []

    async def hear(message: Message) -> None:
        heard.append(message)

    async with bridge(guard=guard) as both:
        response = await both.caller.exchange(with_token(call_request("progress")), hear)
        assert text_of(response) == "progressed"
        assert heard == []


async def test_progress_that_was_not_sent_yet_travels_with_the_reply() -> None:
    heard: list[Message] = []

    async def hear(message: Message) -> None:
        heard.append(message)

    carrier = MemoryCarrier()
    counted = FaultyCarrier(carrier)
    async with bridge(carrier, listening=counted) as both:
        response = await both.caller.exchange(with_token(call_request("progress")), hear)
        assert text_of(response) == "progressed"
        assert [message["params"]["progress"] for message in heard] == [1, 2, 3]
        assert counted.calls[Operation.PUT] == 1


@pytest.mark.parametrize("tool", ["crash", "unknown"])
async def test_what_a_handler_raises_stays_here(tool: str) -> None:
    async with bridge() as both:
        response = await both.call(tool)
        assert response["error"]["code"] == -32603
        assert CANARY not in str(response)


async def test_a_method_that_streams_is_refused_at_once() -> None:
    async with bridge() as both:
        listen = request("subscriptions/listen", 1)
        with anyio.fail_after(5):
            assert (await both.caller.exchange(listen))["error"]["code"] == -32601


async def test_a_cancelled_call_stops_the_tool() -> None:
    async with bridge() as both:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(both.call, "slow_read")
            with anyio.fail_after(5):
                await both.served.entered.wait()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(5):
            await both.served.cancelled.wait()
        await both.empty(both.names.requests)


async def test_a_cancel_that_comes_before_its_request_keeps_it_from_running() -> None:
    carrier = MemoryCarrier()
    keys = new_keys()
    await carrier.create("test-req")
    for text in (
        sealed_request(keys, {}, mid=MID, kind=Kind.CANCEL),
        sealed_request(keys, HELLO, mid=MID),
    ):
        await carrier.put("test-req", text, ttl_s=60)
    async with bridge(carrier, keys=keys) as both:
        assert (await both.listened.hop(Hop.FAILED)).code is Code.CANCELLED
        await both.empty(both.names.requests)
        assert both.served.effects == []


@pytest.mark.parametrize(
    ("fault", "health"),
    [(CarrierDenied, Health.DENIED), (CarrierUnreachable, Health.UNREACHABLE)],
)
async def test_the_loop_outlives_a_carrier_that_fails(
    fault: type[CarrierDenied | CarrierUnreachable], health: Health
) -> None:
    carrier = MemoryCarrier()
    faulty = FaultyCarrier(carrier)
    async with bridge(carrier, listening=faulty) as both:
        faulty.always(Operation.TAKE, Raise(fault))
        both.listener.wake()
        await both.listened.health(Health.READY, health)
        faulty.always(Operation.TAKE, None)
        both.listener.wake()
        await both.listened.health(health, Health.READY)
        assert text_of(await both.call("write")) == "write 1"


@pytest.mark.parametrize(("readable", "executed"), [(True, "no"), (False, "unknown")])
async def test_without_a_journal_nothing_runs(readable: bool, executed: str) -> None:
    journal = Journal(":memory:")
    async with bridge(journal=journal) as both:
        if readable:  # a full disk
            journal._database.execute("PRAGMA query_only=ON")
        else:  # then it cannot say either whether a copy of the request ran
            journal.close()
        response = await both.call("write")
        assert failure_of(response)["code"] == Code.JOURNAL_UNUSABLE
        assert failure_of(response)["executed"] == executed
        assert both.served.effects == []


async def test_a_refused_request_that_stays_on_the_queue_is_not_called_unexecuted() -> None:
    """The next life of this process might find it there, and run it."""
    carrier, journal = FaultyCarrier(MemoryCarrier()), Journal(":memory:")
    async with bridge(carrier._inner, listening=carrier, journal=journal) as both:
        journal._database.execute("PRAGMA query_only=ON")
        carrier.inject(Operation.DELETE, Raise(CarrierBusy))
        response = await both.call("write")
        assert failure_of(response)["executed"] == "unknown"


async def test_what_did_not_run_did_not_run_either_when_that_cannot_be_journalled() -> None:
    journal = Journal(":memory:")
    async with bridge(journal=journal, upstream=Gone(journal)) as both:
        response = await both.call("write")
        assert failure_of(response)["code"] == Code.JOURNAL_UNUSABLE
        assert failure_of(response)["executed"] == "no"


class Gone(ServerUpstream):
    """It is not there, and while one finds out, the disk fills up."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(Served().server())
        self._journal = journal

    async def exchange(self, request: Message, notify: Notify) -> Message:
        if request["method"] != "tools/call":
            return await super().exchange(request, notify)
        self._journal._database.execute("PRAGMA query_only=ON")
        raise UpstreamGone(Executed.NO)


async def test_what_was_refused_once_does_not_run_as_a_double() -> None:
    carrier = MemoryCarrier()
    journal = DeafOnce()
    async with bridge(carrier, journal=journal) as both:
        await carrier.create("test-res-hand")
        text = sealed_request(both.keys, HELLO, mid=MID)
        for _ in range(2):
            await carrier.put(both.names.requests, text, ttl_s=60)
            await both.empty(both.names.requests)
        assert both.served.effects == []
        assert text_of(await both.call("write")) == "write 1"


class DeafOnce(Journal):
    """Its disk is full for one request."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self._deaf = True

    def receive(self, mid: str, digest: bytes, reply_queue: str) -> Record:
        if self._deaf:
            self._deaf = False
            raise LocalFault(Code.JOURNAL_UNUSABLE)
        return super().receive(mid, digest, reply_queue)


async def test_a_request_that_was_started_three_times_is_poison() -> None:
    message = call_request("read")
    journal = Journal(":memory:")
    journal.receive(MID, sha256(encode(message)).digest(), "test-res-hand")
    for times in range(3):
        journal.start(MID, times)
    carrier = MemoryCarrier()
    await carrier.create("test-res-hand")
    async with bridge(carrier, journal=journal) as both:
        text = sealed_request(both.keys, message, mid=MID)
        await carrier.put(both.names.requests, text, ttl_s=60)
        await until_length(carrier, both.names.quarantine, 1)
        await until_length(carrier, "test-res-hand", 1)
        await both.empty(both.names.requests)
        assert (await both.listened.hop(Hop.FAILED)).code is Code.UNKNOWN_OUTCOME
        assert both.served.effects == []


async def test_large_messages_travel_in_chunks_out_of_order() -> None:
    carrier = MemoryCarrier()
    faulty = FaultyCarrier(carrier)
    faulty.always(Operation.TAKE, Reverse())
    text = "".join(random.Random(7).choices(string.printable, k=200_000))  # noqa: S311
    async with bridge(carrier, listening=faulty, calling=faulty) as both:
        assert text_of(await both.call("echo", text=text)) == text
        await both.empty(both.names.requests)


async def test_a_reply_beyond_all_chunks_is_a_typed_failure() -> None:
    async with bridge() as both:
        response = await both.call("big", text="0123456789", times=400_000)
        assert failure_of(response)["code"] == Code.TOO_LARGE
        assert failure_of(response)["executed"] == "yes"


async def test_a_listener_that_is_stopped_finishes_what_runs() -> None:
    carrier, served, keys = MemoryCarrier(), Served(), new_keys()
    await carrier.create("test-req")
    await carrier.create("test-res-hand")
    await carrier.put("test-req", sealed_request(keys, call_request("slow_write")), ttl_s=60)
    journal = Journal(":memory:")
    listener = Listener(
        carrier,
        "test",
        keys,
        journal,
        ServerUpstream(served.server()),
        as_it_is,
        policy=Policy.everything(),
        options=ListenerOptions(drain_s=4.0),
    )
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks, background() as stopped:
            stopped.start_soon(listener.run)
            await served.entered.wait()
            tasks.start_soon(open_soon, served)
    assert await carrier.length("test-res-hand") == 1
    assert await carrier.length("test-req") == 0
    journal.close()


async def open_soon(served: Served) -> None:
    await anyio.lowlevel.checkpoint()
    served.gate_opens.set()


def with_token(message: Message) -> Message:
    params = message["params"]
    return {**message, "params": {**params, "_meta": {**params["_meta"], "progressToken": "t"}}}
