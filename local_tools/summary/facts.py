"""What is recognised of a record: canonical facts, each with its place; the rest is withheld."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from local_tools.model import (
    Condition,
    Entry,
    PatientRecord,
    Withheld,
    WithheldReason as Reason,
)
from local_tools.summary.labs import LabFact, lab_facts
from local_tools.vocabulary import Kind, Match, Term, Vocabulary


@dataclass(frozen=True, slots=True, repr=False)
class ConditionFact:
    """A disease of the record, how it stands, and since when."""

    match: Match
    status: Term | None
    when: Term | None
    sources: tuple[str, ...]

    @property
    def is_past(self) -> bool:
        """Whether it is over, as far as the record says."""
        return self.status is not None and "past" in self.status.marks

    @property
    def is_suspected(self) -> bool:
        """Whether nobody has confirmed it."""
        marks = self.status.marks if self.status else frozenset[str]()
        return "suspected" in marks or any(m.id == "suspected" for m in self.match.modifiers)


@dataclass(frozen=True, slots=True, repr=False)
class TermFact:
    """A medicine or an allergen of the record."""

    term: Term
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """Everything that the rules may use. The age is known as a band only."""

    age: Term
    conditions: tuple[ConditionFact, ...]
    drugs: tuple[TermFact, ...]
    allergies: tuple[TermFact, ...]
    labs: tuple[LabFact, ...]
    symptoms: tuple[Term, ...]
    red_flags: tuple[Term, ...]
    unclassified_allergies: tuple[str, ...]  # their places
    allergies_unknown: bool  # the record says neither which nor that there are none
    withheld: tuple[Withheld, ...]


def gather(record: PatientRecord, symptoms: str, vocabulary: Vocabulary, today: date) -> Facts:
    """Return the facts of a record; symptoms are those complained of now."""
    withheld: list[Withheld] = []
    conditions = _conditions(record.conditions, vocabulary, today, withheld)
    drugs = _drugs(record.medications, vocabulary, withheld)
    told = [e for e in record.allergies if not vocabulary.is_absence(e.text)]
    allergies, unclassified = _allergies(told, vocabulary)
    withheld += [Withheld(path, Reason.NOT_IN_VOCABULARY) for path in unclassified]
    return Facts(
        age=age_band(_age(record, today), vocabulary),
        conditions=conditions,
        drugs=drugs,
        allergies=allergies,
        labs=lab_facts(record, vocabulary, withheld),
        symptoms=vocabulary.symptoms_in(symptoms),
        red_flags=vocabulary.red_flags_in(symptoms),
        unclassified_allergies=unclassified,
        allergies_unknown=not record.allergies and not record.no_known_allergies,
        withheld=tuple(withheld),
    )


def age_band(age: int | None, vocabulary: Vocabulary) -> Term:
    """Return the ten-year band; under one year and from 90 on there is one band each."""
    bands = vocabulary.terms(Kind.AGE)
    if age is None or not 0 <= age < 130:
        return next(band for band in bands if not band.marks)
    return [band for band in bands if band.marks and lower_end(band) <= age][-1]


def lower_end(band: Term) -> int:
    """Return the age at which a band begins; its mark in the table."""
    return int(next(iter(band.marks)))


def _age(record: PatientRecord, today: date) -> int | None:
    birth = record.birth_date
    if birth is None or birth > today:
        return record.age
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def when_band(day: date | None, today: date, vocabulary: Vocabulary) -> Term | None:
    """Return how long ago, in one of three bands; nothing for no date or one to come."""
    if day is None or day > today:
        return None
    years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return vocabulary.term(
        Kind.WHEN, "within_1" if years < 1 else "1_to_5" if years < 5 else "over_5"
    )


def _conditions(
    entries: Iterable[Condition],
    vocabulary: Vocabulary,
    today: date,
    withheld: list[Withheld],
) -> tuple[ConditionFact, ...]:
    found: dict[tuple[str, ...], ConditionFact] = {}
    for entry in entries:
        if not entry.name and not entry.status:
            continue
        match = vocabulary.condition(entry.name)
        if match is None:
            withheld.append(Withheld(entry.path, Reason.NOT_IN_VOCABULARY))
            continue
        status = _status(entry.status, vocabulary)
        if status is not None and "excluded" in status.marks:
            withheld.append(Withheld(entry.path, Reason.NOT_ACTIVE))
            continue
        fact = ConditionFact(
            match, status, when_band(entry.diagnosed, today, vocabulary), (entry.path,)
        )
        key = (match.term.id, *(m.id for m in match.modifiers))
        if key not in found or (found[key].is_past and not fact.is_past):
            found[key] = fact
    return tuple(sorted(found.values(), key=lambda f: f.match.term.order))


def _status(text: str, vocabulary: Vocabulary) -> Term | None:
    """Return the status; a text that is not understood must not look like an active disease."""
    if not text:
        return None
    return vocabulary.find(Kind.STATUS, text) or vocabulary.term(Kind.STATUS, "unclassified")


def _drugs(
    entries: Iterable[Entry], vocabulary: Vocabulary, withheld: list[Withheld]
) -> tuple[TermFact, ...]:
    found: dict[str, TermFact] = {}
    for entry in entries:
        if vocabulary.is_absence(entry.text):
            continue
        if vocabulary.is_stopped(entry.text):
            withheld.append(Withheld(entry.path, Reason.NOT_ACTIVE))
            continue
        term = vocabulary.drug(entry.text)
        if term is None:
            withheld.append(Withheld(entry.path, Reason.NOT_IN_VOCABULARY))
            continue
        before = found[term.id].sources if term.id in found else ()
        found[term.id] = TermFact(term, (*before, entry.path))
    return tuple(sorted(found.values(), key=lambda f: f.term.order))


def _allergies(
    entries: Iterable[Entry], vocabulary: Vocabulary
) -> tuple[tuple[TermFact, ...], tuple[str, ...]]:
    found: dict[tuple[Kind, str], TermFact] = {}
    unclassified: list[str] = []
    for entry in entries:
        term = vocabulary.allergen(entry.text)
        if term is None:
            unclassified.append(entry.path)
            continue
        before = found.get((term.kind, term.id))
        found[term.kind, term.id] = TermFact(
            term, (*(before.sources if before else ()), entry.path)
        )
    facts = sorted(found.values(), key=lambda f: (f.term.kind, f.term.order))
    return tuple(facts), tuple(dict.fromkeys(unclassified))
