"""A review of the tables by machine: shape, sources, no name with two meanings."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

import pytest

from local_tools.model import Lang
from local_tools.resources import resource
from local_tools.vocabulary import Kind, Rule, Term, Vocabulary
from local_tools.vocabulary.folding import key
from local_tools.vocabulary.pins import PINS
from local_tools.vocabulary.repin import render

LANGS: tuple[Lang, ...] = ("ja", "en")
TERM_TABLES = ("conditions", "drugs", "allergens", "symptoms", "labs", "words")


def rows(table: str) -> list[dict[str, str]]:
    path = resource("terms", f"{table}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


def all_terms(vocabulary: Vocabulary) -> Iterable[Term]:
    for kind in Kind:
        yield from vocabulary.terms(kind)
    yield from (rule.term for rule in (*vocabulary.risks, *vocabulary.recommendations))


def test_every_table_is_pinned_and_repinning_would_change_nothing() -> None:
    assert set(PINS) == {path.name for path in resource("terms").glob("*.csv")}
    namespace: dict[str, object] = {}
    exec(render(), namespace)  # noqa: S102 our own source, as the command writes it
    assert namespace["PINS"] == PINS


def test_the_vocabulary_is_large_enough(vocabulary: Vocabulary) -> None:
    assert len(vocabulary.terms(Kind.CONDITION)) >= 400
    assert len(vocabulary.terms(Kind.DRUG)) >= 400
    assert len(vocabulary.terms(Kind.ALLERGEN)) >= 80
    assert len(vocabulary.terms(Kind.SYMPTOM)) >= 110


@pytest.mark.parametrize("table", TERM_TABLES)
def test_no_name_has_two_meanings_and_no_id_stands_twice(table: str) -> None:
    meanings: dict[tuple[str, str], set[str]] = defaultdict(set)
    ids: list[tuple[str, str]] = []
    for row in rows(table):
        kind = row.get("kind", table)
        ids.append((kind, row["id"]))
        for name in (row["ja"], row["en"], *filter(None, row["aliases"].split("|"))):
            assert key(name), row["id"]
            meanings[kind, key(name)].add(row["id"])
    assert len(ids) == len(set(ids))
    assert {name: ids for name, ids in meanings.items() if len(ids) > 1} == {}


def test_every_text_is_stable_under_nfkc_and_short(vocabulary: Vocabulary) -> None:
    for term in all_terms(vocabulary):
        for lang in LANGS:
            text = term.text(lang)
            assert text.strip() == text != ""
            assert unicodedata.normalize("NFKC", text) == text, term.id
            assert len(text) <= 90, term.id
            assert not re.search(r"[0-9]{5}", text), term.id


def test_two_terms_of_a_kind_never_look_the_same(vocabulary: Vocabulary) -> None:
    for kind in Kind:
        for lang in LANGS:
            texts = [term.text(lang) for term in vocabulary.terms(kind)]
            assert len(texts) == len(set(texts)), kind


def test_codes_have_the_shape_of_their_classification(vocabulary: Vocabulary) -> None:
    for term in vocabulary.terms(Kind.CONDITION):
        assert term.codes, term.id
        assert all(re.fullmatch(r"[A-Z][0-9]{2}", code) for code in term.codes), term.id
        assert term.systems, term.id
    atc = r"[A-Z][0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?"
    for kind in (Kind.DRUG, Kind.ALLERGEN):
        for term in vocabulary.terms(kind):
            assert all(re.fullmatch(atc, code) for code in term.codes), term.id


def test_systems_of_symptoms_are_systems_of_diseases_or_labs(vocabulary: Vocabulary) -> None:
    known = {s for term in vocabulary.terms(Kind.CONDITION) for s in term.systems}
    used = {
        s for kind in (Kind.SYMPTOM, Kind.LAB) for t in vocabulary.terms(kind) for s in t.systems
    }
    assert used <= known


def selectors(vocabulary: Vocabulary) -> Iterable[tuple[str, str]]:
    for row in vocabulary.interactions:
        yield from ((row.id, s) for s in f"{row.left}|{row.right}".split("|"))
    rules: tuple[Rule, ...] = (*vocabulary.risks, *vocabulary.recommendations)
    for rule in rules:
        yield from ((rule.term.id, s) for s in re.split(r"[&|]", rule.when))


def test_every_selector_of_a_rule_can_pick_something(vocabulary: Vocabulary) -> None:
    ids = {kind: {term.id for term in vocabulary.terms(kind)} for kind in Kind}
    codes = {
        "atc": {c for term in vocabulary.terms(Kind.DRUG) for c in term.codes},
        "icd": {c for term in vocabulary.terms(Kind.CONDITION) for c in term.codes},
    }
    systems = {s for term in vocabulary.terms(Kind.SYMPTOM) for s in term.systems}
    states = {"always", "redflag", "unclassified_allergy", "allergies_unknown"}
    wrong = []
    for rule, selector in selectors(vocabulary):
        name, _, value = selector.strip().removeprefix("!").partition(":")
        if name == "past":
            name, value = ("icd", value[4:]) if value.startswith("icd:") else ("condition", value)
        match name:
            case "atc" | "icd":
                known = any(code.startswith(value) for code in codes[name])
            case "drug" | "condition" | "symptom":
                known = value in ids[Kind(name)]
            case "allergy":
                known = value in ids[Kind.ALLERGEN] | ids[Kind.DRUG]
            case "lab" | "trend":
                lab, _, finding = value.partition("=")
                known = lab in ids[Kind.LAB] and finding in ids[Kind.FLAG] | ids[Kind.TREND]
            case "system":
                known = value in systems
            case _:
                known = (
                    name in states
                    or re.fullmatch(r"age(>=|<)[0-9]+|drugs>=[0-9]+", name) is not None
                )
        if not known:
            wrong.append((rule, selector))
    assert wrong == []


def test_age_limits_of_rules_are_band_limits(vocabulary: Vocabulary) -> None:
    limits = {int(next(iter(b.marks))) for b in vocabulary.terms(Kind.AGE) if b.marks}
    used = {int(s.strip()[-2:].strip(">=<")) for _, s in selectors(vocabulary) if "age" in s[:5]}
    assert used <= limits  # else a rule would tell more of the age than the band does


def test_every_rule_names_its_source(vocabulary: Vocabulary) -> None:
    for row in vocabulary.interactions:
        assert len(row.source) > 10, row.id
        assert row.rank in (1, 2, 3), row.id
    for rule in (*vocabulary.risks, *vocabulary.recommendations):
        assert len(rule.source) > 10, rule.term.id


def test_the_issues_red_flags_are_in_the_lexicon(vocabulary: Vocabulary) -> None:
    red = {term.id for term in vocabulary.terms(Kind.SYMPTOM) if "red" in term.marks}
    assert red >= {
        "chest_pain", "dyspnoea", "severe_bleeding", "one_sided_weakness", "speech_disturbance",
        "facial_droop", "confusion", "syncope", "thunderclap_headache", "anaphylaxis",
    }  # fmt: skip
