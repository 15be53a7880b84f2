"""What the gate must refuse and must let through, tried before the tools are offered.

Every known-bad text is tried twice: with the real grammar, where it must not leave, and with a
grammar that accepts anything, where the rule named in the table must refuse it. So a layer that
went blind shows although another one still holds.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, Protocol

from typing_extensions import override

from local_tools.errors import Refused
from local_tools.model import (
    Identifier,
    IdentifierKind,
    Lang,
    PatientRecord,
    Release,
    Statement,
    Summary,
)
from local_tools.privacy.language import Language
from local_tools.privacy.tables import read_table
from local_tools.vocabulary import Kind, Span, Term

CODE_POINTS = 0x110000


class _Gate(Protocol):
    def release(self, summary: Summary, record: PatientRecord) -> Release: ...


MakeGate = Callable[[Language, Callable[[], tuple[Identifier, ...]]], _Gate]


class AnythingGoes(Language):
    """A language without a grammar: what a gate has left when its vocabulary fails."""

    @override
    def is_grammatical(self, text: str, lang: Lang) -> bool:
        return True

    @override
    def terms_in(self, text: str, lang: Lang | None = None) -> tuple[Span, ...]:
        return ()

    @override
    def charset(self, lang: Lang) -> Container[int]:
        return range(CODE_POINTS)

    @override
    def find(self, kind: Kind, text: str) -> Term | None:
        return None


def passes(make_gate: MakeGate, language: Language) -> bool:
    """Say whether the gate refuses all of the bad payloads and none of the good ones.

    Raises:
        VocabularyError: the table of the payloads is not the reviewed one.
    """
    table = read_table("self_test.toml")
    record = patient(table["patient"])
    real = make_gate(language, lambda: record.identifiers)
    lenient = make_gate(AnythingGoes(), lambda: record.identifiers)
    age = table["good"][0]["age"]
    return all(
        _leaves(real, record, good["lang"], good["age"], good["texts"]) for good in table["good"]
    ) and all(
        not _leaves(real, record, "ja", age, [bad["text"]])
        and bad["rule"] in _reasons(lenient, record, age, bad["text"])
        for bad in table["bad"]
    )


def patient(table: Mapping[str, Any]) -> PatientRecord:
    """Return the invented patient of the table."""
    identifiers = tuple(
        Identifier(IdentifierKind(kind), value) for kind, value in table["identifiers"].items()
    )
    return PatientRecord(
        patient_id="self-test",
        display_name="",
        kana="",
        birth_date=None,
        age=None,
        gender="",
        identifiers=identifiers,
        free_texts=(table["note"],),
    )


def _summary(lang: Lang, age: str, texts: Iterable[str]) -> Summary:
    statements = tuple(Statement(text, ("self_test",)) for text in texts)
    return Summary(lang=lang, age_group=Statement(age), recommendations=statements)


def _leaves(gate: _Gate, record: PatientRecord, lang: Lang, age: str, texts: list[str]) -> bool:
    """Whether all of the texts are in a release."""
    try:
        release = gate.release(_summary(lang, age, texts), record)
    except Refused:
        return False
    return len(release.summary.recommendations) == len(texts)


def _reasons(gate: _Gate, record: PatientRecord, age: str, text: str) -> tuple[str, ...]:
    """The rules that refuse the text; none if it passes."""
    try:
        gate.release(_summary("ja", age, [text]), record)
    except Refused as refused:
        return refused.reasons
    return ()
