"""The demo agent says useful things from the release alone, and says so when there is none."""

from __future__ import annotations

import anyio
import pytest

from desktop.core.agent.demo import DemoAgent
from desktop.core.agent.port import (
    Completed,
    Message,
    TextDelta,
    ToolFinished,
    ToolOutcome,
    ToolStarted,
    Turn,
)
from desktop.core.case_tools import CaseTools
from desktop.core.texts import Texts, read_table
from local_tools.model import Lang
from local_tools.vocabulary import Kind, Vocabulary
from tests.fakes.tools import TOOL, Tools

RELEASE = {
    "patient_context": {
        "age_group": "30代",
        "chronic_conditions": ["CONDITION-1"],
        "allergies": ["ALLERGY-1"],
        "current_medications": ["DRUG-1"],
    },
    "symptom_relevance": {
        "related_history": ["HISTORY-1"],
        "potential_interactions": ["INTERACTION-1"],
        "risk_factors": ["RISK-1"],
    },
    "recommendations": ["RECOMMENDATION-1"],
}
EMPTY = {
    "patient_context": {"age_group": "30代"},
    "symptom_relevance": {"related_history": []},
    "recommendations": [],
}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


async def guidance(
    vocabulary: Vocabulary, tools: Tools, text: str = "めまいと動悸", lang: Lang = "ja"
) -> str:
    agent = DemoAgent(vocabulary, {"ja": Texts("ja"), "en": Texts("en")}, pause_s=0)
    with anyio.fail_after(5):
        turn = Turn((Message("user", text),), "case-aaaaaa", lang)
        events = [event async for event in agent.converse(turn, tools)]
    assert events[0] == ToolStarted(TOOL)
    assert isinstance(events[1], ToolFinished)
    assert events[-1] == Completed()
    pieces = [event.text for event in events if isinstance(event, TextDelta)]
    assert len(pieces) > 3
    return "".join(pieces)


async def test_it_asks_for_the_doctors_symptoms(vocabulary: Vocabulary) -> None:
    tools = Tools(ToolOutcome("", structured=RELEASE))
    await guidance(vocabulary, tools)
    assert tools.calls == [(TOOL, {"symptoms": "めまいと動悸"})]


@pytest.mark.parametrize("lang", ["ja", "en"])
async def test_everything_of_the_release_is_used(vocabulary: Vocabulary, lang: Lang) -> None:
    said = await guidance(vocabulary, Tools(ToolOutcome("", structured=RELEASE)), lang=lang)
    texts = Texts(lang)
    for word in (
        "CONDITION",
        "ALLERGY",
        "DRUG",
        "HISTORY",
        "INTERACTION",
        "RISK",
        "RECOMMENDATION",
    ):
        assert f"{word}-1" in said
    assert said.startswith(texts("guidance.demo"))
    assert texts("check.palpitations") in said
    assert texts("check.dizziness") in said
    assert said.index("INTERACTION-1") < said.index("RECOMMENDATION-1") < said.index("CONDITION-1")


async def test_it_says_when_nothing_stands_out(vocabulary: Vocabulary) -> None:
    said = await guidance(vocabulary, Tools(ToolOutcome("", structured=EMPTY)))
    assert Texts("ja")("guidance.nothing_stands_out") in said


async def test_it_says_when_it_read_no_symptom(vocabulary: Vocabulary) -> None:
    said = await guidance(vocabulary, Tools(ToolOutcome("", structured=EMPTY)), text="相談です")
    assert Texts("ja")("guidance.no_symptoms") in said


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("denied_by_user", "denied_by_user"),
        ("approval_timeout", "approval_timeout"),
        ("gate_blocked", "gate_blocked"),
        ("unreachable", "other"),
    ],
)
async def test_a_refused_tool_means_general_guidance(
    vocabulary: Vocabulary, code: str, reason: str
) -> None:
    said = await guidance(vocabulary, Tools(ToolOutcome(code, code=code)))
    texts = Texts("ja")
    assert texts("guidance.refused", reason=texts(f"refusal.{reason}")) in said
    assert texts("check.palpitations") in said
    assert texts("guidance.general_vitals") in said


async def test_a_strange_document_is_survived(vocabulary: Vocabulary) -> None:
    strange = {"patient_context": [], "symptom_relevance": {"risk_factors": [1, "RISK-1"]}}
    said = await guidance(vocabulary, Tools(ToolOutcome("", structured=strange)))
    assert "RISK-1" in said


def test_every_check_is_for_a_symptom_of_the_vocabulary(vocabulary: Vocabulary) -> None:
    symptoms = {term.id for term in vocabulary.terms(Kind.SYMPTOM)}
    checks = {key.removeprefix("check.") for key in read_table("ja") if key.startswith("check.")}
    assert checks <= symptoms


async def test_the_case_is_not_the_agents_to_choose() -> None:
    tools = Tools(ToolOutcome("ok"))
    held = CaseTools(tools, "case-aaaaaa")
    (spec,) = await held.specs()
    assert set(spec.parameters["properties"]) == {"symptoms"}
    await held.call(TOOL, {"symptoms": "x", "case": "case-bbbbbb"})
    assert tools.calls == [(TOOL, {"symptoms": "x", "case": "case-aaaaaa"})]
