"""A response as one text that a model reads, for contracts that have no place for an error.

An answer is its text. A failure is an object, so that a model can tell what to do next:
`{"error": {"code", "executed", "retry", …}, "hint"}`. The hints are constants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from mcp_types import INVALID_PARAMS

from mcp_bridge.errors import BRIDGE_ERROR, Code, Executed
from mcp_bridge.rpc import Message, as_object, encode

_TOOL_ERROR, _SERVER_ERROR, _INPUT_REQUIRED = "tool_error", "server_error", "input_required"

_BY_CODE: Final = {
    Code.TOOL_NOT_ALLOWED.value: "This tool is not offered here. Do not call it again.",
    Code.METHOD_NOT_ALLOWED.value: "This is not offered here. Do not ask for it again.",
    Code.RATE_LIMITED.value: "The tool did not run: too many calls. Call it again in a minute.",
    Code.GUARD_REFUSED.value: "The answer may not leave the computer that the tool runs on."
    " Calling it again with the same arguments does not help.",
    Code.TOO_LARGE.value: "The answer is too long to be sent. Ask for less.",
}
_BY_EXECUTED: Final = {
    Executed.NO.value: "The tool did not run. It is safe to call it again.",
    Executed.YES.value: "The tool ran, but its answer was lost. Calling it again runs it again.",
    Executed.UNKNOWN.value: "The tool may have run. Do not call it again before a person has"
    " checked.",
}
_TOOL_SAYS = "The tool answered with an error. Read the message, and change the arguments."
_BAD_ARGUMENTS = "The server refused the arguments. Correct them, and call the tool again."
_SERVER_SAYS = "The server of the tool failed. The tool may have run."
_ASKS_BACK = "The tool asks back, which cannot be answered from here. A person must use it."


def model_text(response: Message) -> str:
    """The text. Raises TypeError or ValueError if the response is no JSON."""
    error = as_object(response.get("error"))
    if error:
        return _bridge_failure(error) if error.get("code") == BRIDGE_ERROR else _refused(error)
    result = as_object(response.get("result"))
    if result.get("resultType") == "input_required":
        return _failure(_INPUT_REQUIRED, _ASKS_BACK)
    text = _content(result)
    if result.get("isError") is True:
        return _failure(_TOOL_ERROR, _TOOL_SAYS, message=text)
    return text


def _content(result: Mapping[str, Any]) -> str:
    """Text blocks as they are, others as their JSON; without any, the structured content."""
    content: object = result.get("content")
    blocks = cast("Sequence[object]", content) if isinstance(content, list) else ()
    if not blocks:
        return _json(as_object(result.get("structuredContent")))
    return "\n".join(_block(as_object(block)) for block in blocks)


def _block(block: Mapping[str, Any]) -> str:
    text = block.get("text")
    return text if block.get("type") == "text" and isinstance(text, str) else _json(block)


def _bridge_failure(error: Mapping[str, Any]) -> str:
    data = as_object(error.get("data"))
    hint = _BY_CODE.get(str(data.get("code"))) or _BY_EXECUTED[str(data.get("executed"))]
    return _json({"error": data, "hint": hint})


def _refused(error: Mapping[str, Any]) -> str:
    hint = _BAD_ARGUMENTS if error.get("code") == INVALID_PARAMS else _SERVER_SAYS
    return _failure(_SERVER_ERROR, hint, json_rpc=error.get("code"), message=error.get("message"))


def _failure(code: str, hint: str, **more: object) -> str:
    facts = {"code": code, "executed": Executed.UNKNOWN.value, "retry": False, **more}
    return _json({"error": facts, "hint": hint})


def _json(value: Mapping[str, Any]) -> str:
    return encode(value).decode()
