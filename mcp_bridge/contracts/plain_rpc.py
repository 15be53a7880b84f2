"""Plain JSON-RPC messages, as the published sample of MCP over storage queues sends them.

    {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "…", "arguments": {…}},
     "request_id": "…", "response_queue": "…"}

is answered in a response queue of that request alone, which the caller makes and removes:

    {"jsonrpc": "2.0", "id": 1, "request_id": "…", "result": {…} or "error": {…}}

This is a tolerant reading, and an assumption where the sample leaves room: `jsonrpc` may be
missing, the text may be JSON or base64 of it (the answer is written likewise), and `response_queue`
may be missing: then it is the prefix and the request id. What it says must begin with the prefix.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mcp_bridge.contracts.shape import Call, canonical, from_base64, json_object, poison_queue
from mcp_bridge.errors import Code, LocalFault, PeerFault
from mcp_bridge.events import Contract
from mcp_bridge.names import is_queue_name
from mcp_bridge.rpc import Message, as_object

_CALL = "tools/call"


@dataclass(frozen=True, slots=True)
class PlainRpc:
    """Some tools, on one request queue. Fills `Shape`.

    Raises:
        LocalFault: BAD_SETTINGS, no tool, or names that no queues can have.
    """

    tools: frozenset[str]
    input_queue: str
    response_prefix: str  # of every queue that answers may go to

    def __post_init__(self) -> None:
        queues = (*self.own_queues, f"{self.response_prefix}0")
        if not self.tools or "" in self.tools or not all(map(is_queue_name, queues)):
            raise LocalFault(Code.BAD_SETTINGS)
        if any(queue.startswith(self.response_prefix) for queue in self.own_queues):
            raise LocalFault(Code.BAD_SETTINGS)  # an answer would come back as a request

    @property
    def contract(self) -> Contract:
        """Its kind."""
        return Contract.PLAIN_RPC

    @property
    def own_queues(self) -> tuple[str, ...]:
        """Requests, what failed."""
        return self.input_queue, poison_queue(self.input_queue)

    @property
    def reply_queue_stays(self) -> bool:
        """A queue that is gone went with its caller."""
        return False

    def read(self, text: str) -> Call:
        """What a message asks for. Raises PeerFault(NOT_A_CALL)."""
        is_json = text.lstrip().startswith("{")
        untrusted = json_object(text.encode(errors="replace") if is_json else from_base64(text))
        method = untrusted.get("method")
        if untrusted.get("jsonrpc", "2.0") != "2.0" or not isinstance(method, str):
            raise PeerFault(Code.NOT_A_CALL)
        names = {key: _scalar(untrusted[key]) for key in ("id", "request_id") if key in untrusted}
        reply_queue = self._reply_queue(untrusted)
        return Call(
            method,
            _params(untrusted) if method == _CALL else {},
            identity=canonical([names, reply_queue]),
            reply_queue=reply_queue,
            write=partial(_written, names, is_json),
        )

    def _reply_queue(self, untrusted: Mapping[str, Any]) -> str:
        """Never one that is not meant for answers, whatever the message says."""
        named = untrusted.get("response_queue")
        if named is None and (request_id := untrusted.get("request_id")) is not None:
            named = f"{self.response_prefix}{request_id}".lower()
        if (
            not isinstance(named, str)
            or not named.startswith(self.response_prefix)
            or not is_queue_name(named)
        ):
            raise PeerFault(Code.NOT_A_CALL)
        return named


def _params(untrusted: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the server must see; it judges them. An envelope of the caller's own is left out."""
    params = as_object(untrusted.get("params"))
    return {"name": params.get("name"), "arguments": params.get("arguments", {})}


def _scalar(value: object) -> str | int | None:
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return value
    raise PeerFault(Code.NOT_A_CALL)


def _written(names: Mapping[str, Any], is_json: bool, response: Message) -> str:
    """In ASCII, so that it is the same text in whatever the client reads it as."""
    answer = {key: value for key, value in response.items() if key != "id"}
    text = canonical({**answer, **names})
    return text if is_json else b64encode(text.encode("ascii")).decode("ascii")
