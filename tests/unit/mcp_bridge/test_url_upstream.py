"""A Streamable HTTP server behind the bridge answers as it answers directly, in both eras."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import anyio.abc
import pytest
from mcp import Client, MCPError
from mcp.client.subscriptions import ToolsListChanged
from mcp_types import ElicitRequestParams, ElicitResult
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_bridge.caller import queue_transport
from mcp_bridge.errors import Code, Executed, LocalFault, UpstreamGone
from mcp_bridge.rpc import Message, request
from mcp_bridge.upstream import UrlUpstream, at_url
from mcp_bridge.upstream.http_client import MAX_BODY
from tests.fakes.bridge import bridge, call_request, text_of
from tests.fakes.served import Served
from tests.fakes.web import everything_app, served_app, web

pytestmark = pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    with anyio.fail_after(20):
        yield


@pytest.fixture(params=["modern", "elder"])
def app(request: pytest.FixtureRequest) -> ASGIApp:
    return everything_app(elder=request.param == "elder")


async def ignore(_message: Message) -> None:
    pass


@asynccontextmanager
async def carried(url: str, mode: str, **options: Any) -> AsyncIterator[Client]:  # noqa: ANN401
    async with (
        bridge(upstream=UrlUpstream(url)) as both,
        Client(queue_transport(both.caller), mode=mode, **options) as client,
    ):
        yield client


async def seen(client: Client) -> Mapping[str, Any]:
    """What a client sees of a server: its tools, an answer, a tool's error, its progress."""
    heard: list[float] = []

    async def hear(progress: float, _total: float | None, _message: str | None) -> None:
        heard.append(progress)

    tools = await client.list_tools()
    answer = await client.call_tool("test_simple_text", {})
    failed = await client.call_tool("test_error_handling", {})
    header = await client.call_tool("test_x_mcp_header", {"region": "東京"})
    await client.call_tool("test_tool_with_progress", {}, progress_callback=hear)
    return {
        "tools": [tool.model_dump() for tool in tools.tools],
        "answer": answer.content,
        "failed": (failed.is_error, failed.content),
        "header": header.content,
        "heard": heard,
    }


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
async def test_a_client_sees_what_it_sees_directly(mode: str) -> None:
    async with web(everything_app()) as url:
        async with Client(url, mode=mode) as direct:
            expected = await seen(direct)
        async with carried(url, mode) as client:
            assert await seen(client) == expected
    assert expected["heard"] == [0, 50, 100]


async def test_a_newer_client_sees_the_same_of_an_elder_server() -> None:
    app = everything_app(elder=True)
    async with web(app) as url, carried(url, "2026-07-28") as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert "test_simple_text" in tools
        failed = await client.call_tool("test_error_handling", {})
        assert failed.is_error
        heard: list[float] = []

        async def hear(progress: float, _total: float | None, _message: str | None) -> None:
            heard.append(progress)

        await client.call_tool("test_tool_with_progress", {}, progress_callback=hear)
        assert heard == [0, 50, 100]


async def test_a_server_asks_the_client_of_a_session() -> None:
    async def decide(_context: object, params: ElicitRequestParams) -> ElicitResult:
        assert params.message == "Who?"
        return ElicitResult(action="accept", content={"name": "Hanako"})

    async with (
        web(everything_app()) as url,
        carried(url, "legacy", elicitation_callback=decide) as client,
    ):
        result = await client.call_tool("test_elicitation", {"message": "Who?"})
        assert "Hanako" in result.content[0].text


@pytest.mark.expects_log  # of the server of this test, which cuts the stream of the session
async def test_a_session_ends_with_its_server() -> None:
    told, gone = anyio.Event(), anyio.Event()

    async def serve(*, task_status: anyio.abc.TaskStatus[str]) -> None:
        async with web(everything_app()) as url:
            task_status.started(url)
            await told.wait()
        gone.set()

    async with (
        anyio.create_task_group() as tasks,
        carried(await tasks.start(serve), "legacy") as client,
    ):
        await client.call_tool("test_simple_text", {})
        told.set()
        await gone.wait()
        with pytest.raises(MCPError) as caught:
            await client.call_tool("test_simple_text", {})
        assert caught.value.error.data["code"] == Code.UPSTREAM_GONE


async def test_a_subscription_hears_what_changes() -> None:
    async with (
        web(everything_app()) as url,
        carried(url, "2026-07-28") as client,
        client.listen(tools_list_changed=True) as events,
    ):
        await client.call_tool("test_trigger_tool_change", {})
        assert isinstance(await anext(aiter(events)), ToolsListChanged)


