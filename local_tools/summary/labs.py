"""Laboratory values as flags, yearly values as a direction; never a figure."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from local_tools.model import PatientRecord, Withheld, WithheldReason
from local_tools.vocabulary import Kind, Term, Vocabulary

MIN_YEARS = 3
MAX_YEARS = 5
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True, repr=False)
class LabFact:
    """A test, and either its flag or its direction over the years."""

    lab: Term
    finding: Term  # of kind FLAG or TREND
    sources: tuple[str, ...]


def lab_facts(
    record: PatientRecord, vocabulary: Vocabulary, withheld: list[Withheld]
) -> tuple[LabFact, ...]:
    """Return the flagged values of the panel and the directions; note what is not in the panel."""
    found: dict[tuple[str, str], LabFact] = {}
    for lab in record.labs:
        if not lab.flag:
            continue
        flag = vocabulary.find(Kind.FLAG, lab.flag)
        test = vocabulary.find(Kind.LAB, lab.test)
        if test is None or flag is None:
            if not _is_normal(lab.flag):
                withheld.append(Withheld(lab.path, WithheldReason.NOT_IN_VOCABULARY))
            continue
        found.setdefault((test.id, "flag"), LabFact(test, flag, (lab.path,)))
    for trend in record.trends:
        test = vocabulary.find(Kind.LAB, trend.measure)
        if test is None or not test.marks:
            withheld.append(Withheld(trend.path, WithheldReason.NOT_IN_VOCABULARY))
            continue
        direction = _direction(trend.years, int(next(iter(test.marks))))
        if direction:
            term = vocabulary.term(Kind.TREND, direction)
            found.setdefault((test.id, "trend"), LabFact(test, term, (trend.path,)))
    # What is abnormal now comes first, and is kept when there is too much.
    return tuple(sorted(found.values(), key=lambda f: (f.finding.kind, f.lab.order)))


def _is_normal(flag: str) -> bool:
    return flag.strip().casefold() in {"normal", "n", "-", "within normal limits", "none"}


def _direction(years: Mapping[int, str], percent: int) -> str:
    """Say where yearly values go: "" for too few, else rising, falling, stable or varying.

    Looks at the latest five values. `percent` is the change, relative to the first of them, that
    counts. Rising or falling: the last differs from the first by that much, and no step goes as
    far the other way. Stable: none differs from the first by that much.
    """
    values = _figures(years)[-MAX_YEARS:]
    if len(values) < MIN_YEARS or values[0] <= 0:
        return ""
    limit = values[0] * percent / 100
    steps = [after - before for before, after in itertools.pairwise(values)]
    if all(abs(value - values[0]) < limit for value in values):
        return "stable"
    if values[-1] - values[0] >= limit and min(steps) > -limit:
        return "rising"
    if values[0] - values[-1] >= limit and max(steps) < limit:
        return "falling"
    return "varying"


def _figures(years: Mapping[int, str]) -> list[float]:
    """Return the figures in the order of the years; what is no plain figure is left out."""
    texts = (unicodedata.normalize("NFKC", years[year]).strip() for year in sorted(years))
    return [float(text) for text in texts if _NUMBER.fullmatch(text)]
