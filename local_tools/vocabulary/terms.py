"""What the tables hold: terms in two languages, templates with typed slots, rules with a source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import override

from local_tools.model import Lang


class Kind(StrEnum):
    """What a term is; a template's slot accepts terms of one kind."""

    CONDITION = "condition"
    MODIFIER = "modifier"
    STATUS = "status"
    DRUG = "drug"
    ALLERGEN = "allergen"
    SYMPTOM = "symptom"
    LAB = "lab"
    FLAG = "flag"
    TREND = "trend"
    AGE = "age"
    WHEN = "when"
    EFFECT = "effect"
    RISK = "risk"
    RECOMMENDATION = "recommendation"
    PHRASE = "phrase"


@dataclass(frozen=True, slots=True, repr=False)
class Term:
    """One entry of a table. Only `ja` or `en` ever leaves.

    `codes` are ICD-10 categories of a condition, ATC codes of a drug, or the ATC prefixes that an
    allergen group covers. `systems` are body systems, `marks` are flags of the table.
    """

    id: str  # "graves", unique within its kind
    kind: Kind
    ja: str
    en: str
    codes: tuple[str, ...] = ()
    systems: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    order: int = 0  # place in its table: the canonical order of a summary

    def text(self, lang: Lang) -> str:
        """Return the outgoing text."""
        return self.ja if lang == "ja" else self.en

    @override
    def __repr__(self) -> str:
        return f"<Term {self.kind}>"


@dataclass(frozen=True, slots=True, repr=False)
class Match:
    """A record's text, recognised: a term, for conditions with up to three modifiers."""

    term: Term
    modifiers: tuple[Term, ...] = ()

    def text(self, lang: Lang) -> str:
        """Return the outgoing text, modifiers in their place."""
        before = [m.text(lang) for m in self.modifiers if lang == "en" or "suffix" not in m.marks]
        after = [m.text(lang) for m in self.modifiers if lang == "ja" and "suffix" in m.marks]
        return ("" if lang == "ja" else " ").join([*before, self.term.text(lang), *after])

    @override
    def __repr__(self) -> str:
        return f"<Match {self.term.kind}>"


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with slots such as `{drug}` or `{drug2}`: the kind, and a number to tell apart."""

    id: str
    ja: str
    en: str

    def text(self, lang: Lang) -> str:
        """Return the sentence with its slots open."""
        return self.ja if lang == "ja" else self.en


@dataclass(frozen=True, slots=True)
class Interaction:
    """Two facts of one record that matter together. Selectors as in `local_tools.summary.when`.

    `rank` is 1 (contraindicated), 2 (serious) or 3 (take care).
    """

    id: str
    left: str
    right: str
    effect: Term
    rank: int
    source: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A fixed sentence, and when it holds."""

    term: Term
    when: str
    rank: int
    source: str


@dataclass(frozen=True, slots=True)
class Span:
    """A whole term inside an outgoing text."""

    start: int
    end: int
    kind: Kind
