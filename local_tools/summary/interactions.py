"""Pairs of facts that matter together: medicines, and medicines with diseases or allergies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from local_tools.model import Lang, Statement
from local_tools.summary.facts import Facts
from local_tools.summary.when import covers, selected
from local_tools.vocabulary import Interaction, Kind, Match, Vocabulary


def interactions(facts: Facts, vocabulary: Vocabulary, lang: Lang) -> Iterator[Statement]:
    """Yield what the table knows of this record's pairs: allergies first, then by rank."""
    yield from _allergies(facts, vocabulary, lang)
    for row in sorted(vocabulary.interactions, key=lambda row: row.rank):
        yield from _pairs(row, facts, vocabulary, lang)


def _allergies(facts: Facts, vocabulary: Vocabulary, lang: Lang) -> Iterator[Statement]:
    effect = vocabulary.term(Kind.EFFECT, "allergy")
    for allergy, drug in itertools.product(facts.allergies, facts.drugs):
        if covers(allergy.term, drug.term):
            text = vocabulary.fill(
                "drug_allergy", lang, drug=drug.term, allergen=allergy.term, effect=effect
            )
            yield Statement(text, (*drug.sources, *allergy.sources))


def _pairs(
    row: Interaction, facts: Facts, vocabulary: Vocabulary, lang: Lang
) -> Iterator[Statement]:
    lefts = list(_selected(row.left, facts))
    rights = list(_selected(row.right, facts))
    for (left, left_sources), (right, right_sources) in itertools.product(lefts, rights):
        if left.term is right.term:
            continue
        text = _sentence(row, left, right, vocabulary, lang)
        yield Statement(text, (*left_sources, *right_sources))


def _selected(alternatives: str, facts: Facts) -> Iterator[tuple[Match, tuple[str, ...]]]:
    for selector in alternatives.split("|"):
        yield from selected(selector.strip(), facts)


def _sentence(
    row: Interaction, left: Match, right: Match, vocabulary: Vocabulary, lang: Lang
) -> str:
    if right.term.kind is Kind.CONDITION:
        return vocabulary.fill(
            "drug_condition", lang, drug=left, condition=right, effect=row.effect
        )
    if row.right.startswith("allergy:"):
        return vocabulary.fill("drug_allergy", lang, drug=left, allergen=right, effect=row.effect)
    first, second = sorted((left, right), key=lambda match: match.term.order)
    return vocabulary.fill("drug_drug", lang, drug1=first, drug2=second, effect=row.effect)
