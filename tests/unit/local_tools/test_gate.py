"""The gate: what it lets through, what it withholds, what it refuses, and that it fails closed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from local_tools.errors import Code, Refused, VocabularyError
from local_tools.model import (
    Identifier,
    IdentifierKind as Kind,
    Lang,
    PatientRecord,
    Release,
    Statement,
    Summary,
    WithheldReason,
)
from local_tools.privacy import gate as gate_module, tables
from local_tools.privacy.gate import Gate, Rule
from local_tools.privacy.self_test import AnythingGoes
from local_tools.vocabulary import Kind as Kind_, Span, Vocabulary

IDENTIFIERS = (Identifier(Kind.NAME, "髙橋 美咲"), Identifier(Kind.PHONE, "090-1234-5678"))
RECORD = PatientRecord(
    patient_id="p1",
    display_name="髙橋 美咲",
    kana="タカハシ ミサキ",
    birth_date=None,
    age=35,
    gender="",
    identifiers=IDENTIFIERS,
    free_texts=("娘の結婚式のあと動悸が続くとのこと",),
)


def summary(*conditions: str, age: str = "30代") -> Summary:
    return Summary(
        lang="ja",
        age_group=Statement(age, ("patient.age",)),
        chronic_conditions=tuple(
            Statement(text, (f"medical_history[{i}].condition",))
            for i, text in enumerate(conditions)
        ),
    )


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


@pytest.fixture
def gate(vocabulary: Vocabulary) -> Gate:
    return Gate(vocabulary, lambda: IDENTIFIERS)


@pytest.fixture
def lenient() -> Gate:
    """A gate whose vocabulary accepts anything: the other rules have to hold alone."""
    return Gate(AnythingGoes(), lambda: IDENTIFIERS)


def reasons(gate: Gate, summary: Summary, record: PatientRecord = RECORD) -> tuple[str, ...]:
    with pytest.raises(Refused) as caught:
        gate.release(summary, record)
    assert caught.value.code == Code.GATE_BLOCKED
    return caught.value.reasons


def test_a_summary_of_terms_becomes_a_release(gate: Gate) -> None:
    release = gate.release(summary("バセドウ病", "高血圧症(治療中)"), RECORD)
    document = json.loads(release.body)
    assert document["patient_context"]["chronic_conditions"] == ["バセドウ病", "高血圧症(治療中)"]
    assert release.sha256 == hashlib.sha256(release.body).hexdigest()
    assert release.confirm == ()


def test_the_bytes_are_canonical(gate: Gate) -> None:
    bodies = {gate.release(summary("バセドウ病"), RECORD).body for _ in range(3)}
    (body,) = bodies
    again = json.dumps(
        json.loads(body), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    assert body == again


def test_what_is_not_in_the_grammar_is_withheld_and_counted(gate: Gate) -> None:
    release = gate.release(summary("バセドウ病", "高血圧"), RECORD)
    assert b"\xe9\xab\x98\xe8\xa1\x80" not in release.body
    (withheld,) = release.summary.withheld
    assert withheld.path == "medical_history[1].condition"
    assert withheld.reason == WithheldReason.FAILED_GRAMMAR


def test_an_age_group_outside_the_bands_is_refused(gate: Gate) -> None:
    assert reasons(gate, summary(age="高血圧")) == (Rule.GRAMMAR,)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", Rule.SCHEMA),
        ("あ" * 201, Rule.SCHEMA),
        ("ﾊﾞｾﾄﾞｳ病", Rule.CHARSET),
        ("123", Rule.DIGITS),
        ("12345", Rule.DIGITS),
        ("髙橋", Rule.IDENTIFIER),
        ("橋髙", Rule.IDENTIFIER),
        ("40歳", Rule.PATTERN),
        ("娘の結婚式のあと動悸が続く と", Rule.VERBATIM),
    ],
)
def test_each_rule_refuses_alone(lenient: Gate, text: str, rule: Rule) -> None:
    assert reasons(lenient, summary(text)) == (rule,)


@pytest.mark.parametrize(
    "text",
    ["バセドウ病\u200b", "バセドウ病\u202e", "バセドウ病\ufe00", "バセドウ病😀", "Ѕ", "\ud800"],
)
def test_only_code_points_of_the_vocabulary(gate: Gate, text: str) -> None:
    assert reasons(gate, summary(text)) == (Rule.CHARSET,)


def test_no_text_twice(lenient: Gate) -> None:
    assert reasons(lenient, summary("あ", "あ")) == (Rule.SCHEMA,)


def test_no_more_than_the_limit_of_items(lenient: Gate) -> None:
    many = [chr(0x3042 + i) for i in range(gate_module.MAX_ITEMS + 1)]
    assert lenient.release(summary(*many[1:]), RECORD)
    assert reasons(lenient, summary(*many)) == (Rule.SCHEMA,)


def test_something_else_than_a_string_is_refused(lenient: Gate) -> None:
    odd = summary("あ")
    bad = replace(odd, recommendations=(Statement(True),))  # type: ignore[arg-type]
    assert reasons(lenient, bad) == (Rule.SCHEMA,)


def test_a_number_spread_over_several_strings_is_seen(lenient: Gate) -> None:
    parts = summary("あ09", "い01", "う23", "え45", "お67", "か8")
    assert reasons(lenient, parts) == (Rule.IDENTIFIER,)


def test_identifiers_of_other_patients_count() -> None:
    others = (*IDENTIFIERS, Identifier(Kind.NAME, "田中 一郎"))
    gate = Gate(AnythingGoes(), lambda: others)
    assert reasons(gate, summary("田中")) == (Rule.IDENTIFIER,)


def test_identifiers_of_the_record_count_before_the_folder_knows_them() -> None:
    gate = Gate(AnythingGoes(), lambda: ())
    assert reasons(gate, summary("髙橋")) == (Rule.IDENTIFIER,)


def test_a_name_inside_a_term_is_no_leak(vocabulary: Vocabulary) -> None:
    """A patient called Basedow, or whatever the table has, may have the disease of that name."""
    gate = Gate(vocabulary, lambda: (Identifier(Kind.NAME, "バセドウ 病子"), *IDENTIFIERS))
    assert gate.release(summary("バセドウ病"), RECORD)


def test_a_record_without_identifiers_cannot_be_judged(gate: Gate) -> None:
    with pytest.raises(Refused) as caught:
        gate.release(summary("バセドウ病"), replace(RECORD, identifiers=()))
    assert caught.value.code == Code.NO_IDENTIFIERS


def test_an_exception_anywhere_is_a_refusal(vocabulary: Vocabulary) -> None:
    def broken() -> tuple[Identifier, ...]:
        raise OSError(5, "髙橋")

    with pytest.raises(Refused) as caught:
        Gate(vocabulary, broken).release(summary("バセドウ病"), RECORD)
    assert caught.value.reasons == (Rule.FAULT,)
    assert caught.value.__cause__ is None
    assert "髙橋" not in str(caught.value)


def test_too_slow_is_a_refusal(vocabulary: Vocabulary) -> None:
    def ticking() -> Iterator[float]:
        now = 0.0
        while True:
            yield now
            now += 0.15

    clock = ticking()
    gate = Gate(vocabulary, lambda: IDENTIFIERS, clock=lambda: next(clock))
    assert reasons(gate, summary("バセドウ病", "高血圧症")) == (Rule.TIMEOUT,)


def test_a_pause_that_is_not_our_work_is_no_refusal(vocabulary: Vocabulary) -> None:
    """The garbage collector runs on the thread that asks for memory."""

    def pausing_once() -> Iterator[float]:
        yield 0.0
        while True:
            yield 0.3

    clock = pausing_once()
    gate = Gate(vocabulary, lambda: IDENTIFIERS, clock=lambda: next(clock))
    assert gate.release(summary("バセドウ病", "高血圧症"), RECORD)


@pytest.mark.parametrize("table", ["folding.toml", "patterns.toml"])
def test_an_altered_table_opens_no_gate(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("folding.toml", "patterns.toml"):
        content = tables.resource("privacy", name).read_bytes()
        (tmp_path / name).write_bytes(content + (b"\n# x" if name == table else b""))
    monkeypatch.setattr(tables, "resource", lambda *parts: tmp_path / parts[-1])
    tables.folding_tables.cache_clear()
    gate_module.patterns.cache_clear()
    try:
        with pytest.raises(VocabularyError):
            Gate(AnythingGoes(), lambda: IDENTIFIERS)
    finally:
        monkeypatch.undo()
        tables.folding_tables.cache_clear()
        gate_module.patterns.cache_clear()


def test_the_self_test_passes(gate: Gate) -> None:
    gate.self_test()


def test_the_self_test_notices_a_vocabulary_that_excuses_everything() -> None:
    class Excuses(AnythingGoes):
        @override
        def terms_in(self, text: str, lang: Lang | None = None) -> tuple[Span, ...]:
            return (Span(0, len(text), Kind_.CONDITION),)

    with pytest.raises(Refused) as caught:
        Gate(Excuses(), tuple).self_test()
    assert caught.value.reasons == (Rule.SELF_TEST,)


def test_the_self_test_notices_a_vocabulary_that_lost_its_terms() -> None:
    class Empty(AnythingGoes):
        @override
        def is_grammatical(self, text: str, lang: Lang) -> bool:
            return False

    with pytest.raises(Refused):
        Gate(Empty(), tuple).self_test()


def test_the_self_test_notices_a_rule_that_went_blind(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "repeats", lambda *_: False)
    with pytest.raises(Refused):
        gate.self_test()


def test_the_oldest_need_a_persons_yes(gate: Gate) -> None:
    assert gate.release(summary(age="90歳以上"), RECORD).confirm == ("age_90",)


def test_nobody_else_makes_a_release(gate: Gate) -> None:
    release = gate.release(summary(), RECORD)
    with pytest.raises(TypeError):
        Release(summary(), b"{}", "")
    with pytest.raises(TypeError):
        replace(release, body=b"{}", made_by=object())


def test_the_time_for_a_record_of_megabytes_is_taken_before_the_clock_starts(
    vocabulary: Vocabulary,
) -> None:
    notes = ("".join(map(chr, range(0x4E00, 0x4E00 + 9000))) * 400,)
    record = PatientRecord("p", "", "", None, None, "", IDENTIFIERS, free_texts=notes)
    summary = Summary(lang="ja", age_group=Statement("30代"))
    assert Gate(vocabulary, lambda: IDENTIFIERS).release(summary, record)
