"""The demo agent: no network and no model, but the same port and the same tool over the queue."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from time import perf_counter

import anyio

from desktop.core.agent.demo_guidance import from_release, without_release
from desktop.core.agent.port import (
    AgentEvent,
    Completed,
    TextDelta,
    ToolBox,
    ToolFinished,
    ToolOutcome,
    ToolStarted,
    Turn,
)
from desktop.core.texts import Texts
from local_tools.model import Lang
from local_tools.tools.patient_background import MAX_SYMPTOMS
from local_tools.vocabulary import Vocabulary

TOOL = "get_patient_background"
SAID_ANYWAY = frozenset({"emergency", "not_a_diagnosis"})  # by the consultation, around the answer
PIECE = 12  # characters a delta
PAUSE_S = 0.02  # between deltas, so that streaming can be seen


class DemoAgent:
    """Fills `agent.port.Agent`."""

    is_demo = True
    label = "demo"
    destination = "demo"

    def __init__(
        self,
        vocabulary: Vocabulary,
        texts: Mapping[Lang, Texts],
        *,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._vocabulary = vocabulary
        self._texts = texts
        self._pause_s = pause_s

    async def converse(self, turn: Turn, tools: ToolBox) -> AsyncGenerator[AgentEvent]:
        """Call the tool with the doctor's words, then say what the rules say."""
        asked = turn.messages[-1].text
        started = perf_counter()
        yield ToolStarted(TOOL)
        outcome = await tools.call(TOOL, {"symptoms": asked[:MAX_SYMPTOMS]})
        yield ToolFinished(TOOL, (perf_counter() - started) * 1000, outcome.code)
        guidance = self._guidance(asked, outcome, self._texts[turn.lang])
        for start in range(0, len(guidance), PIECE):
            yield TextDelta(guidance[start : start + PIECE])
            await anyio.sleep(self._pause_s)
        yield Completed()

    def _guidance(self, asked: str, outcome: ToolOutcome, texts: Texts) -> str:
        symptoms = self._vocabulary.symptoms_in(asked)
        if outcome.structured is not None and outcome.code is None:
            return from_release(outcome.structured, symptoms, texts, self._said_anyway(texts.lang))
        key = f"refusal.{outcome.code}"
        return without_release(texts(key if key in texts else "refusal.other"), symptoms, texts)

    def _said_anyway(self, lang: Lang) -> frozenset[str]:
        terms = (rule.term for rule in self._vocabulary.recommendations)
        return frozenset(term.text(lang) for term in terms if term.id in SAID_ANYWAY)
