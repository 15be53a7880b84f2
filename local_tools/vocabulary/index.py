"""Recognises a record's text: whole strings only, never a part of one, never something similar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from local_tools.vocabulary.folding import fold, key
from local_tools.vocabulary.terms import Kind, Match, Term

MAX_MODIFIERS = 3
MAX_CHARACTERS = (
    300  # of a text that may be a term; a longer one is prose, or an attack on the clock
)
_BRACKETS = re.compile(
    r"[(\[\u3008-\u3011\u3014\u3015]([^()\[\]\u3008-\u3011\u3014\u3015]*)[)\]\u3008-\u3011\u3014\u3015]$"
)
_MAKER = "\u300c"  # corner brackets behind a medicine hold who makes it
_LISTED = re.compile("[\u3001,;/\u30fb]")


class Index:
    """Looks terms up by any of their names.

    `names` maps the key of every name to its term, by kind. `words` are small word lists by role:
    "form", "unit", "schedule", "salt", "topical" (what may follow a medicine's name), "allergy"
    (what may follow an allergen), "allergy_head", "stop" (no longer taken), "absence" (none).
    """

    def __init__(
        self, names: Mapping[Kind, Mapping[str, Term]], words: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._names = names
        self._modifiers = names[Kind.MODIFIER]
        self._stop = tuple(fold(word) for word in words["stop"])
        self._absence = frozenset(key(word) for word in words["absence"])
        self._allergy_tail = _ending(words["allergy"])
        self._allergy_head = tuple(fold(word) for word in words["allergy_head"])
        self._medicine_tail = _medicine_tail(words)
        self._topical_tail = _ending(words["topical"])

    def find(self, kind: Kind, text: str) -> Term | None:
        """Return the term that has this name, if any."""
        return self._names[kind].get(key(text)) if len(text) <= MAX_CHARACTERS else None

    def condition(self, text: str) -> Match | None:
        """Return the disease, with the modifiers written around it."""
        return self._segment(key(text), ()) if len(text) <= MAX_CHARACTERS else None

    def _segment(self, name: str, found: tuple[Term, ...]) -> Match | None:
        term = self._names[Kind.CONDITION].get(name)
        if term is not None:
            return Match(term, tuple(sorted(found, key=lambda m: m.order)))
        if len(found) == MAX_MODIFIERS:
            return None
        for word, modifier in self._modifiers.items():
            if modifier in found:
                continue
            for rest in (_after(word, name), _before(word, name)):
                match = self._segment(rest, (*found, modifier)) if rest else None
                if match is not None:
                    return match
        return None

    def drug(self, text: str) -> Term | None:
        """Return the medicine; strength, form, salt and schedule behind its name do not matter.

        A gel or an eye drop does not act like a tablet: a text that names such a form is
        recognised only when the table marks the medicine "topical".
        """
        if len(text) > MAX_CHARACTERS:
            return None
        rest, is_topical = fold(text), False
        while rest:
            term = self._names[Kind.DRUG].get(key(rest))
            if term is not None:
                return None if is_topical and "topical" not in term.marks else term
            bracket = _BRACKETS.search(rest)
            if bracket is not None and key(bracket.group(1)) in self._names[Kind.DRUG]:
                return self._twice_named(rest[: bracket.start()], bracket.group(1))
            shorter = self._without_tail(rest)
            if shorter == rest:
                shorter, is_topical = _cut(self._topical_tail, rest), True
            if shorter == rest:
                return None
            rest = shorter
        return None

    def _twice_named(self, text: str, other_name: str) -> Term | None:
        """A name with another one in brackets, such as the brand: both must mean the same."""
        term = self.drug(text)
        return term if term is self._names[Kind.DRUG][key(other_name)] else None

    def _without_tail(self, text: str) -> str:
        bracket = _BRACKETS.search(text)
        if bracket is None:
            return _cut(self._medicine_tail, text)
        inside = "" if bracket.group().startswith(_MAKER) else bracket.group(1)
        while inside:
            shorter = _cut(self._medicine_tail, inside)
            if shorter == inside:
                return text
            inside = shorter
        return text[: bracket.start()].rstrip()

    def allergen(self, text: str) -> Term | None:
        """Return the allergen, or the medicine that the allergy is against.

        A reaction in brackets is accepted when every part of it is a known symptom; anything else
        in brackets may turn the meaning ("excluded"), so the text is then not recognised.
        """
        if len(text) > MAX_CHARACTERS:
            return None
        rest = fold(text)
        bracket = _BRACKETS.search(rest)
        if bracket is not None and self._is_reaction(bracket.group(1)):
            rest = rest[: bracket.start()].rstrip()
        for head in self._allergy_head:
            rest = rest.removeprefix(head).lstrip()
        for name in (rest, self._allergy_tail.sub("", rest)):
            term = self.find(Kind.ALLERGEN, name) or self.drug(name)
            if term is not None:
                return term
        return None

    def _is_reaction(self, text: str) -> bool:
        return all(self.find(Kind.SYMPTOM, part) is not None for part in _LISTED.split(text))

    def is_stopped(self, text: str) -> bool:
        """Whether the text says that the medicine is no longer taken."""
        folded = fold(text)
        return any(word in folded for word in self._stop)

    def is_absence(self, text: str) -> bool:
        """Whether the text says that there is nothing: "none", "no known allergies"."""
        return key(text) in self._absence


def _cut(tail: re.Pattern[str], text: str) -> str:
    return tail.sub("", text, count=1).rstrip()


def _after(word: str, name: str) -> str:
    return name[len(word) :] if name.startswith(word) else ""


def _before(word: str, name: str) -> str:
    return name[: -len(word)] if name.endswith(word) else ""


def _ending(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted((fold(word) for word in words), key=len, reverse=True)
    return re.compile(rf"\s*(?:{'|'.join(map(re.escape, longest_first))})$")


def _medicine_tail(words: Mapping[str, tuple[str, ...]]) -> re.Pattern[str]:
    """A strength, a unit, a form, a salt or a schedule at the end; Latin ones as whole words."""
    number = r"(?<![0-9.])[0-9]+(?:[.,/][0-9]+)?"
    roles = ("form", "salt", "schedule")  # a unit only behind a number
    folded = sorted({fold(w) for role in roles for w in words[role]}, key=len, reverse=True)
    latin = "|".join(re.escape(w) for w in folded if w.isascii())
    other = "|".join(re.escape(w) for w in folded if not w.isascii())
    units = "|".join(re.escape(fold(w)) for w in sorted(words["unit"], key=len, reverse=True))
    return re.compile(
        rf"(?:{number}\s*(?:{units})?|(?<![a-z])(?:{latin})|{other}|[\s,.:;/+\u3001\u30fb\-\u00d7])$"
    )
