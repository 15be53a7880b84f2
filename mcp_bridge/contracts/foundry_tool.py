"""The queue contract of a Foundry agent's `azure_function` tool (its storage-queue binding).

Base64 of JSON both ways. In, one queue a tool, since the message names none; two published shapes:

    {"CorrelationId": "…", "function_args": {…}}
    {"CorrelationId": "…", …the arguments…, "outputqueueuri": "…"}      the last of no use here

Out: `{"Value": "<text>", "CorrelationId": the same}`. There is no place for an error, so `Value`
says it (mcp_bridge.contracts.model_text). Read in azure-ai-projects 2.10.0 and in the published
samples; not tried against the live service.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from mcp_bridge.contracts.model_text import model_text
from mcp_bridge.contracts.shape import Call, from_base64, json_object, poison_queue
from mcp_bridge.errors import Code, LocalFault, PeerFault
from mcp_bridge.events import Contract
from mcp_bridge.names import is_queue_name
from mcp_bridge.rpc import Message, encode

MAX_CORRELATION = 256  # characters; a UUID has 36

_CORRELATION, _ARGUMENTS, _VALUE = "CorrelationId", "function_args", "Value"
# The classic sample's prompt has the model fill it in. An address in a message is never followed.
_NOT_ARGUMENTS: Final = frozenset({_CORRELATION, "outputqueueuri"})


@dataclass(frozen=True, slots=True)
class FoundryTool:
    """One tool on its pair of queues. Fills `Shape`.

    Raises:
        LocalFault: BAD_SETTINGS, no tool, or names that no queues can have.
    """

    tool: str
    input_queue: str
    output_queue: str

    def __post_init__(self) -> None:
        queues = set(self.own_queues)
        if not self.tool or len(queues) < 3 or not all(map(is_queue_name, queues)):
            raise LocalFault(Code.BAD_SETTINGS)

    @property
    def contract(self) -> Contract:
        """Its kind."""
        return Contract.FOUNDRY_TOOL

    @property
    def tools(self) -> frozenset[str]:
        """The one tool."""
        return frozenset({self.tool})

    @property
    def own_queues(self) -> tuple[str, ...]:
        """Calls, what failed, answers."""
        return self.input_queue, poison_queue(self.input_queue), self.output_queue

    @property
    def reply_queue_stays(self) -> bool:
        """It belongs to the agent's set-up."""
        return True

    def read(self, text: str) -> Call:
        """What a message asks for. Raises PeerFault(NOT_A_CALL)."""
        untrusted = json_object(from_base64(text))
        correlation = untrusted.get(_CORRELATION)
        if not isinstance(correlation, str) or not 1 <= len(correlation) <= MAX_CORRELATION:
            raise PeerFault(Code.NOT_A_CALL)
        arguments = _arguments(untrusted)
        return Call(
            "tools/call",
            {"name": self.tool, "arguments": arguments},
            identity=correlation,
            reply_queue=self.output_queue,
            write=partial(_written, correlation),
        )


def _arguments(untrusted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what is the contract's own, which the tool's schema does not know."""
    nested: object = untrusted.get(_ARGUMENTS)
    if isinstance(nested, dict):
        return cast("Mapping[str, Any]", nested)
    return {key: value for key, value in untrusted.items() if key not in _NOT_ARGUMENTS}


def _written(correlation: str, response: Message) -> str:
    answer = {_VALUE: model_text(response), _CORRELATION: correlation}
    return b64encode(encode(answer)).decode("ascii")
