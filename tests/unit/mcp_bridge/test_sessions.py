"""Sessions through both sides: what is lost, what ends, what is refused, and who is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp_types import ElicitRequestParams, ElicitResult

from mcp_bridge.caller import queue_transport
from mcp_bridge.caller.session import Session
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.errors import Code
from mcp_bridge.events import Hop
from mcp_bridge.frames import Direction, Header, Kind, parse
from mcp_bridge.journal import Journal
from mcp_bridge.listener import sessions as listening
from mcp_bridge.policy import Policy
from mcp_bridge.posting import seal_texts
from mcp_bridge.rpc import Message
from mcp_bridge.sessions import End, Item, Keep, Said, decode_items, encode_item
from mcp_bridge.upstream import ServerUpstream, StdioUpstream
from tests.fakes.bridge import Bridge, bridge, failure_of, new_keys, until_length
from tests.fakes.raw_client import call
from tests.fakes.served import CANARY, Served
from tests.servers.everything import everything

pytestmark = pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")

HELLO = {
    "jsonrpc": "2.0",
    "id": "hello",
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "hand", "version": "1"},
    },
}


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    with anyio.fail_after(20):
        yield


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - what it waits for is no event
        await anyio.sleep(0.005)


async def answer(session: Session) -> Message:
    """The next response."""
    async for item in session:
        if isinstance(item, Said) and "method" not in item.message:
            return item.message
    raise AssertionError


@asynccontextmanager
async def begun(both: Bridge) -> AsyncIterator[Session]:
    async with both.caller.open_session() as session:
        session.send(Said(HELLO))
        assert "result" in await answer(session)
        yield session


async def test_the_server_asks_a_client_on_a_stream_of_its_own() -> None:
    asked: list[str] = []

    async def decide(_context: object, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"name": "Hanako"})

    async with (
        bridge(upstream=ServerUpstream(everything())) as both,
        Client(queue_transport(both.caller), mode="legacy", elicitation_callback=decide) as client,
    ):
        result = await client.call_tool("test_elicitation", {"message": "Who?"})
        assert "Hanako" in result.content[0].text
        assert asked == ["Who?"]


async def test_a_subscription_on_a_stream() -> None:
    async with (
        bridge(upstream=ServerUpstream(everything())) as both,
        Client(queue_transport(both.caller), mode="2026-07-28") as client,
        client.listen(tools_list_changed=True) as events,
    ):
        await client.call_tool("test_trigger_tool_change", {})
        await anext(aiter(events))


async def test_a_listener_that_was_restarted_has_lost_the_session_and_says_so() -> None:
    carrier, keys = MemoryCarrier(), new_keys()
    served = Served()
    async with bridge(carrier, keys=keys, served=served) as first, begun(first) as session:
        session.send(Said(call(1, "slow_write")))
        await served.entered.wait()
        first.listener._sessions.close()
        lost = await answer(session)
        assert failure_of(lost)["executed"] == "unknown"
        assert failure_of(lost)["code"] in {Code.CLOSED, Code.UPSTREAM_GONE}


async def test_a_host_on_a_stream_does_not_notice_that_its_session_was_lost() -> None:
    async with (
        bridge() as both,
        Client(queue_transport(both.caller), mode="legacy") as client,
    ):
        assert (await client.call_tool("write", {})).content[0].text == "write 1"
        both.listener._sessions.close()
        await until(lambda: not both.listener._sessions._open)
        assert (await client.call_tool("write", {})).content[0].text == "write 2"
        assert both.served.effects == ["write", "write"]


def session_text(both: Bridge, seq: int, item: Item, *, sid: str = "a" * 32) -> str:
    header = Header(
        direction=Direction.REQUEST,
        mid=f"{seq:032x}",
        kind=Kind.SESSION,
        sid=sid,
        seq=seq,
        reply="hand",
        budget_ms=30_000,
    )
    [text] = seal_texts(both.keys, header, b"[" + encode_item(item) + b"]")
    return text


async def test_a_copy_from_an_earlier_life_does_not_run(tmp_path: Path) -> None:
    """A listener crashed, and the frames of a session that it had begun come again."""
    carrier, keys, served = MemoryCarrier(), new_keys(), Served()
    texts: list[str] = []
    for _life in range(2):
        journal = Journal(tmp_path / "journal")
        async with bridge(carrier, keys=keys, served=served, journal=journal) as both:
            responses = both.names.responses("hand")
            await carrier.create(responses)
            texts = texts or [
                session_text(both, 1, Said(HELLO)),
                session_text(both, 2, Said(call(1, "write"))),
            ]
            for text in texts:
                await carrier.put(both.names.requests, text, ttl_s=60)
            await until_length(carrier, both.names.requests, 0)
            await until(lambda: bool(served.effects))
            items = [item async for item in said(both, responses)]
    assert served.effects == ["write"]
    assert items == [End(Code.SESSION_LOST)]


async def said(both: Bridge, queue: str) -> AsyncIterator[Item]:
    """What the serving side said last, up to the end of a session."""
    while True:
        for taken in await both.carrier.take(queue, limit=32, lease_s=30):
            await both.carrier.delete(queue, taken.receipt)
            for item in decode_items(both.keys.open(parse(taken.text), Direction.REPLY)):
                yield item
                if isinstance(item, End):
                    return
            both.listener._sessions.close()
        await anyio.sleep(0.005)


async def test_two_listeners_have_each_their_own_sessions() -> None:
    carrier, keys, served = MemoryCarrier(), new_keys(), Served()
    async with (
        bridge(carrier, keys=keys, served=served) as one,
        bridge(carrier, keys=keys, served=served) as other,
        begun(one) as session,
        begun(other) as beside,
    ):
        for each in (session, beside):
            each.send(Said(call(1, "write")))
        for each in (session, beside):
            assert "result" in await answer(each)
        assert served.effects == ["write", "write"]


async def test_frames_of_a_session_that_nobody_knows_end_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "GIVEN_UP_AFTER", 1)
    async with bridge() as both:
        await both.carrier.create(both.names.responses("hand"))
        await both.carrier.put(both.names.requests, session_text(both, 2, Keep()), ttl_s=60)
        await until_length(both.carrier, both.names.responses("hand"), 1)
        [taken] = await both.carrier.take(both.names.responses("hand"), limit=1, lease_s=30)
        assert "session" in taken.text
        await both.empty(both.names.requests)


async def test_nobody_enters_the_session_of_another() -> None:
    async with bridge() as both, begun(both) as session:
        text = session_text(both, 3, Said(call(1, "write")), sid=session._sid)
        await both.carrier.put(both.names.requests, text, ttl_s=60)
        await both.listened.hop(Hop.QUARANTINED)
        assert both.served.effects == []


async def test_what_the_policy_does_not_allow_is_refused_in_a_session_too() -> None:
    policy = Policy(tools=frozenset({"echo"}))
    async with bridge(policy=policy) as both, begun(both) as session:
        session.send(Said(call(1, "write")))
        refused = await answer(session)
        assert failure_of(refused)["executed"] == "no"
        assert both.served.effects == []


async def test_the_guard_stands_before_sessions_too() -> None:
    def guard(message: Message) -> Message:
        if "カルテ" in str(message):
            raise ValueError
        return message

    async with bridge(guard=guard) as both, begun(both) as session:
        session.send(Said(call(1, "echo", text="カルテ")))
        refused = await answer(session)
        assert failure_of(refused)["code"] == Code.GUARD_REFUSED
        session.send(Said(call(2, "echo", text="fine")))
        assert (await answer(session))["id"] == 2


async def test_what_a_handler_raises_stays_there() -> None:
    async with bridge() as both, begun(both) as session:
        session.send(Said(call(1, "crash")))
        crashed = await answer(session)
        assert crashed["error"]["code"] == -32603
        assert CANARY not in str(crashed)


async def test_a_malformed_message_is_answered() -> None:
    async with bridge() as both, begun(both) as session:
        session.send(Said({"jsonrpc": "2.0", "id": 5, "method": "tools/list", "params": [1]}))
        assert (await answer(session))["error"]["code"] == -32600


async def test_a_session_ends_on_both_sides() -> None:
    async with bridge() as both:
        async with begun(both):
            assert len(both.listener._sessions._open) == 1
        await until(lambda: not both.listener._sessions._open)
        await both.empty(both.names.requests)


async def test_a_caller_that_closes_answers_what_waits() -> None:
    async with bridge() as both, begun(both) as session:
        session.send(Said(call(1, "slow_read")))
        await both.served.entered.wait()
        both.caller._mailbox.close()
        assert failure_of(await answer(session))["code"] == Code.CLOSED
        with pytest.raises(StopAsyncIteration):
            await anext(session)


async def test_the_far_side_may_end_it_in_order() -> None:
    async with bridge() as both, both.caller.open_session() as session:
        session.deliver(1, b"[" + encode_item(End()) + b"]")
        with pytest.raises(StopAsyncIteration):
            await anext(session)
        assert session.code is None


async def test_a_stdio_command_has_a_child_for_each_session() -> None:
    upstream = StdioUpstream("python", ["-m", "tests.servers.everything"])
    heard: list[float] = []

    async def decide(_context: object, _params: object) -> ElicitResult:
        return ElicitResult(action="accept", content={"name": "Hanako"})

    async def hear(progress: float, _total: float | None, _message: str | None) -> None:
        heard.append(progress)

    async with (
        bridge(upstream=upstream) as both,
        Client(queue_transport(both.caller), mode="legacy", elicitation_callback=decide) as client,
    ):
        result = await client.call_tool("test_elicitation", {"message": "Who?"})
        assert "Hanako" in result.content[0].text
        await client.call_tool("test_tool_with_progress", {}, progress_callback=hear)
        assert heard == [0, 50, 100]
