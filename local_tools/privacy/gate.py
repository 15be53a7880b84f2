"""The gate: the only place where a summary becomes a release, or is refused.

It trusts the shipped tables and this PC's records, and nothing that made the summary. Its rules,
each of which can refuse (facts of the design: a detector cannot carry a gate, a vocabulary can):

    schema       exact shape, no text twice, limits on length, count and size
    charset      only visible code points of the vocabulary, already in NFKC
    digits       outside of terms at most two in a row, never five
    identifier   of any patient of this PC, in any spelling, unless wholly inside a term
    pattern      what identifies by its shape, unless wholly inside a term
    verbatim     a run of the record's prose
    grammar      each whole string is a term, a template of terms, or a band

A string that fails only the grammar is withheld; every other hit refuses the whole summary, since
it means a mistake or an attack. So do an exception, and twice 200 ms of work without a verdict.
"""

from __future__ import annotations

import hashlib
import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

from local_tools.errors import Code, Refused, VocabularyError
from local_tools.model import (
    _GATE,  # pyright: ignore[reportPrivateUsage] - the gate is who it is for
    Identifier,
    Lang,
    PatientRecord,
    Release,
    Statement,
    Summary,
    Withheld,
    WithheldReason,
)
from local_tools.privacy import self_test
from local_tools.privacy.canonical import canonical
from local_tools.privacy.identifiers import IdentifierIndex, index_of
from local_tools.privacy.language import Language
from local_tools.privacy.recognisers.patterns import find_shapes, patterns
from local_tools.privacy.recognisers.verbatim import prepare, repeats
from local_tools.privacy.tables import folding_tables
from local_tools.vocabulary import Kind

BUDGET_S = 0.2  # of work for one summary
MAX_CHARACTERS = 200  # of one string
MAX_ITEMS = 12  # of one list
MAX_BYTES = 16_384
OLDEST = "90_up"
RARE = "rare"

_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me"})
_LONG_RUN = re.compile("[0-9]{5,}")
_SHORT_RUNS = re.compile("[0-9]{3,}")


class Rule(StrEnum):
    """Why the gate refused. For this PC only; a peer learns GATE_BLOCKED."""

    SCHEMA = "schema"
    CHARSET = "charset"
    DIGITS = "digits"
    IDENTIFIER = "identifier"
    PATTERN = "pattern"
    VERBATIM = "verbatim"
    GRAMMAR = "grammar"
    TIMEOUT = "timeout"
    FAULT = "fault"
    SELF_TEST = "self_test"


class Confirm(StrEnum):
    """Why a release needs a person's yes, whatever the policy."""

    AGE_90 = "age_90"
    RARE_COMBINATION = "rare_combination"


