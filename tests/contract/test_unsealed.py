"""What the unsealed contracts promise, on queues in memory and on a real Azurite.

Azurite refuses what real XML over HTTP would: so base64, Japanese text and the poison queue are
what they are on the service.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import Carrier, Operation
from mcp_bridge.errors import CarrierBusy, Code, QueueMissing
from mcp_bridge.events import Contract, FrameEvent, HealthEvent, Hop
from mcp_bridge.listener import ListenerOptions
from mcp_bridge.policy import Limit, Policy
from mcp_bridge.rpc import Message
from tests.fakes.bridge import until_length
from tests.fakes.faulty_carrier import Duplicate, FaultyCarrier, Raise
from tests.fakes.served import CANARY
from tests.fakes.unsealed import as_base64, error_of, opened

JAPANESE = "髙橋さんの咳は三日前から。𠮷野家"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}


def text(value: bytes) -> str:
    return b64encode(value).decode("ascii")


MALFORMED = {
    "no base64": '{"CorrelationId": "c", "function_args": {}}',
    "no JSON": text(b"hello"),
    "no UTF-8": text(b"\xff\xfe{}"),
    "no object": text(b"[1]"),
    "no number": text(b'{"CorrelationId": "c", "n": NaN}'),
    "an endless number": text(b'{"CorrelationId": "c", "n": 1e999}'),
    "too deep": text(b'{"CorrelationId":"c","a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
    "no correlation": as_base64({"function_args": {"text": "x"}}),
    "an empty correlation": as_base64({"CorrelationId": "", "function_args": {}}),
    "a number for it": as_base64({"CorrelationId": 7, "function_args": {}}),
    "a long one": as_base64({"CorrelationId": "c" * 257, "function_args": {}}),
}


class UnsealedContract:
    """Inherited once a carrier."""

    @pytest.mark.parametrize(
        "message",
        [
            {"CorrelationId": "c-1", "function_args": {"text": JAPANESE}},
            {"CorrelationId": "c-1", "text": JAPANESE},
            {"CorrelationId": "c-1", "text": JAPANESE, "outputqueueuri": "https://elsewhere.test"},
        ],
        ids=["nested", "flat", "flat with an address"],
    )
    async def test_both_published_shapes_are_answered(
        self, carrier: Carrier, message: Message
    ) -> None:
        async with opened(carrier, tool="echo") as here:
            await here.ask(message)
            assert await here.answer() == {"Value": JAPANESE, "CorrelationId": "c-1"}
            await here.settled()

    async def test_the_tool_sees_its_arguments_and_nothing_else(self, carrier: Carrier) -> None:
        async with opened(carrier, tool="arguments") as here:
            await here.ask({"CorrelationId": "c", "outputqueueuri": "x", "n": 1})
            answer = await here.answer()
            assert json.loads(answer["Value"]) == {"n": 1}

    @pytest.mark.parametrize("name", MALFORMED)
    async def test_what_cannot_be_answered_goes_to_the_poison_queue_as_it_is(
        self, carrier: Carrier, name: str
    ) -> None:
        async with opened(carrier) as here:
            await here.ask(MALFORMED[name])
            assert (await here.take(here.poison)).text == MALFORMED[name]
            assert (await here.watch.hop(Hop.QUARANTINED)).code is Code.NOT_A_CALL
            await here.settled()
            assert (await here.call("c"))["Value"] == "write 1"

    async def test_a_copy_is_answered_again_and_does_not_run_again(self, carrier: Carrier) -> None:
        async with opened(carrier) as here:
            first = await here.call("c", n=1)
            await here.settled()
            assert await here.call("c", n=1) == first
            assert here.served.effects == ["write"]
            # It is not known that a CorrelationId is used once: other arguments are another call.
            assert (await here.call("c", n=2))["Value"] == "write 2"

    async def test_doubled_deliveries_run_once(self, carrier: Carrier) -> None:
        faulty = FaultyCarrier(carrier)
        faulty.always(Operation.TAKE, Duplicate())
        async with opened(carrier, listening=faulty) as here:
            assert (await here.call("c"))["Value"] == "write 1"
            await here.settled()
            assert here.served.effects == ["write"]

    async def test_a_message_whose_deletion_failed_is_known_when_it_comes_again(
        self, carrier: Carrier
    ) -> None:
        faulty = FaultyCarrier(carrier)
        faulty.inject(Operation.DELETE, Raise(CarrierBusy))
        options = ListenerOptions(lease_s=1, idle_cap_s=0.1, drain_s=1.0)
        async with opened(carrier, listening=faulty, options=options) as here:
            answers = [await here.call("c"), await here.answer()]
            assert answers[0] == answers[1]
            assert (await here.watch.hop(Hop.RESENT)).contract is Contract.FOUNDRY_TOOL
            await here.settled()
            assert here.served.effects == ["write"]

    async def test_an_answer_that_cannot_be_put_yet_is_put_later(self, carrier: Carrier) -> None:
        options = ListenerOptions(lease_s=1, idle_cap_s=0.1, drain_s=1.0)
        faulty = FaultyCarrier(carrier)
        faulty.inject(Operation.PUT, Raise(QueueMissing))
        async with opened(carrier, listening=faulty, options=options) as here:
            assert (await here.call("c"))["Value"] == "write 1"
            assert (await here.watch.hop(Hop.FAILED)).code is Code.QUEUE_MISSING
            assert here.served.effects == ["write"]

    async def test_an_answer_too_long_for_a_message_is_a_typed_text(self, carrier: Carrier) -> None:
        async with opened(carrier, tool="big") as here:
            assert len((await here.call("fits", text="x", times=49_000))["Value"]) == 49_000
            told = error_of(await here.call("c", text="薬", times=20_000))
            assert told["code"] == Code.TOO_LARGE
            assert told["retry"] is False

    async def test_what_the_guard_refuses_is_a_typed_text(self, carrier: Carrier) -> None:
        def guard(message: Message) -> Message:
            if CANARY in str(message):
                raise ValueError(CANARY)
            return message

        async with opened(carrier, tool="echo", guard=guard) as here:
            answer = await here.call("c", text=CANARY)
            assert error_of(answer)["code"] == Code.GUARD_REFUSED
            assert CANARY not in str(answer)
            assert (await here.call("d", text="fine"))["Value"] == "fine"

    async def test_a_crash_of_the_tool_is_a_typed_text_without_its_words(
        self, carrier: Carrier
    ) -> None:
        async with opened(carrier, tool="crash") as here:
            answer = await here.call("c")
            assert error_of(answer)["executed"] == "unknown"
            assert CANARY not in str(answer)

    async def test_a_tool_that_the_policy_does_not_allow_does_not_run(
        self, carrier: Carrier
    ) -> None:
        policy = Policy(tools=frozenset({"echo"}))
        async with opened(carrier, tool="write", policy=policy) as here:
            told = error_of(await here.call("c"))
            assert (told["code"], told["executed"]) == (Code.TOOL_NOT_ALLOWED, "no")
            assert here.served.effects == []

    async def test_the_policy_counts_these_calls_too(self, carrier: Carrier) -> None:
        policy = Policy(tools=None, tool=Limit(per_minute=1))
        async with opened(carrier, policy=policy) as here:
            assert (await here.call("c"))["Value"] == "write 1"
            told = error_of(await here.call("d"))
            assert (told["code"], told["retry"]) == (Code.RATE_LIMITED, True)
            plain = await here.plain_call(
                {**CALL, "params": {"name": "write"}, "request_id": "r"},
            )
            assert plain["error"]["data"]["code"] == Code.RATE_LIMITED

    @pytest.mark.parametrize("encoded", [False, True], ids=["JSON", "base64"])
    async def test_a_plain_call_is_answered_in_its_own_queue_as_it_was_asked(
        self, carrier: Carrier, encoded: bool
    ) -> None:
        async with opened(carrier) as here:
            params = {"name": "echo", "arguments": {"text": JAPANESE}}
            asked = {**CALL, "params": params, "request_id": "r-1"}
            answer = await here.plain_call(asked, encoded=encoded)
            assert (answer["id"], answer["request_id"]) == (1, "r-1")
            assert answer["result"]["content"] == [{"type": "text", "text": JAPANESE}]

    async def test_a_plain_call_may_name_its_queue_below_the_prefix(self, carrier: Carrier) -> None:
        async with opened(carrier) as here:
            queue = f"{here.plain.response_prefix}mine"
            asked = {**CALL, "params": {"name": "write"}, "response_queue": queue}
            answer = await here.plain_call(asked, queue=queue)
            assert answer["result"]["content"][0]["text"] == "write 1"
            assert "request_id" not in answer

    @pytest.mark.parametrize(
        "message",
        [
            {**CALL, "params": {"name": "write"}},
            {**CALL, "params": {"name": "write"}, "response_queue": "elsewhere"},
            {**CALL, "params": {"name": "write"}, "request_id": "no_queue_name"},
            {**CALL, "params": {"name": "write"}, "request_id": ["r"]},
            {"jsonrpc": "1.0", "id": 1, "method": "tools/call", "request_id": "r"},
            {"jsonrpc": "2.0", "id": 1, "request_id": "r"},
        ],
        ids=["nowhere", "elsewhere", "no name", "no id", "another version", "no method"],
    )
    async def test_a_plain_call_without_a_way_back_is_put_aside(
        self, carrier: Carrier, message: Message
    ) -> None:
        async with opened(carrier) as here:
            await carrier.put(here.plain.input_queue, json.dumps(message), ttl_s=60)
            aside = await here.take(f"{here.plain.input_queue}-poison")
            assert json.loads(aside.text) == message
            assert here.served.effects == []

    @pytest.mark.parametrize(
        ("method", "params", "code"),
        [
            ("tools/call", {"name": "read"}, Code.TOOL_NOT_ALLOWED),
            ("tools/call", {"name": 7}, Code.TOOL_NOT_ALLOWED),
            ("tools/call", {}, Code.TOOL_NOT_ALLOWED),
            ("tools/list", {}, Code.METHOD_NOT_ALLOWED),
            ("initialize", {}, Code.METHOD_NOT_ALLOWED),
        ],
    )
    async def test_nothing_is_served_that_was_not_named(
        self, carrier: Carrier, method: str, params: Message, code: Code
    ) -> None:
        async with opened(carrier) as here:
            asked = {"id": 1, "method": method, "params": params, "request_id": "r"}
            answer = await here.plain_call(asked)
            assert answer["error"]["data"]["code"] == code
            assert answer["error"]["data"]["executed"] == "no"
            assert here.served.effects == []

    async def test_a_request_id_with_other_arguments_is_another_call(
        self, carrier: Carrier
    ) -> None:
        async with opened(carrier) as here:
            for number in (1, 2):
                params = {"name": "write", "arguments": {"n": number}}
                answer = await here.plain_call({**CALL, "params": params, "request_id": "r"})
                assert answer["result"]["content"][0]["text"] == f"write {number}"

    async def test_a_caller_that_left_takes_no_answer_and_leaves_nothing(
        self, carrier: Carrier
    ) -> None:
        async with opened(carrier) as here:
            asked = {**CALL, "params": {"name": "write"}, "request_id": "gone"}
            await carrier.put(here.plain.input_queue, json.dumps(asked), ttl_s=60)
            assert (await here.watch.hop(Hop.FAILED)).code is Code.QUEUE_MISSING
            await until_length(carrier, here.plain.input_queue, 0)

    async def test_every_event_says_that_it_was_not_sealed(self, carrier: Carrier) -> None:
        async with opened(carrier) as here:
            await here.call("c")
            await here.watch.hop(Hop.ANSWERED)
            moved = [e for e in here.watch.events if isinstance(e, FrameEvent)]
            assert {e.contract for e in moved} == {Contract.FOUNDRY_TOOL}
            assert [e.hop for e in moved] == [Hop.TAKEN, Hop.STARTED, Hop.ANSWERED]
            ways = {e.contract for e in here.watch.events if isinstance(e, HealthEvent)}
            assert ways == set(Contract)
            assert not Contract.FOUNDRY_TOOL.is_sealed


class TestMemory(UnsealedContract):
    @pytest.fixture
    async def carrier(self) -> Carrier:
        return MemoryCarrier()


class TestAzurite(UnsealedContract):
    @pytest.fixture
    async def carrier(self, azurite_url: str) -> AsyncIterator[Carrier]:
        async with open_carrier(azurite_url) as carrier:
            yield carrier
