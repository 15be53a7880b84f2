"""The cloud agent against a real HTTP server: every end has its code, and Stop ends the stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import anyio
import pytest

from desktop.core.agent.cloud import MAX_CALLS, MAX_STEPS, CloudAgent
from desktop.core.agent.cloud_client import open_client
from desktop.core.agent.port import (
    AgentCode,
    AgentError,
    AgentEvent,
    Completed,
    Message,
    TextDelta,
    ToolFinished,
    ToolOutcome,
    ToolStarted,
    Turn,
)
from desktop.core.cloud_agents import open_cloud_agent
from desktop.core.errors import SettingsError
from desktop.core.settings import AgentKind, Settings
from tests.fakes import agent_server as fake
from tests.fakes.agent_server import AgentServer, agent_server
from tests.fakes.tools import TOOL, Tools

SYMPTOMS = '{"symptoms": "めまい"}'
TURN = Turn((Message("user", "めまい"),), "case-000000", "ja")


@asynccontextmanager
async def cloud(
    *replies: fake.Reply, silence_s: float = 5
) -> AsyncIterator[tuple[CloudAgent, AgentServer]]:
    async with (
        agent_server(*replies) as server,
        open_client(server.base_url, "key-1", silence_s=silence_s, max_retries=0) as client,
    ):
        yield CloudAgent(client, "tiny", {"ja": "prompt-ja", "en": "prompt-en"}), server


async def converse(agent: CloudAgent, tools: Tools) -> list[AgentEvent]:
    with anyio.fail_after(5):
        return [event async for event in agent.converse(TURN, tools)]


async def test_text_comes_in_pieces_and_nothing_is_stored() -> None:
    async with cloud(fake.text("a", "b")) as (agent, server):
        events = await converse(agent, Tools())
    assert events == [TextDelta("a"), TextDelta("b"), Completed(10, 5)]
    request = server.requests[0]
    assert request["store"] is False
    assert request["instructions"] == "prompt-ja"
    assert request["input"] == [{"role": "user", "content": "めまい"}]
    assert [tool["name"] for tool in request["tools"]] == [TOOL]
    assert server.authorizations == ["Bearer key-1"]


async def test_a_tool_call_is_run_and_its_result_goes_back() -> None:
    body = '{"age_group":"30代"}'
    tools = Tools(ToolOutcome(body, structured={"age_group": "30代"}))
    async with cloud(fake.tool_calls((TOOL, SYMPTOMS)), fake.text("ok")) as (agent, server):
        events = await converse(agent, tools)
    assert tools.calls == [(TOOL, {"symptoms": "めまい"})]
    assert events[0] == ToolStarted(TOOL)
    assert isinstance(events[1], ToolFinished)
    assert events[1].code is None
    assert events[2:] == [TextDelta("ok"), Completed(20, 10)]
    assert fake.outputs(server.requests[1]) == [body]  # the bytes whose hash is in the ledger
    assert [i.get("type") for i in server.requests[1]["input"]][1:] == [
        "function_call",
        "function_call_output",
    ]


async def test_parallel_calls_keep_their_order() -> None:
    tools = Tools(ToolOutcome("one"), ToolOutcome("two"))
    calls = fake.tool_calls((TOOL, SYMPTOMS), (TOOL, SYMPTOMS))
    async with cloud(calls, fake.text("ok")) as (agent, server):
        await converse(agent, tools)
    assert fake.outputs(server.requests[1]) == ["one", "two"]


async def test_a_refused_tool_reaches_the_model_as_a_code() -> None:
    tools = Tools(ToolOutcome("denied_by_user", code="denied_by_user"))
    async with cloud(fake.tool_calls((TOOL, SYMPTOMS)), fake.text("ok")) as (agent, server):
        events = await converse(agent, tools)
    assert [e.code for e in events if isinstance(e, ToolFinished)] == ["denied_by_user"]
    assert [json.loads(o) for o in fake.outputs(server.requests[1])] == [
        {"error": "denied_by_user"}
    ]


@pytest.mark.parametrize("arguments", ["not json", "[1]", "[" * 200_000, "9" * 9_999])
async def test_arguments_that_are_no_object_never_reach_the_tool(arguments: str) -> None:
    tools = Tools()
    async with cloud(fake.tool_calls((TOOL, arguments)), fake.text("ok")) as (agent, _):
        events = await converse(agent, tools)
    assert tools.calls == []
    assert [e.code for e in events if isinstance(e, ToolFinished)] == ["bad_arguments"]


@pytest.mark.parametrize("name", ["", "other", "山田", "x" * 1_000_000])
async def test_a_tool_that_was_not_offered_is_not_called(name: str) -> None:
    tools = Tools()
    async with cloud(fake.tool_calls((name, SYMPTOMS)), fake.text("ok")) as (agent, server):
        await converse(agent, tools)
    assert tools.calls == []
    assert json.loads(fake.outputs(server.requests[1])[0]) == {"error": "unknown_tool"}


CALL = {"type": "function_call", "id": "1", "call_id": "1", "name": TOOL, "arguments": SYMPTOMS}


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.completed", "response": {"id": "r", "output": None}},
        {"type": "response.completed", "response": None},
        {"type": "response.completed", "response": {"id": "r", "output": [1]}},
        fake.completed(CALL | {"arguments": None}),
        fake.completed(CALL | {"name": 5}),
        fake.completed(CALL | {"call_id": None}),
        fake.completed(*[CALL] * (MAX_CALLS + 1)),
        {"type": "response.output_text.delta", "delta": 5},
        {"type": "response.output_text.delta"},
    ],
)
async def test_an_answer_that_is_none_has_its_code(event: dict[str, Any]) -> None:
    tools = Tools()
    async with cloud(fake.streamed(event)) as (agent, _):
        with pytest.raises(AgentError) as failure:
            await converse(agent, tools)
    assert failure.value.code is AgentCode.BAD_ANSWER
    assert tools.calls == []


@pytest.mark.parametrize("body", [b"data: [1]\n\n", b"data: 5\n\n", b"data: null\n\n"])
async def test_events_that_are_none_have_their_code(body: bytes) -> None:
    async with cloud(fake.raw(body)) as (agent, _):
        with pytest.raises(AgentError) as failure:
            await converse(agent, Tools())
    assert failure.value.code is AgentCode.BAD_ANSWER


async def test_odd_counts_of_tokens_are_no_counts() -> None:
    usage = {"input_tokens": "x", "output_tokens": None}
    response = {"id": "r", "output": [], "usage": usage}
    async with cloud(fake.streamed({"type": "response.completed", "response": response})) as (
        agent,
        _,
    ):
        assert await converse(agent, Tools()) == [Completed()]


async def test_the_conversation_is_not_sent_on_to_another_server() -> None:
    async with agent_server(fake.text("stolen")) as other:
        async with cloud(fake.redirect(other.base_url)) as (agent, _):
            with pytest.raises(AgentError) as failure:
                await converse(agent, Tools())
        assert other.requests == []
    assert failure.value.code is AgentCode.BAD_REQUEST


async def test_a_model_that_never_answers_is_stopped() -> None:
    tools = Tools(ToolOutcome("again"))
    async with cloud(fake.tool_calls((TOOL, SYMPTOMS))) as (agent, server):
        with pytest.raises(AgentError) as failure:
            await converse(agent, tools)
    assert failure.value.code is AgentCode.TOO_MANY_STEPS
    assert len(server.requests) == MAX_STEPS


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (fake.status(400), AgentCode.BAD_REQUEST),
        (fake.status(401), AgentCode.SIGN_IN),
        (fake.status(403), AgentCode.FORBIDDEN),
        (fake.status(404), AgentCode.NOT_FOUND),
        (fake.status(408), AgentCode.TIMED_OUT),
        (fake.status(429, "insufficient_quota"), AgentCode.QUOTA),
        (fake.status(429), AgentCode.BUSY),
        (fake.status(500), AgentCode.BUSY),
        (fake.cut_after(fake.delta("a")), AgentCode.UNREACHABLE),
        (fake.streamed(fake.delta("a")), AgentCode.UNREACHABLE),
        (fake.raw(b"data: {not json\n\n"), AgentCode.BAD_ANSWER),
        (fake.streamed(fake.completed(kind="failed")), AgentCode.BAD_ANSWER),
        (fake.streamed(fake.completed(kind="incomplete")), AgentCode.BAD_ANSWER),
        (
            fake.streamed({"type": "error", "message": "x", "sequence_number": 1}),
            AgentCode.BUSY,
        ),
        (
            fake.streamed({"type": "error", "error": {"message": "x"}, "sequence_number": 1}),
            AgentCode.BUSY,
        ),
    ],
    ids=lambda value: value.value if isinstance(value, AgentCode) else "",
)
async def test_every_failure_has_its_code(reply: fake.Reply, code: AgentCode) -> None:
    async with cloud(reply) as (agent, _):
        with pytest.raises(AgentError) as failure:
            await converse(agent, Tools())
    assert failure.value.code is code
    assert str(failure.value) == code.value
    assert failure.value.__cause__ is None


async def test_silence_runs_into_the_time_out() -> None:
    async with cloud(fake.hang_after(fake.delta("a")), silence_s=0.2) as (agent, _):
        with pytest.raises(AgentError) as failure:
            await converse(agent, Tools())
    assert failure.value.code is AgentCode.TIMED_OUT


async def test_nobody_listening() -> None:
    async with open_client("http://127.0.0.1:9/v1", "k", max_retries=0) as client:
        agent = CloudAgent(client, "tiny", {"ja": "", "en": ""})
        with pytest.raises(AgentError) as failure:
            await converse(agent, Tools())
    assert failure.value.code is AgentCode.UNREACHABLE


async def test_cancelling_closes_the_stream_at_the_server() -> None:
    async with cloud(fake.hang_after(fake.delta("a"))) as (agent, server):
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(converse, agent, Tools())
                await server.hanging.wait()
                group.cancel_scope.cancel()
            await server.left.wait()


async def test_closing_the_iteration_closes_the_stream_at_the_server() -> None:
    async with cloud(fake.hang_after(fake.delta("a"))) as (agent, server):
        with anyio.fail_after(5):
            async with aclosing(agent.converse(TURN, Tools())) as events:
                assert await anext(events) == TextDelta("a")
            await server.left.wait()


async def test_a_busy_server_is_asked_again() -> None:
    async with (
        agent_server(fake.status(500), fake.text("ok")) as server,
        open_client(server.base_url, "k", max_retries=1) as client,
    ):
        events = await converse(CloudAgent(client, "tiny", {"ja": "", "en": ""}), Tools())
    assert TextDelta("ok") in events


@pytest.mark.parametrize("base_url", ["http://agent.example/v1", "ftp://agent.example", "agent"])
async def test_a_key_and_a_conversation_never_go_in_the_clear(base_url: str) -> None:
    settings = Settings(agent=AgentKind.CLOUD, base_url=base_url, model="tiny")
    with pytest.raises(SettingsError) as fault:
        async with open_cloud_agent(settings):
            pass
    assert fault.value.places == ("base_url",)


async def test_a_token_function_is_asked_for_each_request() -> None:
    async def token() -> str:
        return "fresh"

    async with (
        agent_server(fake.text("ok")) as server,
        open_client(server.base_url, token, max_retries=0) as client,
    ):
        agent = CloudAgent(client, "tiny", {"ja": "", "en": ""})
        await converse(agent, Tools())
    assert server.authorizations == ["Bearer fresh"]
    assert agent.destination == "127.0.0.1"
    assert agent.label == "tiny"
