"""The cloud agent: a Responses API, stateless, with a tool loop of our own.

Nothing is kept at the provider (`store=False`): each step sends the whole conversation again.
The provider's own texts never reach the screen or a log; failures become an `AgentCode`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing
from time import perf_counter
from typing import Any, cast

import anyio
from openai import AsyncOpenAI
from openai.types.responses import (
    FunctionToolParam,
    Response,
    ResponseFunctionToolCall,
    ResponseInputItemParam,
    ResponseStreamEvent,
    ResponseUsage,
)

from desktop.core.agent.cloud_client import coded_errors, host_of
from desktop.core.agent.port import (
    AgentCode,
    AgentError,
    AgentEvent,
    Completed,
    TextDelta,
    ToolBox,
    ToolFinished,
    ToolOutcome,
    ToolSpec,
    ToolStarted,
    Turn,
)
from local_tools.model import Lang

MAX_STEPS = 8  # answers of the model within one turn; each may call tools
MAX_CALLS = 8  # of tools in one answer: each is a question to the doctor
MAX_CALLS_AT_ONCE = 4
UNKNOWN_TOOL = ToolOutcome("unknown_tool", code="unknown_tool")
BAD_ARGUMENTS = ToolOutcome("bad_arguments", code="bad_arguments")


class CloudAgent:
    """Fills `agent.port.Agent`."""

    is_demo = False

    def __init__(self, client: AsyncOpenAI, model: str, prompts: Mapping[Lang, str]) -> None:
        self.label = model
        self.destination = host_of(str(client.base_url))
        self._client = client
        self._prompts = prompts

    async def converse(self, turn: Turn, tools: ToolBox) -> AsyncGenerator[AgentEvent]:
        """Stream the answer, calling tools as the model asks for them."""
        offered = [_function(spec) for spec in await tools.specs()]
        known = frozenset(function["name"] for function in offered)
        said: list[ResponseInputItemParam] = [
            {"role": m.role, "content": m.text} for m in turn.messages
        ]
        usage = _Usage()
        for _ in range(MAX_STEPS):
            final: Response | None = None
            async with aclosing(self._step(turn.lang, said, offered)) as events:
                async for event in events:
                    if isinstance(event, Response):
                        final = event
                    else:
                        yield event
            if final is None:
                raise AgentError(AgentCode.BAD_ANSWER)
            calls, items = _read(final)
            usage.add(final)
            if not calls:
                yield Completed(usage.input_tokens, usage.output_tokens)
                return
            for call in calls:
                yield ToolStarted(call.name)
            said += items
            for call, (outcome, elapsed_ms) in zip(
                calls, await _run_all(calls, known, tools), strict=True
            ):
                yield ToolFinished(call.name, elapsed_ms, outcome.code)
                said.append(
                    {
                        "type": "function_call_output",
                        "call_id": call.call_id,
                        "output": _as_output(outcome),
                    }
                )
        raise AgentError(AgentCode.TOO_MANY_STEPS)

    async def _step(
        self, lang: Lang, said: list[ResponseInputItemParam], offered: list[FunctionToolParam]
    ) -> AsyncGenerator[TextDelta | Response]:
        """One request: text as it comes, then the whole response."""
        with coded_errors():
            stream = await self._client.responses.create(
                model=self.label,
                instructions=self._prompts[lang],
                input=said,
                tools=offered,
                store=False,
                include=["reasoning.encrypted_content"],
                stream=True,
            )
            async with stream, aclosing(_until_done(stream)) as events:
                async for event in events:
                    yield event


async def _until_done(
    stream: AsyncIterator[ResponseStreamEvent],
) -> AsyncGenerator[TextDelta | Response]:
    async for event in stream:
        match event.type:
            case "response.output_text.delta" | "response.refusal.delta":
                # Half a character would never go back with the next question.
                yield TextDelta(_text(event.delta).encode(errors="replace").decode())
            case "response.completed":
                yield _response(event.response)
                return
            case "response.failed" | "response.incomplete":
                raise AgentError(AgentCode.BAD_ANSWER)
            case "error":
                raise AgentError(AgentCode.BUSY)
            case _:
                pass
    raise AgentError(AgentCode.UNREACHABLE)  # the stream ended in the middle


def _read(
    untrusted: Response,
) -> tuple[list[ResponseFunctionToolCall], list[ResponseInputItemParam]]:
    """The calls in an answer, and the answer as it goes back with their outcomes.

    The SDK does not check what a server sends, so any of it may be missing or something else.

    Raises:
        AgentError: BAD_ANSWER.
    """
    try:
        calls = [item for item in untrusted.output if isinstance(item, ResponseFunctionToolCall)]
        items = [
            cast("ResponseInputItemParam", item.to_dict(mode="json", warnings=False))
            for item in untrusted.output
        ]
    except (AttributeError, TypeError, ValueError):
        raise AgentError(AgentCode.BAD_ANSWER) from None
    for call in calls:
        for part in (call.name, call.arguments, call.call_id):
            _text(part)
    if len(calls) > MAX_CALLS:
        raise AgentError(AgentCode.BAD_ANSWER)
    return calls, items


def _response(untrusted: object) -> Response:
    """An answer that is one. Raises AgentError(BAD_ANSWER)."""
    if not isinstance(untrusted, Response):
        raise AgentError(AgentCode.BAD_ANSWER)
    return untrusted


def _text(untrusted: object) -> str:
    """A text that is one. Raises AgentError(BAD_ANSWER)."""
    if not isinstance(untrusted, str):
        raise AgentError(AgentCode.BAD_ANSWER)
    return untrusted


async def _run_all(
    calls: Sequence[ResponseFunctionToolCall], known: Collection[str], tools: ToolBox
) -> list[tuple[ToolOutcome, float]]:
    """Run all calls of one step, some at a time; outcomes in the order of the calls."""
    outcomes: list[tuple[ToolOutcome, float] | None] = [None] * len(calls)
    limit = anyio.CapacityLimiter(MAX_CALLS_AT_ONCE)

    async def run(place: int, call: ResponseFunctionToolCall) -> None:
        async with limit:
            started = perf_counter()
            arguments = _arguments(call.arguments)
            if call.name not in known:
                outcome = UNKNOWN_TOOL
            elif arguments is None:
                outcome = BAD_ARGUMENTS
            else:
                outcome = await tools.call(call.name, arguments)
            outcomes[place] = outcome, (perf_counter() - started) * 1000

    async with anyio.create_task_group() as group:
        for place, call in enumerate(calls):
            group.start_soon(run, place, call)
    return [outcome for outcome in outcomes if outcome is not None]


def _arguments(untrusted: str) -> dict[str, Any] | None:
    """The model's arguments, or None if they are no JSON object."""
    try:
        parsed = json.loads(untrusted)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else None


def _as_output(outcome: ToolOutcome) -> str:
    """What the model is told: the very text that came, whose hash the ledger has."""
    return outcome.text if outcome.code is None else json.dumps({"error": outcome.code})


def _function(spec: ToolSpec) -> FunctionToolParam:
    return {
        "type": "function",
        "name": spec.name,
        "description": spec.description,
        "parameters": dict(spec.parameters),
        "strict": False,
    }


class _Usage:
    """Tokens of all steps together; None as long as the server does not count."""

    def __init__(self) -> None:
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None

    def add(self, response: Response) -> None:
        untrusted: object = response.usage
        if not isinstance(untrusted, ResponseUsage):
            return
        counts: tuple[object, object] = (untrusted.input_tokens, untrusted.output_tokens)
        match counts:
            case (int(read), int(written)):
                self.input_tokens = (self.input_tokens or 0) + read
                self.output_tokens = (self.output_tokens or 0) + written
            case _:
                pass
