"""One consultation: the doctor's messages of one case, and the guidance that came back.

The order of every answer is fixed here, whatever the agent: emergency signs first, then the agent,
then the line that this is no diagnosis.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from anyio import to_thread

from desktop.core.agent.port import (
    Agent,
    AgentError,
    AgentEvent,
    Completed,
    Message,
    TextDelta,
    ToolBox,
    ToolFinished,
    ToolStarted,
    Turn,
)
from desktop.core.errors import AppCode, AppError, BridgeStopped
from desktop.core.safety import Safety
from local_tools.errors import LedgerError
from local_tools.model import Lang
from local_tools.privacy.message_check import MessageCheck
from mcp_bridge.errors import BridgeError


@dataclass(frozen=True, slots=True)
class GuidanceDelta:
    """More of the answer, for the screen."""

    text: str


@dataclass(frozen=True, slots=True)
class Opening(GuidanceDelta):
    """The beginning of every answer; `urgent` if it is emergency advice."""

    urgent: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is whole; tokens where the agent counts them."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer ends here; `code` is of the agent, the tools or the bridge."""

    code: str


ConsultationEvent = Opening | GuidanceDelta | ToolStarted | ToolFinished | Finished | Failed


class MessageBlocked(AppError):
    """The message holds identifiers and was not sent; `found` shows where and what instead."""

    def __init__(self, found: MessageCheck) -> None:
        super().__init__(AppCode.MESSAGE_BLOCKED)
        self.found = found


@dataclass(frozen=True, slots=True)
class MessageToSend:
    """What the ledger writes down of a message before it leaves."""

    case: str
    destination: str
    sha256: str
    size: int


class Consultation:
    """Made by the workbench, one per case. One question at a time."""

    def __init__(
        self,
        case: str,
        *,
        agent: Agent,
        tools: ToolBox,
        safety: Safety,
        lang: Callable[[], Lang],
        check: Callable[[str], MessageCheck],
        write_down: Callable[[MessageToSend], None],
    ) -> None:
        self.case = case
        self.history: tuple[Message, ...] = ()
        self._agent = agent
        self._tools = tools
        self._safety = safety
        self._lang = lang  # of the next answer; one that has begun keeps its own
        self._check = check  # both are called off the loop's thread: they read files
        self._write_down = write_down
        self._exchanged: tuple[Message, ...] = ()  # with the agent; all of it may leave again
        self._answering = False

    def check(self, text: str) -> MessageCheck:
        """Look for identifiers in the doctor's message; an empty `findings` means it may go."""
        return self._check(text)

    async def ask(self, text: str) -> AsyncGenerator[ConsultationEvent]:
        """Stream the answer; ends with `Finished` or `Failed`.

        Cancelling or closing the iteration is Stop. The answer so far, with its closing line, is
        then the last message of `history`, as it is after every answer.

        Raises:
            MessageBlocked: The message holds identifiers; nothing was sent.
        """
        found = await to_thread.run_sync(self.check, text)
        if found.findings:
            raise MessageBlocked(found)
        if self._answering:
            msg = "one question at a time"
            raise RuntimeError(msg)
        self._answering = True
        lang = self._lang()
        self.history = (*self.history, Message("user", text))
        said: list[str] = []
        try:
            async with aclosing(self._answer(text, lang)) as events:
                async for event in events:
                    if isinstance(event, GuidanceDelta):
                        said.append(event.text)
                    yield event
        finally:
            self._answering = False
            closing = self._safety.closing(lang)
            whole = "".join(said)
            whole = whole if whole.endswith(closing) else whole + closing
            self.history = (*self.history, Message("assistant", whole))

    async def _answer(self, text: str, lang: Lang) -> AsyncGenerator[ConsultationEvent]:
        """Opening, agent, closing, end: in this order always."""
        flags = self._safety.red_flags(text)
        yield Opening(self._safety.opening(flags, lang), urgent=bool(flags))
        end: Finished | Failed = Finished()
        try:
            await self._record(text)
            self._exchanged = (*self._exchanged, Message("user", text))
            async with aclosing(self._conversed(lang)) as events:
                async for event in events:
                    match event:
                        case TextDelta(more):
                            yield GuidanceDelta(more)
                        case Completed(input_tokens, output_tokens):
                            end = Finished(input_tokens, output_tokens)
                        case _:
                            yield event
        except (AgentError, LedgerError, BridgeStopped, BridgeError) as fault:
            end = Failed(fault.code.value)
        yield GuidanceDelta(self._safety.closing(lang))
        yield end

    async def _conversed(self, lang: Lang) -> AsyncGenerator[AgentEvent]:
        """The agent's events; what it said, and nothing that we put around it, is remembered."""
        turn = Turn(self._exchanged, self.case, lang)
        said: list[str] = []
        try:
            async with aclosing(self._agent.converse(turn, self._tools)) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        said.append(event.text)
                    yield event
        finally:
            if said:
                self._exchanged = (*self._exchanged, Message("assistant", "".join(said)))

    async def _record(self, text: str) -> None:
        """Into the ledger first; if that fails nothing has left, and nothing will."""
        body = text.encode()
        message = MessageToSend(
            case=self.case,
            destination=self._agent.destination,
            sha256=hashlib.sha256(body).hexdigest(),
            size=len(body),
        )
        await to_thread.run_sync(self._write_down, message)
