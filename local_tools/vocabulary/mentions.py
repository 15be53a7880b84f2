"""Finds symptoms in prose: what a doctor or an agent types. Here parts count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from local_tools.vocabulary.folding import fold
from local_tools.vocabulary.terms import Term

MAX_CHARACTERS = 20_000  # of the text that is searched; a longer one is cut


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a symptom is said. `ja` matches folded text without spaces, `en` folded text."""

    term: Term
    ja: re.Pattern[str] | None
    en: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Negations:
    """What takes a mention back for certain: in Japanese behind it, in English before it.

    `unless` is what, right behind the mention, makes that uncertain again ("until today").
    """

    ja_behind: re.Pattern[str]
    en_before: re.Pattern[str]
    en_unless: re.Pattern[str]


class Mentions:
    """Searches a text for the symptoms of a lexicon."""

    def __init__(self, patterns: Iterable[Pattern], negations: Negations) -> None:
        self._patterns = tuple(patterns)
        self._negations = negations

    def find(self, text: str) -> tuple[Term, ...]:
        """Return the symptoms that the text speaks of, in the order of the lexicon."""
        spaced = fold(text[:MAX_CHARACTERS])
        squeezed = spaced.replace(" ", "")
        found = {
            pattern.term.id: pattern.term
            for pattern in self._patterns
            if self._in_japanese(pattern, squeezed) or self._in_english(pattern, spaced)
        }
        return tuple(sorted(found.values(), key=lambda term: term.order))

    def _in_japanese(self, pattern: Pattern, text: str) -> bool:
        matches = pattern.ja.finditer(text) if pattern.ja else ()
        return any(not self._negations.ja_behind.match(text, m.end()) for m in matches)

    def _in_english(self, pattern: Pattern, text: str) -> bool:
        matches = pattern.en.finditer(text) if pattern.en else ()
        return any(not self._is_denied(text, m) for m in matches)

    def _is_denied(self, text: str, match: re.Match[str]) -> bool:
        denied = self._negations.en_before.search(text[: match.start()])
        return bool(denied) and not self._negations.en_unless.match(text, match.end())
