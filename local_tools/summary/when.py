"""The small language of the rule tables: which facts make a rule hold.

A condition is "a & b & c"; each part is a list of selectors "x|y" of which one must hold, or with
"!" before it, none. Selectors:

    drug:ID  atc:PREFIX     a medicine that is taken now
    condition:ID  icd:PREFIX    a disease that is neither over nor only suspected
    past:ID  past:icd:PREFIX    a disease at any time, not only suspected
    allergy:ID              an allergen of the record, or a medicine of its class
    symptom:ID  system:ID   complained of now
    lab:ID=FLAG  trend:ID=DIRECTION
    age>=N  age<N           the lower end of the age band: a rule tells no more than that
    drugs>=N                the number of recognised medicines
    redflag                 a red-flag symptom is complained of
    unclassified_allergy  allergies_unknown  always
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from local_tools.summary.facts import ConditionFact, Facts, TermFact, lower_end
from local_tools.vocabulary import Kind, Match, Term

Source = tuple[str, ...]
_COUNT = re.compile(r"(age|drugs)(>=|<)([0-9]+)")


def holds(when: str, facts: Facts) -> Source | None:
    """Return the places that a condition rests on, or None when it does not hold.

    Raises:
        ValueError: the condition is not written in this language.
    """
    sources: list[str] = []
    for part in when.split("&"):
        wanted = part.strip()
        found = _any(wanted.removeprefix("!"), facts)
        if wanted.startswith("!"):
            found = None if found is not None else ()
        if found is None:
            return None
        sources.extend(found)
    return tuple(dict.fromkeys(sources))


def _any(alternatives: str, facts: Facts) -> Source | None:
    found = [_one(selector.strip(), facts) for selector in alternatives.split("|")]
    present = [sources for sources in found if sources is not None]
    return tuple(path for sources in present for path in sources) if present else None


def _one(selector: str, facts: Facts) -> Source | None:
    counted = _COUNT.fullmatch(selector)
    if counted is not None:
        return _counted(counted[1], counted[2], int(counted[3]), facts)
    name, _, value = selector.partition(":")
    if name in _STATES and not value:
        return _STATES[name](facts)
    if name in ("lab", "trend"):
        return _lab(value, facts)
    if name == "symptom":
        return () if any(s.id == value for s in facts.symptoms) else None
    if name == "system":
        return () if any(value in s.systems for s in facts.symptoms) else None
    if not value:
        raise ValueError(selector)
    matching = list(selected(selector, facts))
    return tuple(path for _, sources in matching for path in sources) if matching else None


def _counted(what: str, relation: str, number: int, facts: Facts) -> Source | None:
    if what == "age" and not facts.age.marks:  # the record does not say
        return None
    value = lower_end(facts.age) if what == "age" else len(facts.drugs)
    if (value >= number) != (relation == ">="):
        return None
    return () if what == "age" else tuple(path for drug in facts.drugs for path in drug.sources)


def _lab(value: str, facts: Facts) -> Source | None:
    id_, _, finding = value.partition("=")
    for fact in facts.labs:
        if fact.lab.id == id_ and fact.finding.id == finding:
            return fact.sources
    return None


_STATES: Mapping[str, Callable[[Facts], Source | None]] = {
    "always": lambda _: (),
    "redflag": lambda facts: () if facts.red_flags else None,
    "unclassified_allergy": lambda facts: facts.unclassified_allergies or None,
    "allergies_unknown": lambda facts: () if facts.allergies_unknown else None,
}


def selected(selector: str, facts: Facts) -> Iterator[tuple[Match, Source]]:
    """Yield the facts of a record that a selector picks, to be named in a sentence.

    Raises:
        ValueError: there is no such selector.
    """
    name, _, value = selector.partition(":")
    if name in ("drug", "atc"):
        yield from _picked(facts.drugs, lambda term: _has(term, name, value))
    elif name == "allergy":
        yield from _picked(facts.allergies, lambda term: term.id == value)
    elif name in ("condition", "icd"):
        yield from _diseases(facts, name, value, past=False)
    elif name == "past":
        name, _, prefix = value.rpartition(":")
        yield from _diseases(facts, name or "condition", prefix, past=True)
    else:
        raise ValueError(selector)


def _picked(
    facts: tuple[TermFact, ...], wanted: Callable[[Term], bool]
) -> Iterator[tuple[Match, Source]]:
    for fact in facts:
        if wanted(fact.term):
            yield Match(fact.term), fact.sources


def _diseases(facts: Facts, name: str, value: str, *, past: bool) -> Iterator[tuple[Match, Source]]:
    for fact in facts.conditions:
        if _counts(fact, past=past) and _has(fact.match.term, name, value):
            yield fact.match, fact.sources


def _counts(fact: ConditionFact, *, past: bool) -> bool:
    return not fact.is_suspected and (past or not fact.is_past)


def _has(term: Term, name: str, value: str) -> bool:
    if name in ("atc", "icd"):
        return any(code.startswith(value) for code in term.codes)
    return term.id == value


def covers(allergen: Term, drug: Term) -> bool:
    """Whether an allergy is against a medicine or its class."""
    if allergen.kind is Kind.DRUG:
        return allergen.id == drug.id
    return any(code.startswith(group) for group in allergen.codes for code in drug.codes)
