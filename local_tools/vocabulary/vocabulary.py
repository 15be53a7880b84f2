"""The clinical vocabulary: the only source of outgoing text."""

from __future__ import annotations

import re
from pathlib import Path

from local_tools.errors import VocabularyError
from local_tools.model import Lang
from local_tools.resources import resource
from local_tools.vocabulary.grammar import Grammar
from local_tools.vocabulary.index import Index
from local_tools.vocabulary.loading import (
    load_interactions,
    load_negations,
    load_red_flag_patterns,
    load_rules,
    load_symptom_patterns,
    load_tails,
    load_templates,
    load_terms,
)
from local_tools.vocabulary.mentions import Mentions
from local_tools.vocabulary.terms import Kind, Match, Span, Template, Term


class Vocabulary:
    """Terms, templates and rules of the reviewed tables. Immutable, shared by all parts."""

    def __init__(self, folder: Path) -> None:
        terms, names = load_terms(folder)
        by_id = {(term.kind, term.id): term for term in terms}
        effects = {term.id: term for term in terms if term.kind is Kind.EFFECT}
        self.interactions = load_interactions(folder, effects)
        self.risks = load_rules(folder, "risks.csv", Kind.RISK, len(terms))
        self.recommendations = load_rules(
            folder, "recommendations.csv", Kind.RECOMMENDATION, len(terms) + len(self.risks)
        )
        self._templates = load_templates(folder)
        self._terms = by_id
        self._index = Index(names, load_tails(folder))
        negations = load_negations(folder)
        symptoms = names[Kind.SYMPTOM]
        spoken = load_symptom_patterns(folder, symptoms)
        alarming = load_red_flag_patterns(folder, symptoms)
        self._symptoms = Mentions([*spoken, *alarming], negations)
        self._red_flags = Mentions(
            [p for p in [*spoken, *alarming] if "red" in p.term.marks], negations
        )
        sentences = [rule.term for rule in (*self.risks, *self.recommendations)]
        self._grammar = Grammar([*terms, *sentences], self._templates.values())

    @classmethod
    def load(cls, folder: Path | None = None) -> Vocabulary:
        """Read the shipped tables.

        Raises:
            VocabularyError: a table is missing or is not the one that was reviewed.
        """
        try:
            return cls(folder or resource("terms"))
        except (KeyError, ValueError, re.error):
            raise VocabularyError from None

    # ------------------------------------------------------------------ recognising a record

    def condition(self, text: str) -> Match | None:
        """Recognise a disease, with modifiers."""
        return self._index.condition(text)

    def drug(self, text: str) -> Term | None:
        """Recognise a medicine; strength and schedule behind its name do not matter."""
        return self._index.drug(text)

    def allergen(self, text: str) -> Term | None:
        """Recognise an allergen, or the medicine that an allergy is against."""
        return self._index.allergen(text)

    def find(self, kind: Kind, text: str) -> Term | None:
        """Recognise a word of another kind by any of its names."""
        return self._index.find(kind, text)

    def is_stopped(self, text: str) -> bool:
        """Whether a medicine's text says that it is no longer taken."""
        return self._index.is_stopped(text)

    def is_absence(self, text: str) -> bool:
        """Whether a text says that there is nothing, such as "no known allergies"."""
        return self._index.is_absence(text)

    def symptoms_in(self, text: str) -> tuple[Term, ...]:
        """Find the symptoms that a free text speaks of."""
        return self._symptoms.find(text)

    def red_flags_in(self, text: str) -> tuple[Term, ...]:
        """Find the symptoms that call for emergency advice."""
        return self._red_flags.find(text)

    # ------------------------------------------------------------------ writing

    def term(self, kind: Kind, id_: str) -> Term:
        """Return a term by its id; KeyError if there is none."""
        return self._terms[kind, id_]

    def terms(self, kind: Kind) -> tuple[Term, ...]:
        """Return all terms of a kind, in the order of their table."""
        return tuple(term for term in self._terms.values() if term.kind is kind)

    def fill(self, template: str, lang: Lang, **slots: Term | Match) -> str:
        """Return a sentence; its slots take terms, never text."""
        found: Template = self._templates[template]
        return found.text(lang).format(**{slot: term.text(lang) for slot, term in slots.items()})

    # ------------------------------------------------------------------ judging what was written

    def is_grammatical(self, text: str, lang: Lang) -> bool:
        """Whether the whole text is a term or a template filled with terms."""
        return self._grammar.read(text, lang) is not None

    def terms_in(self, text: str, lang: Lang | None = None) -> tuple[Span, ...]:
        """Return where the terms of an outgoing text are; none if it is not grammatical."""
        for language in (lang,) if lang else ("ja", "en"):
            reading = self._grammar.read(text, language)
            if reading is not None:
                return reading
        return ()

    def charset(self, lang: Lang) -> frozenset[int]:
        """Return the code points that terms and templates of a language use."""
        return self._grammar.charset(lang)
