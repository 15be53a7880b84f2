"""The guard on the stream: what it refuses is answered all the same, with a constant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from local_tools.errors import Code, Refused
from local_tools.privacy.guard import Guard
from local_tools.stdio import GuardedWriteStream


class Sent:
    """A write stream that keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def send(self, item: SessionMessage, /) -> None:
        self.messages.append(item.message.model_dump(by_alias=True, mode="json"))


def refuse(_message: Mapping[str, Any]) -> Mapping[str, Any]:
    raise Refused(Code.GUARD_BLOCKED)


@pytest.mark.expects_log
@pytest.mark.parametrize(("id_", "answered"), [(7, 7), ("髙橋", None), ("a" * 200, None)])
async def test_what_is_refused_has_an_answer_that_repeats_no_text(
    id_: object, answered: object
) -> None:
    sent = Sent()
    message = {"jsonrpc": "2.0", "id": id_, "result": {"髙橋": 1}}
    stream = GuardedWriteStream(cast("Any", sent), cast("Guard", refuse))
    await stream.send(SessionMessage(jsonrpc_message_adapter.validate_python(message)))
    (told,) = sent.messages
    assert told["id"] == answered
    assert told["error"]["message"] == Code.GUARD_BLOCKED
    assert "髙橋" not in str(told)


@pytest.mark.expects_log
async def test_a_notification_that_is_refused_is_dropped() -> None:
    sent = Sent()
    message = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "髙橋"}}
    stream = GuardedWriteStream(cast("Any", sent), cast("Guard", refuse))
    await stream.send(SessionMessage(jsonrpc_message_adapter.validate_python(message)))
    assert sent.messages == []
