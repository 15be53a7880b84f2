"""The unsealed contracts without a queue: what is read, what is written, what is never served."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mcp_bridge.contracts import Exposed, FoundryTool, PlainRpc, Unsealed
from mcp_bridge.contracts.model_text import model_text
from mcp_bridge.errors import Code, Executed, Failure, Layer, LocalFault, PeerFault
from mcp_bridge.events import Contract
from mcp_bridge.names import queue_names
from tests.fakes.unsealed import as_base64, from_base64

FOUNDRY = FoundryTool("echo", "ask", "answer")
PLAIN = PlainRpc(frozenset({"echo", "read"}), "plain-req", "plain-res-")
NAMES = queue_names("clinic")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("shape", [FOUNDRY, PLAIN], ids=["foundry", "plain"])
@given(text=st.text() | st.binary().map(repr) | JSON.map(json.dumps))
def test_any_text_is_a_call_or_a_fault_of_the_peer(
    shape: FoundryTool | PlainRpc, text: str
) -> None:
    with suppress(PeerFault):
        shape.read(text)


@given(arguments=st.dictionaries(st.text(), JSON), correlation=st.text(min_size=1, max_size=256))
def test_whatever_the_agent_asks_arrives_and_is_answered_to_it(
    arguments: Mapping[str, Any], correlation: str
) -> None:
    call = FOUNDRY.read(as_base64({"CorrelationId": correlation, "function_args": arguments}))
    assert call.params == {"name": "echo", "arguments": arguments}
    answer = from_base64(call.write({"result": {"content": [{"type": "text", "text": "薬"}]}}))
    assert answer == {"Value": "薬", "CorrelationId": correlation}


def test_a_byte_order_mark_is_no_obstacle() -> None:
    marked = b"\xef\xbb\xbf" + json.dumps({"CorrelationId": "c", "n": 1}).encode()
    call = FOUNDRY.read(b64encode(marked).decode("ascii"))
    assert call.params["arguments"] == {"n": 1}


def result(*blocks: Mapping[str, Any], **more: object) -> Mapping[str, Any]:
    return {"result": {"content": list(blocks), **more}}


TEXT = {"type": "text", "text": "one"}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (result(TEXT), "one"),
        (result(TEXT, {"type": "text", "text": "two"}), "one\ntwo"),
        (result(structuredContent={"n": 1}), '{"n":1}'),
        (result(TEXT, structuredContent={"n": 1}), "one"),
        (result({"type": "image", "data": "AA=="}), '{"type":"image","data":"AA=="}'),
        (result(), "{}"),
    ],
)
def test_an_answer_is_its_text(response: Mapping[str, Any], expected: str) -> None:
    assert model_text(response) == expected


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("executed", Executed)
def test_a_failure_tells_a_model_what_to_do(code: Code, executed: Executed) -> None:
    failure = Failure(code, Layer.LISTENER, executed, retry=False, incident="i")
    told = json.loads(model_text(failure.as_json_rpc("id")))
    assert told["error"]["code"] == code
    assert told["error"]["executed"] == executed
    assert told["hint"].endswith(".")


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (result(TEXT, isError=True), "tool_error"),
        ({"error": {"code": -32602, "message": "Invalid params"}}, "server_error"),
        ({"error": {"code": -32603, "message": "Internal error"}}, "server_error"),
        ({"result": {"resultType": "input_required"}}, "input_required"),
    ],
)
def test_an_error_of_the_server_is_told_as_such(response: Mapping[str, Any], code: str) -> None:
    told = json.loads(model_text(response))
    assert (told["error"]["code"], told["error"]["executed"]) == (code, "unknown")
    assert told["hint"]


def test_nothing_is_served_unless_it_is_named() -> None:
    assert Unsealed().doors(NAMES) == ()
    assert Unsealed().exposed() == ()


def test_what_is_served_without_a_seal_can_be_shown() -> None:
    assert Unsealed((FOUNDRY,), PLAIN).exposed() == (
        Exposed("echo", Contract.FOUNDRY_TOOL, "ask", "answer"),
        Exposed("echo", Contract.PLAIN_RPC, "plain-req", "plain-res-*"),
        Exposed("read", Contract.PLAIN_RPC, "plain-req", "plain-res-*"),
    )


@pytest.mark.parametrize(
    "unsealed",
    [
        Unsealed((FOUNDRY, FOUNDRY)),
        Unsealed((FoundryTool("echo", "clinic-req", "answer"),)),
        Unsealed((FoundryTool("echo", "ask", "clinic-quarantine"),)),
        Unsealed((FoundryTool("echo", "ask", "clinic-pair-r"),)),
        Unsealed((FoundryTool("echo", "ask", "clinic-res-cloud"),)),
        Unsealed((FoundryTool("echo", "ask", "plain-res-x"),), PLAIN),
        Unsealed(plain=PlainRpc(frozenset({"echo"}), "plain-req", "clinic-")),
        Unsealed(plain=PlainRpc(frozenset({"echo"}), "plain-req", "clinic-res-plain-")),
        Unsealed(plain=PlainRpc(frozenset({"echo"}), "plain-req", "cli")),
    ],
)
def test_contracts_cannot_share_a_queue_with_anything(unsealed: Unsealed) -> None:
    with pytest.raises(LocalFault) as caught:
        unsealed.doors(NAMES)
    assert caught.value.code is Code.BAD_SETTINGS


@pytest.mark.parametrize(
    ("tool", "asked", "answered"),
    [
        ("", "ask", "answer"),
        ("echo", "Ask", "answer"),
        ("echo", "ask", "ask"),
        ("echo", "ask", "ask-poison"),
        ("echo", "a" * 60, "answer"),
    ],
)
def test_a_foundry_tool_needs_queues_that_can_be(tool: str, asked: str, answered: str) -> None:
    with pytest.raises(LocalFault):
        FoundryTool(tool, asked, answered)


@pytest.mark.parametrize(
    ("tools", "requests", "prefix"),
    [
        (frozenset[str](), "plain-req", "plain-res-"),
        (frozenset({""}), "plain-req", "plain-res-"),
        (frozenset({"echo"}), "plain-req", ""),
        (frozenset({"echo"}), "plain-req", "plain-"),
        (frozenset({"echo"}), "Plain", "plain-res-"),
    ],
)
def test_plain_messages_need_tools_and_queues_apart(
    tools: frozenset[str], requests: str, prefix: str
) -> None:
    with pytest.raises(LocalFault):
        PlainRpc(tools, requests, prefix)
