"""JSON-RPC messages as plain mappings, and the bytes that a sealed body holds.

A body is one message or an array of them: notifications first, the response last, so that the last
progress and the result travel as one.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, cast

from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PROTOCOL_VERSION_META_KEY,
)
from mcp_types.version import LATEST_MODERN_VERSION

from mcp_bridge.errors import Code, PeerFault

Message = Mapping[str, Any]
Notify = Callable[[Message], Awaitable[None]]
RequestId = str | int

# Methods that change nothing by their definition; tools say it of themselves (readOnlyHint).
READING_METHODS: Final = frozenset(
    {
        "completion/complete",
        "ping",
        "prompts/get",
        "prompts/list",
        "resources/list",
        "resources/read",
        "resources/templates/list",
        "server/discover",
        "tools/list",
    }
)


def encode(*messages: Message) -> bytes:
    """Compact JSON of one message, or of an array when there are several."""
    value = messages[0] if len(messages) == 1 else messages
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only write as an escape
        return json.dumps(value, separators=(",", ":")).encode()


def decode(body: bytes) -> Sequence[Message]:
    """The messages of a body. Raises PeerFault(NOT_JSON_RPC)."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        raise PeerFault(Code.NOT_JSON_RPC) from None
    messages = cast("list[object]", value) if isinstance(value, list) else [value]
    if not messages or not all(_is_message(message) for message in messages):
        raise PeerFault(Code.NOT_JSON_RPC)
    return cast("list[Message]", messages)


def decode_request(body: bytes) -> Message:
    """The one request of a body. Raises PeerFault(NOT_JSON_RPC)."""
    messages = decode(body)
    if len(messages) != 1 or not is_request(messages[0]):
        raise PeerFault(Code.NOT_JSON_RPC)
    return cast("list[Message]", messages)[0]


def is_request(message: Message) -> bool:
    """Whether it asks for an answer: a method, params by name, and an id that can be echoed."""
    return (
        isinstance(message.get("method"), str)
        and isinstance(message.get("params", {}), dict)
        and _is_id(message.get("id"))
    )


def is_response(message: Message) -> bool:
    """Whether it answers: no method, and a result or an error."""
    return "method" not in message and ("result" in message or "error" in message)


def request(method: str, request_id: RequestId, **params: Any) -> dict[str, Any]:  # noqa: ANN401
    """A request of the bridge's own, with the envelope that protocol 2026-07-28 requires."""
    envelope = {
        PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
        CLIENT_INFO_META_KEY: {"name": "mcp-bridge", "version": "1"},
        CLIENT_CAPABILITIES_META_KEY: {},
    }
    return {
        "jsonrpc": "2.0",
        "id": request_id,
        "method": method,
        "params": {**params, "_meta": envelope},
    }


def result(request_id: RequestId | None, value: Mapping[str, Any]) -> dict[str, Any]:
    """A response with a result."""
    return {"jsonrpc": "2.0", "id": request_id, "result": value}


def error(request_id: RequestId | None, code: int, message: str) -> dict[str, Any]:
    """A response with an error; `message` is a constant, never a value."""
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def method_not_found(request_id: RequestId | None) -> dict[str, Any]:
    """The answer to a method that cannot be carried."""
    return error(request_id, METHOD_NOT_FOUND, "Method not found")


def invalid_request(request_id: RequestId | None) -> dict[str, Any]:
    """The answer to JSON that is not a request."""
    return error(request_id, INVALID_REQUEST, "Invalid request")


def without_text(response: Message) -> Message:
    """The response, but for the text of an exception, which may hold anything.

    Error code 0 is what the SDK's stream loop of the handshake era makes of one.
    """
    if as_object(response.get("error")).get("code") != 0:
        return response
    return error(response.get("id"), INTERNAL_ERROR, "Internal server error")


def params_of(message: Message) -> Mapping[str, Any]:
    """The params of a message, empty if it has none or they are no object."""
    return as_object(message.get("params"))


def meta_of(message: Message) -> Mapping[str, Any]:
    """The `_meta` of a message's params, or an empty one."""
    return as_object(params_of(message).get("_meta"))


def as_object(value: object) -> Mapping[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_message(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return cast("dict[str, Any]", value).get("jsonrpc") == "2.0"