class Gate:
    """Makes releases. `identifiers` gives those of all patients of this PC, at each call anew."""

    def __init__(
        self,
        vocabulary: Language,
        identifiers: Callable[[], tuple[Identifier, ...]],
        *,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        """Make a gate. `clock` counts seconds of work: a busy PC is no reason to refuse.

        Raises:
            VocabularyError: a table of the scan is not the reviewed one.
        """
        folding_tables()
        patterns()
        self._vocabulary = vocabulary
        self._identifiers = identifiers
        self._clock = clock

    def release(self, summary: Summary, record: PatientRecord) -> Release:
        """Return the release, or refuse.

        Raises:
            Refused: GATE_BLOCKED with the rules that said no, or NO_IDENTIFIERS.
        """
        try:
            return self._in_time(summary, record)
        except Refused:
            raise
        except VocabularyError:
            raise Refused(Code.VOCABULARY_ALTERED) from None
        except Exception:  # noqa: BLE001 - whatever it was, nothing leaves
            raise _refusal(Rule.FAULT) from None

    def self_test(self) -> None:
        """Try known-bad and known-good payloads; call it before the tools are offered.

        It also prepares the scan for the patients of this PC, which takes a while for thousands.

        Raises:
            Refused: a bad one passed or a good one did not.
        """
        index_of(self._identifiers())
        if not self_test.passes(Gate, self._vocabulary):
            raise _refusal(Rule.SELF_TEST)

    def _in_time(self, summary: Summary, record: PatientRecord) -> Release:
        """Try twice: the garbage collector may run on our time, for most of the budget."""
        try:
            return self._release(summary, record)
        except Refused as refused:
            if refused.reasons != (Rule.TIMEOUT,):
                raise
        return self._release(summary, record)

    def _release(self, summary: Summary, record: PatientRecord) -> Release:
        if not record.identifiers:
            raise Refused(Code.NO_IDENTIFIERS)
        indexes = (index_of(self._identifiers()), index_of(record.identifiers))
        prepare(record.free_texts)  # megabytes of notes are no reason to refuse
        check = _Check(self._vocabulary, summary.lang, indexes, record, self._deadline())
        check.schema(summary)
        for _, statement in summary.statements():
            check.text(statement.text)
        check.digits_together([s.text for _, s in summary.statements()])
        summary = self._grammatical(summary)
        body = canonical(summary.document())
        if len(body) > MAX_BYTES:
            raise _refusal(Rule.SCHEMA)
        check.in_time()
        return Release(
            summary=summary,
            body=body,
            sha256=hashlib.sha256(body).hexdigest(),
            confirm=self._confirm(summary),
            made_by=_GATE,
        )

    def _deadline(self) -> Callable[[], bool]:
        end = self._clock() + BUDGET_S
        return lambda: self._clock() < end

    def _grammatical(self, summary: Summary) -> Summary:
        """Withhold the strings that are not in the grammar. The age group has to be."""
        if not self._vocabulary.is_grammatical(summary.age_group.text, summary.lang):
            raise _refusal(Rule.GRAMMAR)
        withheld = list(summary.withheld)
        kept: dict[str, Any] = {}
        for name in _LISTS:
            group: tuple[Statement, ...] = getattr(summary, name)
            good = [s for s in group if self._vocabulary.is_grammatical(s.text, summary.lang)]
            kept[name] = tuple(good)
            withheld += (
                Withheld(source, WithheldReason.FAILED_GRAMMAR)
                for statement in group
                if statement not in good
                for source in statement.sources
            )
        return replace(summary, **kept, withheld=tuple(withheld))

    def _confirm(self, summary: Summary) -> tuple[str, ...]:
        """Name what makes a person easy to pick out although nothing names them."""
        rare = {
            term.id
            for _, statement in summary.statements()
            for span in self._vocabulary.terms_in(statement.text, summary.lang)
            if (term := self._vocabulary.find(span.kind, statement.text[span.start : span.end]))
            and RARE in term.marks
        }
        age = self._vocabulary.find(Kind.AGE, summary.age_group.text)
        is_old = age is not None and age.id == OLDEST
        names = [Confirm.AGE_90] * is_old + [Confirm.RARE_COMBINATION] * (len(rare) + is_old >= 2)
        return tuple(name.value for name in names)


_LISTS = tuple(f.name for f in fields(Summary) if f.name not in {"lang", "age_group", "withheld"})


def _refusal(rule: Rule) -> Refused:
    return Refused(Code.GATE_BLOCKED, (rule.value,))


class _Check:
    """The rules that refuse, for one summary. Each raises Refused."""

    def __init__(
        self,
        vocabulary: Language,
        lang: Lang,
        indexes: Sequence[IdentifierIndex],
        record: PatientRecord,
        in_time: Callable[[], bool],
    ) -> None:
        self._vocabulary = vocabulary
        self._lang: Lang = lang
        self._charset = vocabulary.charset(lang)
        self._indexes = indexes
        self._free_texts = record.free_texts
        self._in_time = in_time

    def in_time(self) -> None:
        if not self._in_time():
            raise _refusal(Rule.TIMEOUT)

    def schema(self, summary: Summary) -> None:
        texts = [statement.text for _, statement in summary.statements()]
        groups: list[tuple[Statement, ...]] = [getattr(summary, name) for name in _LISTS]
        fine = all(type(text) is str and 0 < len(text) <= MAX_CHARACTERS for text in texts) and all(
            len({s.text for s in group}) == len(group) <= MAX_ITEMS for group in groups
        )
        if not fine:
            raise _refusal(Rule.SCHEMA)

    def text(self, text: str) -> None:
        """Apply every rule for a single string."""
        known = all(ord(c) in self._charset for c in text)
        visible = all(unicodedata.category(c) not in _INVISIBLE for c in text)
        if not (known and visible and unicodedata.normalize("NFKC", text) == text):
            raise _refusal(Rule.CHARSET)
        spans = [(s.start, s.end) for s in self._vocabulary.terms_in(text, self._lang)]
        self._digits(text, spans)
        self._identifiers(text, spans)
        if any(not _inside(hit.start, hit.end, spans) for hit in find_shapes(text)):
            raise _refusal(Rule.PATTERN)
        if repeats(text, spans, self._free_texts):
            raise _refusal(Rule.VERBATIM)
        self.in_time()

    def digits_together(self, texts: Sequence[str]) -> None:
        """A number may be spread over several strings."""
        figures = " ".join(re.sub("[^0-9]", "", text) for text in texts)
        if any(index.find(figures, strict=True) for index in self._indexes):
            raise _refusal(Rule.IDENTIFIER)

    def _digits(self, text: str, spans: Sequence[tuple[int, int]]) -> None:
        runs = [match.span() for match in _SHORT_RUNS.finditer(text)]
        if _LONG_RUN.search(text) or any(not _inside(*run, spans) for run in runs):
            raise _refusal(Rule.DIGITS)

    def _identifiers(self, text: str, spans: Sequence[tuple[int, int]]) -> None:
        for index in self._indexes:
            for hit in index.find(text, strict=True):
                if not _inside(hit.start, hit.end, spans):
                    raise _refusal(Rule.IDENTIFIER)


def _inside(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(a <= start and end <= b for a, b in spans)
