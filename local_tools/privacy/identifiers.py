"""Finds the identifiers of all patients of this PC in a text, however they are spelled.

The needles of all patients are kept by length, so that the time of a scan depends on the text and
hardly on the number of patients.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from typing_extensions import override

from local_tools.model import Identifier, IdentifierKind
from local_tools.privacy.needles import Place, all_needles
from local_tools.privacy.normalise import View, digits, fold, numerals, prose, skeleton, squash

_WORDS = re.compile("[a-z]+|[\u30a1-\u30fc]+|[0-9]+")

_ByLength = dict[int, dict[str, IdentifierKind]]


@dataclass(frozen=True, slots=True)
class Hit:
    """Where in the original text an identifier is, and of what kind it is."""

    start: int
    end: int
    kind: IdentifierKind


class IdentifierIndex:
    """The identifiers of a set of patients, ready to be looked for. Immutable."""

    def __init__(self, identifiers: Sequence[Identifier]) -> None:
        self._plain: dict[Place, _ByLength] = {place: {} for place in Place}
        self._strict: dict[Place, _ByLength] = {place: {} for place in Place}
        for identifier, needle in all_needles(identifiers):
            tables = self._strict if needle.strict else self._plain
            by_length = tables[needle.place].setdefault(len(needle.text), {})
            if identifier.kind is IdentifierKind.NAME:  # first a patient's, then a relative's
                by_length[needle.text] = identifier.kind
            by_length.setdefault(needle.text, identifier.kind)

    def find(self, text: str, *, strict: bool = False) -> tuple[Hit, ...]:
        """Return every hit in the text.

        `strict` also finds what is spelled backwards, and short names inside words. It is for what
        leaves; in a doctor's prose it would be wrong too often.
        """
        folded = fold(text)
        hits = list(_hits(folded, self._plain))
        if strict:
            hits += _hits(folded, self._strict)
            hits += _hits(folded.backwards(), self._plain)
        return tuple(hits)


def _hits(folded: View, tables: Mapping[Place, _ByLength]) -> Iterator[Hit]:
    squashed = squash(folded)
    yield from _anywhere(squashed, tables[Place.SQUASHED])
    with_figures = squash(prose(folded))  # a birth date in kanji numbers
    if with_figures.text != squashed.text:
        yield from _anywhere(with_figures, tables[Place.SQUASHED])
    yield from _anywhere(skeleton(folded), tables[Place.SKELETON])
    yield from _anywhere(digits(folded), tables[Place.DIGITS])
    yield from _anywhere(numerals(folded), tables[Place.DIGITS])
    yield from _words(folded, tables[Place.WORD])


def _anywhere(view: View, by_length: _ByLength) -> Iterator[Hit]:
    text = view.text
    for length, known in by_length.items():
        for start in range(len(text) - length + 1):
            kind = known.get(text[start : start + length])
            if kind is not None:
                yield Hit(*view.origin(start, start + length), kind)


def _words(folded: View, by_length: _ByLength) -> Iterator[Hit]:
    for match in _WORDS.finditer(folded.text):
        start, end = match.span()
        word = View(folded.text[start:end], folded.origins[start:end])
        is_latin = "a" <= match.group()[0] <= "z"
        text = (skeleton if is_latin else squash)(word).text
        kind = by_length.get(len(text), {}).get(text)
        if kind is not None:
            yield Hit(*word.origin(0, end - start), kind)


class _Key:
    """Identifiers as a cache key: a cheap hash, and equality that is quick for the same tuple."""

    __slots__ = ("identifiers",)

    def __init__(self, identifiers: tuple[Identifier, ...]) -> None:
        self.identifiers = identifiers

    @override
    def __hash__(self) -> int:
        return hash((len(self.identifiers), self.identifiers[:1], self.identifiers[-1:]))

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.identifiers == other.identifiers


@lru_cache(maxsize=4)
def _built(key: _Key) -> IdentifierIndex:
    return IdentifierIndex(key.identifiers)


def index_of(identifiers: tuple[Identifier, ...]) -> IdentifierIndex:
    """Return the index of a set of identifiers, built once for each set."""
    return _built(_Key(identifiers))
