"""What the official suite cannot see, each thing direct and through the bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.server.lowlevel import Server
from mcp.shared.subscriptions import ToolsListChanged

from mcp_bridge.background import background
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.gateway import serve_http
from mcp_bridge.upstream import ServerUpstream
from tests.fakes.bridge import bridge, new_keys
from tests.fakes.gateway import gateway
from tests.fakes.raw_client import RawClient, call, events, modern_call, raw_client
from tests.fakes.rough_carrier import RoughCarrier
from tests.fakes.served import Served
from tests.servers.everything import everything

pytestmark = pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")

At = Callable[[Server[Any]], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def directly(server: Server[Any]) -> AsyncIterator[str]:
    ports: list[int] = []
    listening = anyio.Event()

    def on_listening(port: int) -> None:
        ports.append(port)
        listening.set()

    async with background() as tasks:
        tasks.start_soon(serve_http, server.streamable_http_app(), "127.0.0.1", 0, on_listening)
        await listening.wait()
        yield f"http://127.0.0.1:{ports[0]}/mcp"


@asynccontextmanager
async def bridged(server: Server[Any]) -> AsyncIterator[str]:
    async with bridge(upstream=ServerUpstream(server)) as both, gateway(both.caller) as url:
        yield f"{url}/mcp"


@asynccontextmanager
async def roughly_bridged(server: Server[Any]) -> AsyncIterator[str]:
    carrier = MemoryCarrier()
    async with (
        RoughCarrier(carrier, seed=1) as near,
        RoughCarrier(carrier, seed=2) as far,
        bridge(carrier, calling=near, listening=far, upstream=ServerUpstream(server)) as both,
        gateway(both.caller) as url,
    ):
        yield f"{url}/mcp"


@pytest.fixture(params=[directly, bridged, roughly_bridged], ids=lambda at: at.__name__)
def at(request: pytest.FixtureRequest) -> At:
    return request.param


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    with anyio.fail_after(15):
        yield


async def test_progress_and_a_question_travel_on_the_stream_of_their_own_post(at: At) -> None:
    async with at(everything()) as url, raw_client(url) as client:
        await client.initialize()
        ask = call(1, "test_tool_with_progress")
        ask["params"]["_meta"] = {"progressToken": "mine"}
        async with client.stream(ask) as response:
            steps = [message async for message in events(response)]
        assert [step["params"]["progress"] for step in steps[:-1]] == [0, 50, 100]
        assert {step["params"]["progressToken"] for step in steps[:-1]} == {"mine"}
        async with client.stream(call(2, "test_elicitation", message="Who?")) as response:
            told = [message async for message in _answered(client, response)]
        assert [message.get("method") for message in told] == ["elicitation/create", None]
        assert "Hanako" in told[-1]["result"]["content"][0]["text"]


async def _answered(client: RawClient, response: httpx2.Response) -> AsyncIterator[dict[str, Any]]:
    """The messages of a stream; a question in it is answered by a post of its own."""
    async for message in events(response):
        if message.get("method") == "elicitation/create":
            answer = {"action": "accept", "content": {"name": "Hanako"}}
            reply = {"jsonrpc": "2.0", "id": message["id"], "result": answer}
            assert (await client.post(reply)).status_code == 202
        yield message


async def test_a_cancelled_call_ends_its_post_and_stops_the_tool(at: At) -> None:
    served = Served()
    async with at(served.server()) as url, raw_client(url) as client:
        await client.initialize()
        async with client.stream(call(7, "slow_read")) as response:
            await served.entered.wait()
            params = {"requestId": 7}
            stop = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
            assert (await client.post(stop)).status_code == 202
            ended = [message async for message in events(response)]
        assert [message["error"]["code"] for message in ended] == [-32800]
        await served.cancelled.wait()


async def test_a_client_that_hangs_up_or_leaves_stops_its_tools(at: At) -> None:
    served = Served()
    async with at(served.server()) as url, raw_client(url) as client:
        ask = modern_call(1, "slow_read")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.modern, ask)
            await served.entered.wait()
            tasks.cancel_scope.cancel()
        await served.cancelled.wait()


async def test_the_end_of_a_session_stops_its_tools(at: At) -> None:
    served = Served()
    async with at(served.server()) as url, raw_client(url) as client:
        await client.initialize()
        async with client.stream(call(7, "slow_read")):
            await served.entered.wait()
            gone = await client.http.delete(url, headers=client.headers)
            assert gone.status_code == 200
        await served.cancelled.wait()
        assert (await client.post(call(8, "read"))).status_code == 404


async def test_a_subscription_gets_its_events_and_no_others(at: At) -> None:
    async with (
        at(everything()) as url,
        Client(url, mode="2026-07-28") as client,
        client.listen(tools_list_changed=True) as tools,
        client.listen(resources_list_changed=True) as others,
    ):
        assert others is not tools
        await client.call_tool("test_trigger_prompt_change", {})
        await client.call_tool("test_trigger_tool_change", {})
        assert isinstance(await anext(aiter(tools)), ToolsListChanged)


async def test_every_log_line_arrives_once_and_in_order(at: At) -> None:
    async with at(everything()) as url, raw_client(url) as client:
        await client.initialize()
        async with client.stream(call(1, "test_many_logs", count=200)) as response:
            told = [message async for message in events(response)]
        lines = [message["params"]["data"] for message in told[:-1]]
        assert lines == [f"line {number}" for number in range(200)]


@pytest.mark.parametrize("era", ["handshake", "modern"])
async def test_every_call_has_its_effect_once(at: At, era: str) -> None:
    served = Served()
    async with at(served.server()) as url, raw_client(url) as client:
        if era == "handshake":
            await client.initialize()

        async def write(number: int) -> None:
            if era == "modern":
                response = await client.modern(modern_call(number, "write"))
            else:
                response = await client.post(call(number, "write"))
            [answer] = [message async for message in events(response)]
            assert answer["id"] == number
            assert answer["result"]["content"][0]["text"].startswith("write")

        async with anyio.create_task_group() as tasks:
            for number in range(25):
                tasks.start_soon(write, number)
        assert served.effects == ["write"] * 25


async def test_two_clients_may_use_the_same_id(at: At) -> None:
    served = Served()
    async with (
        at(served.server()) as url,
        raw_client(url) as one,
        raw_client(url) as other,
    ):
        answers: dict[str, str] = {}

        async def ask(client: RawClient, text: str) -> None:
            response = await client.modern(modern_call(1, "echo", text=text))
            answers[text] = response.json()["result"]["content"][0]["text"]

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, one, "mine")
            tasks.start_soon(ask, other, "yours")
        assert answers == {"mine": "mine", "yours": "yours"}


async def test_eras_do_not_mix(at: At) -> None:
    async with at(everything()) as url, raw_client(url) as client:
        hello = modern_call(1, "test_simple_text") | {"method": "initialize"}
        refused = await client.post(
            hello, **{"mcp-protocol-version": "2026-07-28", "mcp-method": "initialize"}
        )
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, -32601)
        await client.initialize()
        response = await client.post(modern_call(2, "test_simple_text"))
        [answer] = [message async for message in events(response)]
        assert "resultType" not in answer["result"]  # it is the session that counts


async def test_a_large_answer_arrives_whole(at: At) -> None:
    async with at(Served().server()) as url, raw_client(url) as client:
        await client.initialize()
        response = await client.post(call(1, "big", text="0123456789", times=50_000))
        [answer] = [message async for message in events(response)]
        assert answer["result"]["content"][0]["text"] == "0123456789" * 50_000


async def test_the_second_round_of_a_question_may_meet_another_listener() -> None:
    carrier, keys = MemoryCarrier(), new_keys()
    ask = modern_call(1, "test_input_required_result_request_state")
    async with bridge(carrier, keys=keys, upstream=ServerUpstream(everything())) as first:
        asked = await first.caller.exchange(ask)
    answers = {"confirm": {"action": "accept", "content": {"ok": True}}}
    state = {"inputResponses": answers, "requestState": asked["result"]["requestState"]}
    async with bridge(carrier, keys=keys, upstream=ServerUpstream(everything())) as second:
        done = await second.caller.exchange({**ask, "params": ask["params"] | state})
    assert "state-ok" in done["result"]["content"][0]["text"]
