"""What a stdio server says belongs to a request, a subscription, or to nobody."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import JSONRPCMessage, jsonrpc_message_adapter

from mcp_bridge.background import background
from mcp_bridge.rpc import Message, request
from mcp_bridge.upstream import StdioUpstream
from mcp_bridge.upstream.related import Relation
from tests.fakes.bridge import bridge, call_request
from tests.fakes.raw_client import call

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


def message(**fields: object) -> JSONRPCMessage:
    return jsonrpc_message_adapter.validate_python({"jsonrpc": "2.0", **fields})


def with_token(request_id: str, token: str | int) -> JSONRPCMessage:
    ask = call(request_id, "x")
    ask["params"]["_meta"] = {"progressToken": token}
    return jsonrpc_message_adapter.validate_python(ask)


def related(relation: Relation, **fields: object) -> Any:  # noqa: ANN401 - an id, or None
    said = relation.said(SessionMessage(message(**fields)))
    assert said is not None
    assert isinstance(said.metadata, ServerMessageMetadata)
    return said.metadata.related_request_id


async def test_progress_belongs_to_its_token_and_the_rest_to_the_latest() -> None:
    relation = Relation()
    await relation.heard(SessionMessage(with_token("a", "t")))
    await relation.heard(SessionMessage(with_token("b", 7)))
    progress = "notifications/progress"
    assert related(relation, method=progress, params={"progressToken": "t", "progress": 1}) == "a"
    assert related(relation, method=progress, params={"progressToken": 7, "progress": 1}) == "b"
    assert related(relation, method=progress, params={"progressToken": 8, "progress": 1}) is None
    assert related(relation, id=1, method="elicitation/create", params={}) == "b"
    assert related(relation, method="notifications/tools/list_changed") is None
    relation.said(SessionMessage(message(id="b", result={})))
    assert related(relation, method="notifications/message", params={}) == "a"


async def test_a_cancelled_request_ends_and_is_answered_no_more() -> None:
    ended: list[str] = []

    async def end() -> None:
        ended.append("a")

    relation = Relation()
    metadata = ServerMessageMetadata(on_request_unanswered=end)
    await relation.heard(SessionMessage(with_token("a", "t"), metadata))
    cancel = message(method="notifications/cancelled", params={"requestId": "a"})
    await relation.heard(SessionMessage(cancel))
    await relation.heard(SessionMessage(cancel))
    assert ended == ["a"]
    assert relation.said(SessionMessage(message(id="a", result={}))) is None


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
async def test_subscriptions_of_two_clients_through_one_child_keep_their_own_ids() -> None:
    heard: list[tuple[str, str, str]] = []
    changed = anyio.Event()

    async def listen(far: Any, client: str, wish: str) -> None:  # noqa: ANN401 - a caller
        async def hear(event: Message) -> None:
            heard.append((client, event["method"], event["params"]["_meta"][SUBSCRIPTION]))
            changed.set()

        wanted = {wish: True}
        await far.listen(request("subscriptions/listen", "same", notifications=wanted), hear)

    async def until(count: int) -> None:
        nonlocal changed
        while len(heard) < count:
            changed = anyio.Event()
            await changed.wait()

    upstream = StdioUpstream("python", ["-m", "tests.servers.everything"])
    with anyio.fail_after(20):
        async with bridge(upstream=upstream) as both, background() as tasks:
            tasks.start_soon(listen, both.caller, "one", "toolsListChanged")
            tasks.start_soon(listen, both.caller, "other", "promptsListChanged")
            await until(2)
            await both.caller.exchange(call_request("test_trigger_tool_change"))
            await until(3)
            tasks.cancel_scope.cancel()
    ack = "notifications/subscriptions/acknowledged"
    assert sorted(heard[:2]) == [("one", ack, "same"), ("other", ack, "same")]
    assert heard[2:] == [("one", "notifications/tools/list_changed", "same")]
