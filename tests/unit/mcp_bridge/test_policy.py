"""What is let in: by name, by rate, by number; and nothing by an exception."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable

import anyio
import pytest
from mcp import Client, MCPError

from mcp_bridge.background import background
from mcp_bridge.caller import queue_transport
from mcp_bridge.errors import Code, NotAdmitted
from mcp_bridge.policy import TOOL_METHODS, Admission, Limit, Policy
from mcp_bridge.policy_options import add_policy, policy_of
from mcp_bridge.rpc import Message, request
from tests.fakes.bridge import bridge, call_request, failure_of, text_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def refusal(admission: Admission, message: Message, caller: str = "one") -> Code | None:
    try:
        admission.admit(caller, message).close()
    except NotAdmitted as refused:
        return refused.code
    return None


def admission(clock: Clock | None = None, **parts: object) -> Admission:
    policy = Policy(**parts)  # type: ignore[arg-type]
    return Admission(policy, clock or Clock())


def test_a_policy_that_names_nothing_lets_no_tool_in() -> None:
    assert refusal(admission(), call_request("read")) is Code.TOOL_NOT_ALLOWED
    assert refusal(admission(), request("tools/list", "1")) is None
    assert refusal(admission(), request("resources/read", "1")) is Code.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("name", ["Read", "read ", "write", "", None, 7, ["read"], {}])
def test_only_the_very_name_opens(name: object) -> None:
    allowed = admission(tools=frozenset({"read"}))
    assert refusal(allowed, call_request("read")) is None
    message = request("tools/call", "1", name=name, arguments={})
    assert refusal(allowed, message) is Code.TOOL_NOT_ALLOWED
    assert refusal(allowed, {"id": 1, "method": "tools/call"}) is Code.TOOL_NOT_ALLOWED


def test_a_method_can_be_allowed_besides_those_for_tools() -> None:
    allowed = admission(methods=TOOL_METHODS | {"prompts/get"})
    assert refusal(allowed, request("prompts/get", "1")) is None
    assert refusal(allowed, request("prompts/list", "1")) is Code.METHOD_NOT_ALLOWED


def test_everything_is_everything() -> None:
    open_to_all = Admission(Policy.everything(), Clock())
    for method in ("tools/call", "resources/read", "logging/setLevel", "x/y"):
        assert refusal(open_to_all, request(method, "1", name="any")) is None
    assert open_to_all.hears({"method": "notifications/x"})


def test_a_notification_of_the_protocol_is_heard_and_no_other() -> None:
    assert admission().hears({"method": "notifications/initialized"})
    assert not admission().hears({"method": "tools/call"})
    assert not admission().hears({"method": 7})


def test_a_minutes_calls_may_come_at_once_and_the_next_waits() -> None:
    clock = Clock()
    limited = admission(clock, tools=None, caller=Limit(per_minute=3))
    codes = [refusal(limited, call_request("read")) for _ in range(4)]
    assert codes == [None, None, None, Code.RATE_LIMITED]
    assert refusal(limited, call_request("read"), caller="two") is None
    clock.now += 20
    assert refusal(limited, call_request("read")) is None
    assert refusal(limited, call_request("read")) is Code.RATE_LIMITED


def test_a_caller_cannot_get_round_a_tools_rate_with_another_name() -> None:
    limited = admission(tools=None, tool=Limit(per_minute=2))
    codes = [refusal(limited, call_request("read"), caller=f"c{n}") for n in range(3)]
    assert codes == [None, None, Code.RATE_LIMITED]
    assert refusal(limited, call_request("write")) is None


def test_as_many_run_as_may_and_one_that_ends_makes_room() -> None:
    limited = admission(tools=None, caller=Limit(at_once=2), tool=Limit(at_once=3))
    tickets = [limited.admit("one", call_request("read")) for _ in range(2)]
    assert refusal(limited, call_request("read")) is Code.OVERLOADED
    tickets.append(limited.admit("two", call_request("read")))
    assert refusal(limited, call_request("read"), caller="two") is Code.OVERLOADED
    for _ in range(2):
        tickets[0].close()  # a second time does not count twice
    assert refusal(limited, call_request("read")) is None
    tickets.append(limited.admit("one", call_request("read")))
    assert refusal(limited, call_request("read")) is Code.OVERLOADED


def test_a_refused_request_is_not_counted_as_running() -> None:
    limited = admission(tools=frozenset({"read"}), caller=Limit(at_once=1))
    for _ in range(3):
        assert refusal(limited, call_request("write")) is Code.TOOL_NOT_ALLOWED
    assert refusal(limited, call_request("read")) is None


def test_what_cannot_be_judged_is_not_let_in() -> None:
    def broken() -> float:
        raise OSError("no clock")

    limited = Admission(Policy(tools=None, caller=Limit(per_minute=1)), broken)
    assert refusal(limited, call_request("read")) is Code.METHOD_NOT_ALLOWED
    assert refusal(admission(methods=None), {"id": 1}) is Code.METHOD_NOT_ALLOWED


LISTED = {"tools": [{"name": "read"}, {"name": "write"}, {"no": "name"}, 7], "nextCursor": "2"}


def test_only_allowed_tools_are_shown() -> None:
    asked, answer = request("tools/list", "1"), {"id": "1", "result": LISTED}
    shown = admission(tools=frozenset({"read"})).visible(asked, answer)
    assert shown["result"] == {"tools": [{"name": "read"}], "nextCursor": "2"}
    assert admission(tools=None).visible(asked, answer) is answer
    odd = {"id": "1", "result": {"tools": {"name": "read"}}}
    assert admission().visible(asked, odd)["result"] == {"tools": []}
    other = request("prompts/list", "1")
    assert admission().visible(other, answer) is answer


async def test_a_tool_that_is_not_allowed_is_neither_seen_nor_run() -> None:
    async with bridge(policy=Policy(tools=frozenset({"read"}))) as both:
        listed = await both.caller.exchange(request("tools/list", "1"))
        assert [tool["name"] for tool in listed["result"]["tools"]] == ["read"]
        failure = failure_of(await both.call("write"))
        assert failure["code"] == Code.TOOL_NOT_ALLOWED
        assert failure["layer"] == "policy"
        assert (failure["executed"], failure["retry"]) == ("no", False)
        read = await both.caller.exchange(request("resources/read", "1", uri="a:b"))
        assert failure_of(read)["code"] == Code.METHOD_NOT_ALLOWED
        assert text_of(await both.call("read")) == "read 1"
        assert both.served.effects == ["read"]


async def test_a_caller_over_its_rate_is_told_that_it_may_come_again() -> None:
    policy = Policy(tools=None, caller=Limit(per_minute=1))
    async with bridge(policy=policy) as both:
        await both.call("write")
        failure = failure_of(await both.call("write"))
        assert failure["code"] == Code.RATE_LIMITED
        assert (failure["executed"], failure["retry"]) == ("no", True)
        assert both.served.effects == ["write"]


async def test_one_call_too_many_at_a_time_is_refused_and_the_others_go_on() -> None:
    policy = Policy(tools=None, tool=Limit(at_once=1))
    async with bridge(policy=policy) as both, background() as tasks:
        responses: list[Message] = []

        async def slow() -> None:
            responses.append(await both.call("slow_write"))

        tasks.start_soon(slow)
        await both.served.entered.wait()
        failure = failure_of(await both.call("slow_write"))
        assert (failure["code"], failure["executed"]) == (Code.OVERLOADED, "no")
        assert text_of(await both.call("read")) == "read 2"
        both.served.gate_opens.set()
        with anyio.fail_after(5):
            while not responses:
                await anyio.lowlevel.checkpoint()
        assert text_of(await both.call("slow_write")) == "slow_write 3"


async def test_a_session_passes_the_same_policy() -> None:
    policy = Policy(tools=frozenset({"read", "slow_write"}), tool=Limit(at_once=1))
    async with (
        bridge(policy=policy) as both,
        Client(queue_transport(both.caller), mode="legacy") as client,
    ):
        with anyio.fail_after(10):
            listed = await client.list_tools()
            assert {tool.name for tool in listed.tools} == {"read", "slow_write"}
            assert await refused(client.call_tool("write", {})) == Code.TOOL_NOT_ALLOWED
            assert await refused(client.list_resources()) == Code.METHOD_NOT_ALLOWED
            for _ in range(2):  # each that ended made room
                await client.call_tool("read", {})
            async with background() as tasks:
                tasks.start_soon(client.call_tool, "slow_write", {})
                await both.served.entered.wait()
                both.served.entered = anyio.Event()
                assert await refused(client.call_tool("slow_write", {})) == Code.OVERLOADED
            await both.served.cancelled.wait()  # and so does one that was cancelled
            both.served.gate_opens.set()
            await client.call_tool("slow_write", {})


async def refused(call: Awaitable[object]) -> str:
    with pytest.raises(MCPError) as caught:
        await call
    assert caught.value.error.data["executed"] == "no"
    return str(caught.value.error.data["code"])


def test_the_command_line_says_the_policy() -> None:
    parser = argparse.ArgumentParser()
    add_policy(parser)
    words = "--allow a --allow b --allow-method prompts/get --tool-rate 60 --caller-at-once 2"
    assert policy_of(parser.parse_args(words.split())) == Policy(
        frozenset({"a", "b"}),
        TOOL_METHODS | {"prompts/get"},
        Limit(at_once=2),
        Limit(per_minute=60),
    )
    assert policy_of(parser.parse_args(["--allow-all"])) == Policy.everything()
