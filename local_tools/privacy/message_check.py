"""The doctor's own message: would a name leave by the front door?

Looks for the identifiers of all patients of this PC and for what identifies by its shape, and says
by what neutral word each may be replaced. Nothing is changed unless the doctor asks for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from local_tools.model import Identifier, IdentifierKind, Lang
from local_tools.privacy.identifiers import Hit, IdentifierIndex, index_of
from local_tools.privacy.normalise import fold
from local_tools.privacy.recognisers.patterns import Shape, ShapeHit, find_shapes
from local_tools.privacy.tables import folding_tables
from local_tools.resources import resource
from local_tools.vocabulary import Kind, Term

LONGEST_TERM = 16  # characters before or behind a hit that may belong to the same term
_TERM_KINDS = (Kind.CONDITION, Kind.DRUG, Kind.ALLERGEN, Kind.SYMPTOM, Kind.LAB)
_OLD, _YOUNG = 90, 10  # years; beyond them the bands are open
MAX_ROUNDS = 5


class TermFinder(Protocol):
    """What the check asks of the vocabulary."""

    def find(self, kind: Kind, text: str) -> Term | None:
        """The term of this name."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """A part of the message that identifies, `text[start:end]`, and a word to put there."""

    start: int
    end: int
    kind: IdentifierKind | Shape
    replacement: str


@dataclass(frozen=True, slots=True, repr=False)
class MessageCheck:
    """Findings in the order of the text, without overlaps; `cleaned` has all of them replaced."""

    findings: tuple[Finding, ...]
    cleaned: str


class _Terms:
    """Remembers what is a term: near one another, hits ask for the same parts of the text."""

    def __init__(self, vocabulary: TermFinder) -> None:
        self._vocabulary = vocabulary
        self._known: dict[str, bool] = {}

    def has(self, text: str) -> bool:
        """Whether the text is a clinical term as a whole."""
        if text not in self._known:
            found = any(self._vocabulary.find(kind, text) for kind in _TERM_KINDS)
            self._known[text] = found
        return self._known[text]


def check_message(
    text: str,
    identifiers: tuple[Identifier, ...],
    *,
    lang: Lang = "ja",
    vocabulary: TermFinder | None = None,
) -> MessageCheck:
    """Look for what identifies in a message.

    With a `vocabulary`, a name inside a clinical term is no finding: Hashimoto's disease, but
    neither Hashimoto Hospital nor Mr Hashimoto. `cleaned` passes this check itself.
    """
    words = _neutral_words(lang)
    index = index_of(identifiers)
    terms = _Terms(vocabulary) if vocabulary is not None else None
    findings = _findings(text, index, words, terms)
    cleaned = _replaced(text, findings)
    for _ in range(MAX_ROUNDS):
        left = _findings(cleaned, index, words, terms)
        if not left:
            return MessageCheck(findings, cleaned)
        cleaned = _replaced(cleaned, left)  # the new words made something with their neighbours
    return MessageCheck(findings, "")


def _findings(
    text: str, index: IdentifierIndex, words: Mapping[str, str], terms: _Terms | None
) -> tuple[Finding, ...]:
    found = dict.fromkeys(index.find(text))
    hits: list[Hit | ShapeHit] = [
        hit for hit in found if terms is None or not _in_a_term(text, hit, terms)
    ]
    hits += find_shapes(text)
    return _without_overlaps(hits, words)


@cache
def _neutral_words(lang: Lang) -> Mapping[str, str]:
    path = resource("texts", f"neutral_{lang}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _in_a_term(text: str, hit: Hit, terms: _Terms) -> bool:
    """Whether some clinical term of the text holds the whole hit, and is not part of a name."""
    first = max(0, hit.start - LONGEST_TERM)
    last = min(len(text), hit.end + LONGEST_TERM)
    return any(
        terms.has(text[start:end]) and not _makes_a_name(text[end:])
        for start in range(first, hit.start + 1)
        for end in range(hit.end, last + 1)
    )


def _makes_a_name(behind: str) -> bool:
    return fold(behind[:LONGEST_TERM]).text.startswith(folding_tables().excuse_breakers)


def _without_overlaps(
    hits: Iterable[Hit | ShapeHit], words: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Join overlapping hits: the union of their spans, named after the longest of them."""
    findings: list[Finding] = []
    for group in _groups(sorted(hits, key=lambda hit: (hit.start, hit.end))):
        longest = max(group, key=lambda hit: hit.end - hit.start)
        end = max(hit.end for hit in group)
        findings.append(Finding(group[0].start, end, longest.kind, _word(longest, words)))
    return tuple(findings)


def _groups(hits: Iterable[Hit | ShapeHit]) -> list[list[Hit | ShapeHit]]:
    groups: list[list[Hit | ShapeHit]] = []
    end = 0
    for hit in hits:
        if groups and hit.start < end:
            groups[-1].append(hit)
        else:
            groups.append([hit])
        end = max(end, hit.end)
    return groups


def _word(hit: Hit | ShapeHit, words: Mapping[str, str]) -> str:
    """The neutral word; an age becomes its band."""
    if isinstance(hit, ShapeHit) and hit.kind is Shape.AGE and hit.number is not None:
        if hit.number >= _OLD:
            return words["age_90"]
        if hit.number < _YOUNG:
            return words["age_0"]
        return words["age"].format(decade=hit.number // 10 * 10)
    return words[hit.kind.value]


def _replaced(text: str, findings: Iterable[Finding]) -> str:
    """The text with each finding replaced."""
    pieces: list[str] = []
    at = 0
    for finding in findings:
        pieces += [text[at : finding.start], finding.replacement]
        at = finding.end
    return "".join((*pieces, text[at:]))
