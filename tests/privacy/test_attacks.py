"""Thousands of hostile payloads against the gate: none may leave.

The judge is the construction first (every outgoing string is in the grammar), then a plain search
for the payload in the bytes, which shares no code with the gate.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from local_tools.errors import Refused
from local_tools.model import Lang, Release, Statement, Summary
from local_tools.privacy.gate import Gate
from local_tools.privacy.self_test import AnythingGoes
from local_tools.vocabulary import Kind, Vocabulary
from tests.privacy import attacks

AGES: dict[Lang, str] = {"ja": "40代", "en": "40-49 years"}
GOOD: dict[Lang, str] = {"ja": "高血圧症", "en": "hypertension"}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


@pytest.fixture(scope="module")
def gate(vocabulary: Vocabulary) -> Gate:
    return Gate(vocabulary, lambda: attacks.IDENTIFIERS)


def hostile(*texts: str, lang: Lang = "ja") -> Summary:
    return Summary(
        lang=lang,
        age_group=Statement(AGES[lang], ("patient.age",)),
        chronic_conditions=(Statement(GOOD[lang], ("c",)),),
        recommendations=tuple(Statement(text, ("x",)) for text in texts),
    )


def released(gate: Gate, summary: Summary) -> Release | None:
    try:
        return gate.release(summary, attacks.RECORD)
    except Refused:
        return None


def outgoing(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from outgoing(value)
    else:
        for value in document:
            yield from outgoing(value)


def test_there_are_thousands_of_payloads_in_all_groups() -> None:
    groups = Counter(group for group, _ in attacks.hidden())
    assert set(groups) == {*range(1, 20), 21, 22}  # 20 is about channels: test_canaries
    assert sum(groups.values()) * 8 > 3000


@pytest.mark.parametrize("group", sorted({group for group, _ in attacks.hidden()}))
def test_no_payload_leaves(group: int, gate: Gate, vocabulary: Vocabulary) -> None:
    texts = [text for g, text in attacks.hidden() if g == group]
    for payload in (carried for text in texts for carried in attacks.carriers(text)):
        release = released(gate, hostile(payload))
        if release is None:
            continue
        document = json.loads(release.body)
        assert all(vocabulary.is_grammatical(text, "ja") for text in outgoing(document))
        assert document["recommendations"] == []
        assert payload not in release.body.decode()
        assert unicodedata.normalize("NFKC", payload) not in release.body.decode()


@pytest.mark.parametrize("group", sorted(attacks.SCANNED))
def test_the_scan_alone_refuses_what_it_claims_to_see(group: int) -> None:
    """With the grammar gone, the other rules still stop these groups."""
    lenient = Gate(AnythingGoes(), lambda: attacks.IDENTIFIERS)
    texts = [text for g, text in attacks.hidden() if g == group]
    assert [text for text in texts if released(lenient, hostile(text)) is not None] == []


def test_a_name_split_over_items_does_not_leave(gate: Gate) -> None:
    for value in attacks.VALUES:
        release = released(gate, hostile(*dict.fromkeys(value)))
        assert release is None or json.loads(release.body)["recommendations"] == []


def test_a_surname_inside_a_disease_is_no_leak_but_the_hospital_is(
    vocabulary: Vocabulary,
) -> None:
    people = (*attacks.IDENTIFIERS, *attacks.COMMON_PEOPLE)
    gate = Gate(vocabulary, lambda: people)
    for disease in ("橋本病", "川崎病"):
        release = released(gate, hostile(disease, f"{disease}(治療中)"))
        assert release is not None
        assert len(json.loads(release.body)["recommendations"]) == 2
        for name in (f"{disease}院", disease[:-1], f"{disease[:-1]}さん", f"{disease}院(治療中)"):
            assert released(gate, hostile(name)) is None


def test_rare_facts_need_a_persons_yes(gate: Gate) -> None:
    two = released(gate, hostile("悪性黒色腫", "多発性骨髄腫"))
    one = released(gate, hostile("悪性黒色腫", "バセドウ病"))
    assert two is not None
    assert one is not None
    assert two.confirm == ("rare_combination",)
    assert one.confirm == ()


def test_a_payload_in_any_place_of_the_document(gate: Gate) -> None:
    bad = Statement(attacks.NAME, ("x",))
    base = hostile()
    for name in ("allergies", "current_medications", "related_history", "risk_factors"):
        summary = Summary(**_fields(base) | {name: (bad,)})
        assert released(gate, summary) is None
    assert released(gate, Summary(**_fields(base) | {"age_group": bad})) is None


def _fields(summary: Summary) -> dict[str, Any]:
    return {name: getattr(summary, name) for name in Summary.__slots__}


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_term_passes_in_a_clinic_of_common_names(lang: Lang, vocabulary: Vocabulary) -> None:
    """False blocks: many of these names are inside of a disease's name, or look like a word."""
    gate = Gate(vocabulary, lambda: (*attacks.IDENTIFIERS, *attacks.COMMON_PEOPLE))
    kinds = (Kind.CONDITION, Kind.DRUG, Kind.ALLERGEN)
    terms = [term.text(lang) for kind in kinds for term in vocabulary.terms(kind)]
    terms = [text for text in dict.fromkeys(terms) if text != GOOD[lang]]
    size = 8
    for i in range(math.ceil(len(terms) / size)):
        some = terms[i * size : (i + 1) * size]
        release = released(gate, hostile(*some, lang=lang))
        assert release is not None, some
        assert json.loads(release.body)["recommendations"] == some
