"""The port that every agent fills: it reads a conversation, may call tools, streams an answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol

from local_tools.model import Lang


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the agent is told of it. `parameters` is a JSON Schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a tool call gave. With `code` set it failed and `text` is a code sentence, no value."""

    text: str
    structured: Mapping[str, Any] | None = None
    code: str | None = None


class ToolBox(Protocol):
    """The tools at the far end of the bridge."""

    async def specs(self) -> Sequence[ToolSpec]:
        """The tools that may be called. Raises BridgeStopped or BridgeError."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        """Call one. Never raises for a failed tool: the agent has to be able to go on."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation so far."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What the agent is asked: the conversation, which ends with the doctor's message."""

    messages: tuple[Message, ...]
    case: str
    lang: Lang


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The agent called a tool."""

    name: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """The call came back; `code` says why it failed."""

    name: str
    elapsed_ms: float
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """The answer is whole."""

    input_tokens: int | None = None
    output_tokens: int | None = None


AgentEvent = TextDelta | ToolStarted | ToolFinished | Completed


class AgentCode(StrEnum):
    """Why an agent failed; each has a sentence with what to do in both languages."""

    SIGN_IN = "agent_sign_in"
    FORBIDDEN = "agent_forbidden"
    NOT_FOUND = "agent_not_found"
    QUOTA = "agent_quota"
    BUSY = "agent_busy"
    UNREACHABLE = "agent_unreachable"
    TIMED_OUT = "agent_timed_out"
    BAD_REQUEST = "agent_bad_request"
    BAD_ANSWER = "agent_bad_answer"
    TOO_MANY_STEPS = "agent_too_many_steps"


class AgentError(Exception):
    """The agent failed; `str()` is the code."""

    def __init__(self, code: AgentCode) -> None:
        super().__init__(code.value)
        self.code = code


class Agent(Protocol):
    """Answers a turn. Cancelling the iteration stops it at once."""

    @property
    def label(self) -> str:
        """Name for the screen, for example the model's."""
        ...

    @property
    def is_demo(self) -> bool:
        """True if nothing leaves this PC and no model reasons."""
        ...

    @property
    def destination(self) -> str:
        """Where the conversation goes: a host name, or "demo"."""
        ...

    def converse(self, turn: Turn, tools: ToolBox) -> AsyncGenerator[AgentEvent]:
        """Stream the answer; ends with `Completed`. Raises AgentError. Closing it is Stop."""
        ...
