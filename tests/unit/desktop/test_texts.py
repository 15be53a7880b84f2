"""Both languages say the same things, and every code of every part has a sentence."""

from __future__ import annotations

import string
from enum import StrEnum
from pathlib import Path

import pytest

import local_tools.errors
import mcp_bridge.errors
from desktop.core.agent.port import AgentCode
from desktop.core.errors import AppCode
from desktop.core.texts import LANGS, Texts, read_table
from local_tools.approval import Decision
from local_tools.model import Lang
from local_tools.privacy.gate import Rule
from local_tools.records.karte_json import KarteFolder

CODES: list[StrEnum] = [
    *local_tools.errors.Code,
    *mcp_bridge.errors.Code,
    *AgentCode,
    *AppCode,
]

PATIENT = '{"patient": {"full_name": "A", "patient_id": "1", "date_of_birth": "%s"}}'
BROKEN = {
    "a.json": b"{",
    "b.json": b"\xff\xfe\xfa",
    "c.json": b"[" * 2000 + b"]" * 2000,
    "d.json": b"[]",
    "e.json": (PATIENT % "yesterday").encode(),
    "f.json": (PATIENT % "1980-01-01").encode(),
    "g.json": b'{"patient": {}, "patient": {}}',
}


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_files_have_the_same_keys_and_fields() -> None:
    ja, en = read_table("ja"), read_table("en")
    assert ja.keys() == en.keys()
    assert {k: fields(v) for k, v in ja.items()} == {k: fields(v) for k, v in en.items()}


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("code", CODES, ids=lambda c: f"{type(c).__module__}.{c.value}")
def test_every_code_has_a_sentence(code: StrEnum, lang: Lang) -> None:
    texts = Texts(lang)
    assert f"error.{code.value}" in texts
    assert texts.error(code.value) != texts("error.unknown", code=code.value)


def test_no_two_trees_share_a_code() -> None:
    assert len({c.value for c in CODES}) == len(CODES)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_refusal_has_a_reason_for_the_doctor(lang: Lang) -> None:
    texts = Texts(lang)
    for decision in Decision:
        if decision is not Decision.APPROVED:
            assert f"refusal.{decision.code().value}" in texts


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_rule_of_the_gate_is_explained(lang: Lang) -> None:
    texts = Texts(lang)
    assert all(f"gate_rule.{rule.value}" in texts for rule in Rule)
    assert texts.rule("vocabulary_altered") == texts.error("vocabulary_altered")


def test_every_problem_of_a_broken_folder_is_explained(tmp_path: Path) -> None:
    for name, content in BROKEN.items():
        (tmp_path / name).write_bytes(content)
    problems = {problem.problem for problem in KarteFolder(tmp_path).problems()}
    assert len(problems) >= 5
    for lang in LANGS:
        texts = Texts(lang)
        assert [p for p in problems if texts.problem(p) == p] == []


def test_an_unknown_code_is_still_explained() -> None:
    assert "weird" in Texts("en").error("weird")
