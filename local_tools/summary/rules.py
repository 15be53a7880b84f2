"""The summary: what of the facts is said, in which order, and how much of it.

Pure and deterministic: the same record, symptoms, language and day give the same bytes. Order and
number follow from the facts alone, so that no one can speak through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from local_tools.model import Lang, PatientRecord, Statement, Summary, Withheld, WithheldReason
from local_tools.summary.facts import ConditionFact, Facts, gather
from local_tools.summary.interactions import interactions
from local_tools.summary.when import holds
from local_tools.vocabulary import Kind, Rule, Vocabulary

MAX_ITEMS = 12  # of each list


def summarise(
    record: PatientRecord, symptoms: str, vocabulary: Vocabulary, *, lang: Lang, today: date
) -> Summary:
    """Return the summary of a record in the light of the symptoms complained of now."""
    facts = gather(record, symptoms, vocabulary, today)
    writer = _Writer(vocabulary, lang, facts)
    withheld = list(facts.withheld)
    return Summary(
        lang=lang,
        age_group=Statement(facts.age.text(lang), _age_sources(record)),
        chronic_conditions=_capped(writer.conditions(withheld), withheld),
        allergies=_capped(writer.allergies(), withheld),
        current_medications=_capped(writer.medicines(), withheld),
        related_history=_capped(writer.related(), withheld),
        potential_interactions=_capped(interactions(facts, vocabulary, lang), withheld),
        risk_factors=_capped(writer.rules(vocabulary.risks), withheld),
        recommendations=_capped(writer.rules(vocabulary.recommendations), withheld, keep_last=True),
        withheld=tuple(sorted(set(withheld), key=lambda w: (w.path, w.reason))),
    )


def _age_sources(record: PatientRecord) -> tuple[str, ...]:
    return tuple(
        field.path
        for field in record.fields
        if field.path.rpartition(".")[2] in ("date_of_birth", "birth_date", "age", "age_group")
    )


def _capped(
    statements: Iterable[Statement], withheld: list[Withheld], *, keep_last: bool = False
) -> tuple[Statement, ...]:
    """Keep each text once, its sources joined, and at most MAX_ITEMS; note what was left out."""
    joined: dict[str, Statement] = {}
    for statement in statements:
        before = joined[statement.text].sources if statement.text in joined else ()
        sources = tuple(dict.fromkeys((*before, *statement.sources)))
        joined[statement.text] = Statement(statement.text, sources)
    kept = list(joined.values())
    cut = slice(MAX_ITEMS - 1, -1) if keep_last else slice(MAX_ITEMS, None)
    if len(kept) > MAX_ITEMS:
        withheld += [
            Withheld(path, WithheldReason.OVER_LIMIT) for s in kept[cut] for path in s.sources
        ]
        del kept[cut]
    return tuple(kept)


class _Writer:
    """Writes the sections of one summary in one language."""

    def __init__(self, vocabulary: Vocabulary, lang: Lang, facts: Facts) -> None:
        self._vocabulary = vocabulary
        self._lang: Lang = lang
        self._facts = facts

    def conditions(self, withheld: list[Withheld]) -> Iterator[Statement]:
        """Diseases that are not over; of those that are, the ones that go on to matter."""
        for fact in self._facts.conditions:
            if fact.is_past and "lasting" not in fact.match.term.marks:
                if not self._is_related(fact):
                    withheld += [Withheld(p, WithheldReason.NOT_ACTIVE) for p in fact.sources]
                continue
            yield self._condition(fact)

    def _condition(self, fact: ConditionFact) -> Statement:
        slots = {"condition": fact.match}
        if fact.status is not None and fact.when is not None:
            text = self._vocabulary.fill(
                "condition_status_when", self._lang, **slots, status=fact.status, when=fact.when
            )
        elif fact.status is not None:
            text = self._vocabulary.fill(
                "condition_status", self._lang, **slots, status=fact.status
            )
        elif fact.when is not None:
            text = self._vocabulary.fill("condition_when", self._lang, **slots, when=fact.when)
        else:
            text = fact.match.text(self._lang)
        return Statement(text, fact.sources)

    def allergies(self) -> Iterator[Statement]:
        """Allergens; that more exist must not be lost when they are not understood, or too many."""
        known = self._facts.allergies
        unsaid = self._facts.unclassified_allergies
        if len(known) + bool(unsaid) > MAX_ITEMS:
            unsaid += tuple(p for fact in known[MAX_ITEMS - 1 :] for p in fact.sources)
            known = known[: MAX_ITEMS - 1]
        for fact in known:
            yield Statement(fact.term.text(self._lang), fact.sources)
        if unsaid:
            warning = self._vocabulary.term(Kind.PHRASE, "unclassified_allergy")
            yield Statement(warning.text(self._lang), unsaid)

    def medicines(self) -> Iterator[Statement]:
        """Medicines taken now."""
        for fact in self._facts.drugs:
            yield Statement(fact.term.text(self._lang), fact.sources)

    def related(self) -> Iterator[Statement]:
        """Diseases and findings of the body systems that the symptoms belong to."""
        for fact in self._facts.conditions:
            if self._is_related(fact):
                yield self._condition(fact)
        systems = self._systems()
        for lab in self._facts.labs:
            if systems and not systems & lab.lab.systems:
                continue
            template, slot = (
                ("lab_flag", "flag") if lab.finding.kind is Kind.FLAG else ("lab_trend", "trend")
            )
            text = self._vocabulary.fill(
                template, self._lang, **{"lab": lab.lab, slot: lab.finding}
            )
            yield Statement(text, lab.sources)

    def _systems(self) -> frozenset[str]:
        return frozenset(system for s in self._facts.symptoms for system in s.systems)

    def _is_related(self, fact: ConditionFact) -> bool:
        return bool(self._systems() & fact.match.term.systems)

    def rules(self, rules: Iterable[Rule]) -> Iterator[Statement]:
        """The sentences of a rule table whose condition holds, the urgent ones first."""
        for rule in sorted(rules, key=lambda r: (r.rank, r.term.order)):
            sources = holds(rule.when, self._facts)
            if sources is not None:
                yield Statement(rule.term.text(self._lang), sources)
