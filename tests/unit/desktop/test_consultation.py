"""The order of an answer holds whatever the agent does, and the ledger comes before the agent."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import anyio
import pytest

from desktop.core.agent.port import (
    AgentCode,
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
from desktop.core.consultation import (
    Consultation,
    ConsultationEvent,
    Failed,
    Finished,
    GuidanceDelta,
    MessageBlocked,
    MessageToSend,
    Opening,
)
from desktop.core.safety import Safety
from desktop.core.texts import Texts, every_language
from local_tools.errors import LedgerError
from local_tools.model import Lang
from local_tools.privacy.message_check import Finding, MessageCheck
from local_tools.vocabulary import Vocabulary
from tests.fakes.tools import Tools

TEXTS = Texts("en")
CLOSING = TEXTS("guidance.not_a_diagnosis")
NO_FLAGS = TEXTS("guidance.no_red_flags")


@dataclass
class ScriptedAgent:
    """Says what it was told to say; `after` then happens."""

    events: Sequence[AgentEvent]
    after: AgentError | None = None
    hangs: bool = False
    label: str = "scripted"
    destination: str = "agent.example"
    is_demo: bool = False
    turns: list[Turn] = field(default_factory=list)

    async def converse(self, turn: Turn, tools: ToolBox) -> AsyncGenerator[AgentEvent]:
        del tools
        self.turns.append(turn)
        for event in self.events:
            yield event
        if self.hangs:
            await anyio.sleep_forever()
        if self.after is not None:
            raise self.after


@dataclass
class Ledger:
    """Remembers what was to be sent, and whether the agent was asked before."""

    agent: ScriptedAgent
    rows: list[MessageToSend] = field(default_factory=list)
    broken: bool = False

    def __call__(self, message: MessageToSend) -> None:
        assert len(self.agent.turns) == len(self.rows)
        if self.broken:
            raise LedgerError
        self.rows.append(message)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


def find_taro(text: str) -> MessageCheck:
    """A check that knows one name."""
    at = text.find("Taro")
    if at < 0:
        return MessageCheck((), text)
    return MessageCheck((Finding(at, at + 4, "name", "patient"),), text.replace("Taro", "patient"))


def consultation(
    vocabulary: Vocabulary, agent: ScriptedAgent, *, broken_ledger: bool = False
) -> tuple[Consultation, Ledger]:
    ledger = Ledger(agent, broken=broken_ledger)
    made = Consultation(
        "case-aaaaaa",
        agent=agent,
        tools=Tools(),
        safety=Safety(vocabulary, every_language()),
        lang=lambda: "en",
        check=find_taro,
        write_down=ledger,
    )
    return made, ledger


async def answer(made: Consultation, text: str) -> list[ConsultationEvent]:
    with anyio.fail_after(5):
        return [event async for event in made.ask(text)]


def shown(events: Sequence[ConsultationEvent]) -> str:
    return "".join(e.text for e in events if isinstance(e, GuidanceDelta))


async def test_opening_agent_closing(vocabulary: Vocabulary) -> None:
    agent = ScriptedAgent(
        [ToolStarted("t"), ToolFinished("t", 1.0), TextDelta("a"), TextDelta("b"), Completed(3, 4)]
    )
    made, ledger = consultation(vocabulary, agent)
    events = await answer(made, "dizziness")
    assert shown(events) == f"{NO_FLAGS}\n\nab\n\n{CLOSING}"
    assert events[0] == Opening(f"{NO_FLAGS}\n\n", urgent=False)
    assert events[1:3] == [ToolStarted("t"), ToolFinished("t", 1.0)]
    assert events[-1] == Finished(3, 4)
    assert made.history == (Message("user", "dizziness"), Message("assistant", shown(events)))
    body = b"dizziness"
    assert ledger.rows == [
        MessageToSend("case-aaaaaa", "agent.example", hashlib.sha256(body).hexdigest(), len(body))
    ]


async def test_emergency_advice_comes_first(vocabulary: Vocabulary) -> None:
    made, _ = consultation(vocabulary, ScriptedAgent([TextDelta("a"), Completed()]))
    events = await answer(made, "chest pain since this morning")
    opening = events[0]
    assert isinstance(opening, Opening)
    assert opening.urgent
    assert opening.text.startswith(TEXTS("guidance.emergency", signs="chest pain"))
    assert "119" in opening.text


async def test_the_agent_gets_the_whole_conversation(vocabulary: Vocabulary) -> None:
    agent = ScriptedAgent([TextDelta("a"), Completed()])
    made, _ = consultation(vocabulary, agent)
    await answer(made, "one")
    await answer(made, "two")
    assert [m.role for m in agent.turns[1].messages] == ["user", "assistant", "user"]
    assert agent.turns[1].messages[-1] == Message("user", "two")
    assert agent.turns[1].case == "case-aaaaaa"
    assert agent.turns[1].lang == "en"


async def test_identifiers_stop_the_message(vocabulary: Vocabulary) -> None:
    agent = ScriptedAgent([])
    made, ledger = consultation(vocabulary, agent)
    with pytest.raises(MessageBlocked) as blocked:
        await answer(made, "Taro is dizzy")
    assert blocked.value.found.cleaned == "patient is dizzy"
    assert "Taro" not in repr(blocked.value) + str(blocked.value)
    assert (agent.turns, ledger.rows, made.history) == ([], [], ())


async def test_without_the_ledger_nothing_is_sent(vocabulary: Vocabulary) -> None:
    agent = ScriptedAgent([TextDelta("a"), Completed()])
    made, _ = consultation(vocabulary, agent, broken_ledger=True)
    events = await answer(made, "chest pain")
    assert agent.turns == []
    assert events[-1] == Failed("ledger_unusable")
    assert "119" in shown(events)
    assert shown(events).endswith(CLOSING)


async def test_a_message_that_the_ledger_does_not_have_never_leaves(
    vocabulary: Vocabulary,
) -> None:
    """Also not later, as a part of the conversation so far."""
    agent = ScriptedAgent([TextDelta("a"), Completed()])
    made, ledger = consultation(vocabulary, agent, broken_ledger=True)
    await answer(made, "one")
    ledger.broken = False
    await answer(made, "two")
    assert agent.turns[0].messages == (Message("user", "two"),)


async def test_the_agent_gets_its_own_words_back_and_none_of_ours(vocabulary: Vocabulary) -> None:
    """What we put around an answer is in no row of the ledger."""
    agent = ScriptedAgent([TextDelta("a"), TextDelta("b")], after=AgentError(AgentCode.BUSY))
    made, _ = consultation(vocabulary, agent)
    await answer(made, "chest pain")
    await answer(made, "two")
    assert agent.turns[1].messages[1] == Message("assistant", "ab")


async def test_a_failure_still_ends_with_the_closing(vocabulary: Vocabulary) -> None:
    agent = ScriptedAgent([TextDelta("a")], after=AgentError(AgentCode.BUSY))
    made, _ = consultation(vocabulary, agent)
    events = await answer(made, "dizziness")
    assert shown(events).endswith(f"a\n\n{CLOSING}")
    assert events[-1] == Failed("agent_busy")
    assert made.history[-1].text == shown(events)


async def test_stop_by_cancel_leaves_the_closing_in_the_history(vocabulary: Vocabulary) -> None:
    made, _ = consultation(vocabulary, ScriptedAgent([TextDelta("half")], hangs=True))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            async for event in made.ask("dizziness"):
                if event == GuidanceDelta("half"):
                    group.cancel_scope.cancel()
    assert made.history[-1].text == f"{NO_FLAGS}\n\nhalf\n\n{CLOSING}"


async def test_stop_by_closing_does_too(vocabulary: Vocabulary) -> None:
    made, _ = consultation(vocabulary, ScriptedAgent([TextDelta("half")], hangs=True))
    with anyio.fail_after(5):
        async with aclosing(made.ask("dizziness")) as events:
            async for event in events:
                if event == GuidanceDelta("half"):
                    break
    assert made.history[-1].text.endswith(f"half\n\n{CLOSING}")
    assert await answer_works_again(made)


async def answer_works_again(made: Consultation) -> bool:
    with anyio.fail_after(5):
        async with aclosing(made.ask("again")) as events:
            return isinstance(await anext(events), GuidanceDelta)


async def test_an_answer_keeps_the_language_that_it_began_in(vocabulary: Vocabulary) -> None:
    langs: list[Lang] = ["en"]
    made = Consultation(
        "case-aaaaaa",
        agent=ScriptedAgent([TextDelta("a"), Completed()]),
        tools=Tools(),
        safety=Safety(vocabulary, every_language()),
        lang=lambda: langs[0],
        check=find_taro,
        write_down=lambda _message: None,
    )
    async with aclosing(made.ask("dizziness")) as events:
        await anext(events)
        langs[0] = "ja"
        rest = [event async for event in events]
    assert shown(rest) == f"a\n\n{CLOSING}"
    assert shown(await answer(made, "dizziness")).endswith(Texts("ja")("guidance.not_a_diagnosis"))


async def test_one_question_at_a_time(vocabulary: Vocabulary) -> None:
    made, _ = consultation(vocabulary, ScriptedAgent([TextDelta("half")], hangs=True))
    async with aclosing(made.ask("one")) as first:
        await anext(first)
        with pytest.raises(RuntimeError):
            await anext(made.ask("two"))
