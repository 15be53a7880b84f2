"""The whole-string grammar of what may leave: a term, or a template filled with terms.

The gate judges with this; the summariser does not use it, so that a mistake there is caught here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from local_tools.model import Lang
from local_tools.vocabulary.index import MAX_MODIFIERS
from local_tools.vocabulary.terms import Kind, Span, Template, Term

_LANGS: tuple[Lang, ...] = get_args(Lang)
_SLOT = re.compile(r"\{([a-z]+)[0-9]?\}")
# A medicine may be what an allergy is against.
_SLOT_KINDS: Mapping[str, frozenset[Kind]] = {"allergen": frozenset((Kind.ALLERGEN, Kind.DRUG))}

Reading = tuple[Span, ...]


class Grammar:
    """Reads an outgoing text, or fails to."""

    def __init__(self, terms: Iterable[Term], templates: Iterable[Template]) -> None:
        self._kinds: dict[Lang, dict[str, frozenset[Kind]]] = {lang: {} for lang in _LANGS}
        self._modifiers: list[Term] = []
        self._templates: dict[Lang, list[list[str]]] = {lang: [] for lang in _LANGS}
        for term in terms:
            if term.kind is Kind.MODIFIER:
                self._modifiers.append(term)
                continue
            for lang in _LANGS:
                kinds = self._kinds[lang]
                kinds[term.text(lang)] = kinds.get(term.text(lang), frozenset()) | {term.kind}
        for template in templates:
            for lang in _LANGS:
                self._templates[lang].append(_SLOT.split(template.text(lang)))
        self._charsets = {lang: frozenset(self._characters(lang)) for lang in _LANGS}

    def charset(self, lang: Lang) -> frozenset[int]:
        """Return the code points of all terms and templates of a language."""
        return self._charsets[lang]

    def _characters(self, lang: Lang) -> Iterator[int]:
        yield ord(" ")
        for text in self._kinds[lang]:
            yield from map(ord, text)
        for modifier in self._modifiers:
            yield from map(ord, modifier.text(lang))
        for pieces in self._templates[lang]:
            for literal in pieces[::2]:
                yield from map(ord, literal)

    def read(self, text: str, lang: Lang) -> Reading | None:
        """Return the terms of a text that is grammatical as a whole, else None."""
        whole = self._term(text, lang, frozenset(Kind), 0)
        if whole is not None:
            return whole
        for pieces in self._templates[lang]:
            reading = self._fill(text, 0, pieces, lang)
            if reading is not None:
                return reading
        return None

    def _term(self, text: str, lang: Lang, kinds: frozenset[Kind], start: int) -> Reading | None:
        matching = self._kinds[lang].get(text, frozenset()) & kinds
        if matching:
            return (Span(start, start + len(text), min(matching)),)
        if Kind.CONDITION in kinds:
            return self._modified(text, lang, start, self._modifiers, MAX_MODIFIERS)
        return None

    def _modified(
        self, text: str, lang: Lang, start: int, modifiers: list[Term], left: int
    ) -> Reading | None:
        """Read modifiers around a condition: each at most once, in the order of their table."""
        if Kind.CONDITION in self._kinds[lang].get(text, ()):
            return (Span(start, start + len(text), Kind.CONDITION),)
        for i, modifier in enumerate(modifiers if left else ()):
            word = modifier.text(lang) + ("" if lang == "ja" else " ")
            is_suffix = lang == "ja" and "suffix" in modifier.marks
            if not (text.endswith(word) if is_suffix else text.startswith(word)):
                continue
            skip = 0 if is_suffix else len(word)
            rest = text[: -len(word)] if is_suffix else text[len(word) :]
            reading = self._modified(rest, lang, start + skip, modifiers[i + 1 :], left - 1)
            if reading is not None:
                at = start + (len(rest) if is_suffix else 0)
                own = Span(at, at + len(modifier.text(lang)), Kind.MODIFIER)
                return tuple(sorted((*reading, own), key=lambda span: span.start))
        return None

    def _fill(self, text: str, at: int, pieces: list[str], lang: Lang) -> Reading | None:
        """Match literal, slot, literal, … from `at`; every slot holds a whole term of its kind."""
        literal, rest = pieces[0], pieces[1:]
        if not text.startswith(literal, at):
            return None
        at += len(literal)
        if not rest:
            return () if at == len(text) else None
        kinds = _SLOT_KINDS.get(rest[0]) or frozenset((Kind(rest[0]),))
        for end in _ends(text, at, rest[1]):
            term = self._term(text[at:end], lang, kinds, at)
            tail = self._fill(text, end, rest[1:], lang) if term is not None else None
            if term is not None and tail is not None:
                return term + tail
        return None


def _ends(text: str, at: int, literal: str) -> Iterator[int]:
    """Where a slot may end: wherever the literal after it begins."""
    if not literal:
        yield len(text)
        return
    end = text.find(literal, at + 1)
    while end != -1:
        yield end
        end = text.find(literal, end + 1)