async def test_it_knows_what_only_reads() -> None:
    async with web(served_app(Served())) as url, UrlUpstream(url) as upstream:
        assert upstream.is_read_only(call_request("echo"))
        assert not upstream.is_read_only(call_request("write"))


@pytest.mark.parametrize("elder", [False, True])
async def test_cancelling_an_exchange_stops_the_tool(elder: bool) -> None:
    served = Served()
    async with web(served_app(served, elder=elder)) as url, UrlUpstream(url) as upstream:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(upstream.exchange, call_request("slow_read"), ignore)
            await served.entered.wait()
            tasks.cancel_scope.cancel()
        await served.cancelled.wait()
        assert text_of(await upstream.exchange(call_request("echo", text="on"), ignore)) == "on"


async def test_errors_are_codes(app: ASGIApp) -> None:
    async with web(app) as url, UrlUpstream(url) as upstream:
        unknown = await upstream.exchange(request("nope", 1), ignore)
        assert unknown["error"]["code"] == -32601
        bare = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        assert (await upstream.exchange(bare, ignore))["error"]["code"] == -32602


@pytest.mark.parametrize("elder", [False, True])
@pytest.mark.parametrize("missed", [False, True])
async def test_a_server_that_comes_back_is_greeted_anew(elder: bool, missed: bool) -> None:
    async with AsyncExitStack() as stack:
        async with web(served_app(Served(), elder=elder)) as url:
            upstream = await stack.enter_async_context(UrlUpstream(url))
        if missed:
            with pytest.raises(UpstreamGone) as caught:
                await upstream.exchange(call_request("write"), ignore)
            assert (caught.value.executed, caught.value.code) == (Executed.NO, Code.UPSTREAM_GONE)
        served = Served()
        port = int(url.rpartition(":")[2].removesuffix("/mcp"))
        await stack.enter_async_context(web(served_app(served, elder=elder), port))
        assert text_of(await upstream.exchange(call_request("write"), ignore)) == "write 1"
        assert served.effects == ["write"]


@pytest.mark.expects_log  # of the server of this test
async def test_a_server_that_goes_meanwhile_leaves_it_unknown() -> None:
    served = Served()
    with pytest.raises(UpstreamGone) as caught:
        async with web(hanging_up(served_app(served))) as url, UrlUpstream(url) as upstream:
            await upstream.exchange(call_request("write"), ignore)
    assert caught.value.executed is Executed.UNKNOWN
    assert served.effects == ["write"]


def hanging_up(app: ASGIApp) -> ASGIApp:
    """Runs a call, and is gone before it has answered."""

    async def hang_up(scope: Scope, receive: Receive, send: Send) -> None:
        is_call = (b"mcp-method", b"tools/call") in scope.get("headers", ())

        async def cut(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [(b"content-length", b"9"), (b"content-type", b"application/json")]
                await send({**message, "headers": headers})

        await app(scope, receive, cut if is_call else send)

    return hang_up


async def test_a_server_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang(scope: Scope, receive: Receive, _send: Send) -> None:
        if scope["type"] == "http":
            while (await receive())["type"] != "http.disconnect":
                pass

    monkeypatch.setattr(at_url, "GREET_S", 0.2)
    with pytest.raises(UpstreamGone):
        async with web(hang) as url, UrlUpstream(url):
            pass


async def test_a_huge_answer_is_not_taken() -> None:
    huge = call_request("big", text="x", times=MAX_BODY)
    async with web(served_app(Served())) as url, UrlUpstream(url) as upstream:
        with pytest.raises(UpstreamGone) as caught:
            await upstream.exchange(huge, ignore)
        assert caught.value.code is Code.TOO_LARGE
        assert text_of(await upstream.exchange(call_request("echo", text="on"), ignore)) == "on"


async def test_the_token_opens_the_door() -> None:
    async with web(served_app(Served(), token="right")) as url:
        async with UrlUpstream(url, "right") as upstream:
            assert text_of(await upstream.exchange(call_request("echo", text="in"), ignore)) == "in"
        for wrong in (None, "wrong"):
            with pytest.raises(UpstreamGone) as caught:
                async with UrlUpstream(url, wrong):
                    pass
            assert caught.value.code is Code.DENIED


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/mcp",
        "https://user:pass@example.org/mcp",
        "https://example.org/mcp?key=1",
        "ftp://127.0.0.1/mcp",
        "https:///mcp",
        "http://127.0.0.1:x/mcp",
    ],
)
async def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(LocalFault):
        UrlUpstream(url)


@pytest.mark.parametrize("token", ["", " a", "a\r\nb", "鍵"])
async def test_a_token_is_one_line_of_ascii(token: str) -> None:
    with pytest.raises(LocalFault):
        UrlUpstream("https://example.org/mcp", token)
